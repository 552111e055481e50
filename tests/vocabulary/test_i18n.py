"""Tests for L{chat.vocabulary.i18n}, and that the catalogues are complete."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from chat.vocabulary.i18n import LANGUAGES, N_, SOURCE_LANGUAGE, resolve, translation

ROOT = Path(__file__).parents[2]
TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]

# A msgid, or singular and plural; a msgstr, or one for each plural form.
Phrase = str | tuple[str, ...]


def _path(language: str, suffix: str) -> Path:
    return Path(str(files("chat") / "locale" / language / "LC_MESSAGES" / f"tcpchat{suffix}"))


def _forms(phrase: Phrase) -> tuple[str, ...]:
    return (phrase,) if isinstance(phrase, str) else phrase


def _phrases(catalogue: Catalog) -> dict[Phrase, Phrase]:
    """The translated phrases, without the header."""
    found = {_phrase(message.id): _phrase(message.string) for message in catalogue if message.id}
    return {phrase: text for phrase, text in found.items() if all(_forms(text))}


def _phrase(text: str | Sequence[str] | None) -> Phrase:
    return text if isinstance(text, str) else tuple(text or ())


@cache
def _written(language: str) -> dict[Phrase, Phrase]:
    """The phrases that translators wrote."""
    with _path(language, ".po").open("rb") as stream:
        return _phrases(read_po(stream, abort_invalid=True))


@cache
def _extracted() -> frozenset[Phrase]:
    """The phrases in the code, found as C{make translations} finds them."""
    makefile = (ROOT / "Makefile").read_text()
    [options] = re.findall(r"^keywords := (.*)$", makefile, re.MULTILINE)
    keywords = parse_keywords(options.replace("-k ", "").split())
    return frozenset(
        _phrase(message)
        for _, _, message, _, _ in extract_from_dir(ROOT / "chat", keywords=keywords)
    )


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en_GB", "en"),
        ("en-us", "en"),
        ("en_US.UTF-8", "en"),
        ("English", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("zh", "zh_CN"),
        ("zh_CN", "zh_CN"),
        ("zh-cn", "zh_CN"),
        ("ZH_cn", "zh_CN"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        (" zh_CN ", "zh_CN"),
        ("Chinese", "zh_CN"),
        ("中文", "zh_CN"),
        ("简体中文", "zh_CN"),
    ],
)
def test_resolves(name: str, language: str) -> None:
    assert resolve(name) == language


@pytest.mark.parametrize("name", ["", " ", ".UTF-8", "tlh", "de_DE.UTF-8", "z", "zhh", "e n", "_"])
def test_doesNotResolve(name: str) -> None:
    assert resolve(name) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_everyLanguageResolvesToItself(language: str) -> None:
    assert resolve(language) == language


def test_markingChangesNothing() -> None:
    assert N_("connection too slow") == "connection too slow"


def test_sourceLanguageNeedsNoCatalogue() -> None:
    english = translation(SOURCE_LANGUAGE)
    assert english.gettext("connection too slow") == "connection too slow"
    assert english.ngettext("{count} person", "{count} people", 1) == "{count} person"
    assert english.ngettext("{count} person", "{count} people", 2) == "{count} people"


def test_translates() -> None:
    assert translation("zh_CN").gettext("timed out") == "超时"


def test_untranslatedStaysEnglish() -> None:
    assert translation("zh_CN").gettext("no such phrase") == "no such phrase"


def test_everyCatalogueIsALanguage() -> None:
    directories = {path.name for path in (ROOT / "chat/locale").iterdir()}
    assert directories == set(TRANSLATED)


def test_extractionFindsThePhrases() -> None:
    """Otherwise the tests below would hold for nothing."""
    assert "connection too slow" in _extracted()
    assert "list commands, or explain one" in _extracted()
    assert ("{count} person here.", "{count} people here.") in _extracted()


@pytest.mark.parametrize("language", TRANSLATED)
def test_everyPhraseIsTranslated(language: str) -> None:
    """Where this fails, C{make translations} says where the translation belongs."""
    assert _extracted() - set(_written(language)) == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_noTranslationIsLeftOver(language: str) -> None:
    assert set(_written(language)) - _extracted() == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_compiledIsWhatIsWritten(language: str) -> None:
    """The one in use is the binary file; C{make translations} makes it."""
    compiled = io.BytesIO()
    with _path(language, ".po").open("rb") as stream:
        write_mo(compiled, read_po(stream))
    compiled.seek(0)
    with _path(language, ".mo").open("rb") as stream:
        assert _phrases(read_mo(stream)) == _phrases(read_mo(compiled))


@pytest.mark.parametrize("language", TRANSLATED)
def test_compiledIsRead(language: str) -> None:
    """By gettext of the standard library, not Babel's."""
    in_use = translation(language)
    assert isinstance(in_use, gettext.GNUTranslations)
    for phrase, translated in _written(language).items():
        if isinstance(phrase, str):
            assert in_use.gettext(phrase) == translated
        else:
            singular, plural = phrase
            assert in_use.ngettext(singular, plural, 1) == translated[0]


def _placeholders(phrase: str) -> set[tuple[str, str | None, str | None]]:
    return {
        (name, spec, conversion)
        for _, name, spec, conversion in Formatter().parse(phrase)
        if name is not None
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholdersAgree(language: str) -> None:
    """A translation names what its phrase names, or formatting it would fail."""
    for phrase, translated in _written(language).items():
        named = set().union(*map(_placeholders, _forms(phrase)))
        for form in _forms(translated):
            assert _placeholders(form) == named, (phrase, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translationsAreOneLine(language: str) -> None:
    """One event is one line, and nothing in it is invisible."""
    for phrase, translated in _written(language).items():
        for form in _forms(translated):
            assert form.isprintable(), phrase
            assert form == form.strip(), phrase
