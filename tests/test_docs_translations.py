"""
Comparisons of the pages in Chinese with the English ones, from which they were translated, so that
none is left behind when the other changes.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from chat.vocabulary.i18n import translation
from chat.vocabulary.verbs import VERBS
from tests.support.pages import (
    DOCS,
    anchors,
    fences,
    links,
    literals,
    page,
    rows,
    sections,
    unfenced,
)

PAGES = sorted(path.name for path in DOCS.glob("*.zh_CN.md") if path.name != "tutorial.zh_CN.md")
"""The tutorial is not a translation: it tells of other users, who do other things."""

_ENGLISH_NAMES = {f"/{verb.name}": f"/{translation('zh_CN').gettext(verb.name)}" for verb in VERBS}
_CHINESE_NAMES = {name: name for name in _ENGLISH_NAMES.values()}


def _original(name: str) -> str:
    return name.replace(".zh_CN", "")


def _pairs(name: str) -> Iterator[tuple[str, str, str]]:
    """
    @return: The title of each section of the page in English, its text, and that in Chinese.
    """
    english, chinese = sections(page(_original(name))), sections(page(name))
    for (title, text), (_, translated) in zip(english, chinese, strict=True):
        yield title, text, translated


def _words(text: str, commands: Mapping[str, str]) -> set[str]:
    """
    @param commands: for each command that a text in this language may name, its name in Chinese.
    @return: What is in backticks; of a command its name, and of what the service says the code.
    """
    found = set()
    for literal in literals(text):
        command = re.match(r"(/\w+)(?![\w/.])", literal)
        said = re.match(r"(?:---|!!!) [^(]*(.*)", literal)
        if said:
            found.add(said[1])
        elif command:
            found.add(commands.get(command[1], literal))
        else:
            # A sentence of the catalogue; single words may be codes.
            found.add(translation("zh_CN").gettext(literal) if " " in literal else literal)
    return found


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", re.sub(r"(?<=\d) (?=\d{3})|`.+?`", "", text)))


def _isChinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


@pytest.mark.parametrize("name", PAGES)
def test_sections(name: str) -> None:
    levels = [
        re.findall(r"^#+(?= )", unfenced(page(each)), flags=re.MULTILINE)
        for each in (_original(name), name)
    ]
    assert levels[0] == levels[1]


@pytest.mark.parametrize("name", PAGES)
def test_words(name: str) -> None:
    """
    Each section names the same options, codes, files and commands, the latter in Chinese.
    """
    for title, english, chinese in _pairs(name):
        expected = _words(unfenced(english), _ENGLISH_NAMES)
        assert _words(unfenced(chinese), _CHINESE_NAMES) == expected, title


@pytest.mark.parametrize("name", PAGES)
def test_tables(name: str) -> None:
    """
    Each row of a table has the same options, codes and numbers.
    """
    for title, english, chinese in _pairs(name):
        for row, translated in zip(rows(english), rows(chinese), strict=True):
            assert len(row) == len(translated), title
            for cell, other in zip(row, translated, strict=True):
                assert _words(other, _CHINESE_NAMES) == _words(cell, _ENGLISH_NAMES), title
                assert _numbers(other) == _numbers(cell), f"{title}: {cell}"


@pytest.mark.parametrize("name", PAGES)
def test_numbers(name: str) -> None:
    """
    Each number of the original is in the translation, too. (Those in words are not seen.)
    """
    for title, english, chinese in _pairs(name):
        numbers = Counter(_numbers(unfenced(english)))
        assert numbers <= Counter(_numbers(unfenced(chinese))), title


@pytest.mark.parametrize("name", PAGES)
def test_examples(name: str) -> None:
    """
    Each section has the same examples. Where nobody speaks Chinese they are the same to the letter.
    """
    for title, english, chinese in _pairs(name):
        for example, translated in zip(fences(english), fences(chinese), strict=True):
            assert _isChinese(translated) or translated == example, title


@pytest.mark.parametrize("name", PAGES)
def test_links(name: str) -> None:
    """
    Each section leads to the same places, in Chinese where there is such a page.
    """
    # Its first section leads to the other language.
    other = _original(name), name
    for title, english, chinese in _pairs(name):
        expected = [_translated(name, link) for link in links(english) if link not in other]
        found = [link for link in links(chinese) if link not in other]
        assert sorted(found) == sorted(expected), title


def _translated(name: str, link: str) -> str:
    """
    @return: Where the page in Chinese leads instead.
    """
    file, _, place = link.partition("#")
    there = file.replace(".md", ".zh_CN.md")
    if not (DOCS / there).is_file():
        there = file
    if place and (not file or there != file):
        places = anchors(page(_original(there or name))), anchors(page(there or name))
        place = dict(zip(*places, strict=True))[place]
    return there + ("#" + place if place else "")
