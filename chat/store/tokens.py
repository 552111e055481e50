"""
The tokens by which texts are found, and the phrases of a search.

A text becomes tokens without differences of case and width.  A word of a script that
parts words by spaces is one token.  A run of a script that does not, such as Chinese, gives
overlapping pairs: C{大家你好} is C{大家 家你 你好 好}.  So every word of two characters is a
token, a longer one a phrase of tokens, and a single character the beginning of a token,
which is why the last character stands there alone.

All stores search by these functions, and an index on the disk depends on them: after a
change of what L{tokens} returns it must be filled anew by an upgrade of the schema.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import category, normalize

from chat.vocabulary.names import fold

# Han, kana, hangul, bopomofo and their kin, with Yi, Thai, Lao, Burmese and
# Khmer: letters and marks, not their digits and signs.  As a class of re.
_UNPARTED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d"
    "\u1100-\u11ff\u1780-\u17d3\u17dc-\u17dd\u3005-\u3007\u3021-\u302f\u3031-\u3035\u3038-\u303c"
    "\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\ua48c\ua960-\ua97c\uaa60-\uaa76\uaa7a-\uaa7f\uac00-\ud7a3"
    "\ud7b0-\ud7fb\uf900-\ufaff\U00016fe0-\U00018d08\U0001aff0-\U0001b2fb\U00020000-\U0003ffff"
)
_isUnparted = re.compile(f"[{_UNPARTED}]").match
# Marks belong to the letter before them, except those that choose between the glyphs of a
# character (U+FE00 to U+FE0F).  With the marks beyond the first plane, of scripts in little
# use, the expression below would be three times slower.
_MARKS = "".join(
    char
    for char in map(chr, range(0x300, 0x10000))
    if category(char) in {"Mn", "Mc"} and not "\ufe00" <= char <= "\ufe0f" and not _isUnparted(char)
)
_RUN = re.compile(
    f"(?P<unparted>[{_UNPARTED}]+)|[^\\W_{_UNPARTED}](?:[^\\W_{_UNPARTED}]|[{_MARKS}])*"
)
_PLAIN_RUN = re.compile("[a-z0-9]+")

# These begin tokens that no text has.
_ROOM = "§"
_NICK = "¤"


@dataclass(frozen=True, slots=True)
class Phrase:
    """
    Tokens that must follow one another.

    @ivar isOpen: whether the last of them is only the beginning of a token.
    """

    tokens: tuple[str, ...]
    isOpen: bool = False


def tokens(text: str) -> list[str]:
    """
    @return: the tokens of a text in their order.
    """
    if text.isascii():
        return _PLAIN_RUN.findall(text.lower())
    found: list[str] = []
    for run in _RUN.finditer(_folded(text)):
        if run.lastgroup:
            found += _pairs(run.group())
            found.append(run.group()[-1])
        else:
            found.append(run.group())
    return found


def phrases(words: str) -> tuple[Phrase, ...]:
    """
    @param words: what is looked for.  A word that ends with C{*} is the beginning of a
        word.
    @return: the phrases that must all be in a text, each once; none if there is no letter
        or digit.
    """
    found = (_phrase(word) for word in _folded(words).split())
    return tuple(dict.fromkeys(phrase for phrase in found if phrase.tokens))


def holds(text: Sequence[str], wanted: Collection[Phrase]) -> bool:
    """
    @param text: the tokens of a text.
    @return: whether every phrase is in it.
    """
    return all(_holds(text, phrase) for phrase in wanted)


def indexed(room: int, nick: str, text: str) -> str:
    """
    @param room: the number of the room.
    @return: the entry of a line in the index: tokens, parted by spaces.
    """
    return " ".join((f"{_ROOM}{room}", _nickTokens(nick)[0], *tokens(text)))


def expression(wanted: Collection[Phrase], rooms: Collection[int], nick: str) -> str:
    """
    @param rooms: the numbers of the rooms, at least one.
    @param nick: see L{chat.interfaces.History.search}.
    @return: an expression of FTS5 over what L{indexed} returned.  Nothing in it needs to be
        quoted, as tokens have neither quotes nor spaces.
    @see: U{https://www.sqlite.org/fts5.html#full_text_query_syntax}
    """
    parts = ["(" + " OR ".join(f'"{_ROOM}{room}"' for room in rooms) + ")"]
    if nick:
        parts.append("(" + " OR ".join(f'"{token}"' for token in _nickTokens(nick)) + ")")
    for phrase in wanted:
        parts.append('"' + " ".join(phrase.tokens) + '"' + ("*" if phrase.isOpen else ""))
    return " AND ".join(parts)


def _folded(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).casefold())


def _pairs(run: str) -> Iterator[str]:
    return map("".join, pairwise(run))


def _phrase(word: str) -> Phrase:
    found: list[str] = []
    isOpen = False
    runs = list(_RUN.finditer(word))
    for run in runs:
        characters = run.group()
        if not run.lastgroup:
            found.append(characters)
            isOpen = word.startswith("*", run.end())
            continue
        found += _pairs(characters)
        # A text may go on behind the word, but not within it.
        isOpen = run is runs[-1] and len(characters) == 1
        if isOpen or run is not runs[-1]:
            found.append(characters[-1])
    return Phrase(tuple(found), isOpen)


def _holds(text: Sequence[str], phrase: Phrase) -> bool:
    *firm, last = phrase.tokens
    count = len(firm)
    return any(
        (text[at + count].startswith(last) if phrase.isOpen else text[at + count] == last)
        and list(text[at : at + count]) == firm
        for at in range(len(text) - count)
    )


def _nickTokens(nick: str) -> tuple[str, ...]:
    """That of a nickname, and the one that older lines have, if it is another."""
    # In hexadecimal nothing would part the token, whatever the nickname.
    forms = dict.fromkeys((fold(nick), _folded(nick)))
    return tuple(_NICK + form.encode("utf-8", "surrogatepass").hex() for form in forms)
