"""
The languages the service speaks, by GNU gettext.

The code has its phrases in English, marked by C{_}, C{N_} (translated later) or
C{ngettext}.  The catalogues of the domain C{tcpchat} in C{chat/locale} translate
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

SOURCE_LANGUAGE = "en"
LANGUAGES = (SOURCE_LANGUAGE, "zh_CN")
"""The names by which a language is chosen, the default first."""

# Of languages that not every charset can show.
_SAMPLES = {"zh_CN": "欢迎来聊天室"}

_BY_PRIMARY = {"en": "en", "c": "en", "posix": "en", "zh": "zh_CN", "中文": "zh_CN"}


def N_(phrase: str) -> str:
    """Mark a phrase for translation where it cannot be translated yet."""
    return phrase


def resolve(name: str) -> str | None:
    """
    Find the language that a user means.

    @param name: as typed or as in C{LANG}: C{zh_CN}, C{zh-cn}, C{zh},
        C{zh_CN.UTF-8}, C{English}.
    @return: one of L{LANGUAGES}, or L{None}.
    """
    plain = name.strip().partition(".")[0].replace("-", "_").lower()
    for language in LANGUAGES:
        if plain == language.lower():
            return language
    named = {"english": "en", "chinese": "zh_CN", "简体中文": "zh_CN"}
    return named.get(plain) or _BY_PRIMARY.get(plain.partition("_")[0])


def localeLanguage(environ: Mapping[str, str], charset: str) -> str:
    """
    @param environ: the environment variables.
    @param charset: of the terminal, as Python names it.
    @return: the language of the POSIX locale for messages (XBD section 8.2), or
        else the source language; that also where the charset lacks its characters, as
        Big5 of Taiwan lacks those of zh_CN.
    """
    given = next(filter(None, map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    language = resolve(given) or SOURCE_LANGUAGE
    try:
        _SAMPLES.get(language, "").encode(charset)
    except UnicodeEncodeError:
        return SOURCE_LANGUAGE
    return language


@cache
def translation(language: str) -> NullTranslations:
    """
    @param language: one of L{LANGUAGES}.
    @return: its catalogue; English is the language of the code and needs none.
    """
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    catalogue = files("chat") / "locale" / language / "LC_MESSAGES" / "tcpchat.mo"
    with catalogue.open("rb") as stream:
        return GNUTranslations(stream)
