"""
Whether a line means a user: has their nickname in it, as a word of its own.

A word is of letters, marks, digits and C{_}, as a nickname is, and C{-} goes on with
it where another such character follows.  But some scripts put no spaces between words,
and Korean puts its particles right behind a name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category

from chat.vocabulary.names import caseless, fold
from chat.vocabulary.scripts import Scripts, scriptsOf

_SPACELESS: Scripts = frozenset(
    {"Hani", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"}
    | {"Lana", "Tale", "Talu", "Tavt", "Java", "Bali"}
)
"""Scripts that are written without spaces between words."""

# What Korean puts behind a name, by its first syllable: 님, 씨; 이, 가, 은, 는, 을, 를, 의,
# 에게, 께, 한테, 도, 만, 와, 과, 랑, 하고, 야, 아 and the like.
_PARTICLES = frozenset(
    "님씨군양쌤형이가은는을를의에께한도만와과랑하야아여라네로으부까처보마밖조든요"
)

# These go with the consonant behind them, as in เมือง, or below the one in front of them, as in ស្រី.
_isBound = re.compile(
    "[\u0e40-\u0e44\u0ec0-\u0ec4\u19b5-\u19b7\u19ba\uaab5\uaab6\uaab9\uaabb\uaabc"
    "\u1039\u17d2\u1a60]"
).match

# Each line is compared to many nicknames, one after the other, and these come again.
_caseless = lru_cache(maxsize=8)(caseless)
_fold = lru_cache(maxsize=4096)(fold)


def isNamedIn(text: str, nick: str) -> bool:
    """
    @param text: what was said.
    @return: whether it has a nickname in it, in any case, width or composition, and not
        as a part of a longer word.
    """
    folded, plain = _fold(nick), _caseless(text)
    if folded not in plain or not folded:
        return False
    at = plain.find(folded)
    while at >= 0:
        end = at + len(folded)
        if _begins(plain, at) and _ends(plain, end):
            return True
        at = plain.find(folded, at + 1)
    return False


def _begins(plain: str, at: int) -> bool:
    """Whether a word may begin here."""
    before, char = plain[at - 1 : at], plain[at]
    if before == "-":
        return not _isInWord(plain[at - 2 : at - 1])
    return not _isInWord(before) or (_isWithoutSpace(before, char) and not _isBound(before))


def _ends(plain: str, end: int) -> bool:
    """Whether a word may end here."""
    char, behind = plain[end - 1], plain[end : end + 1]
    if behind == "-":
        return not _isInWord(plain[end + 1 : end + 2])
    if not _isInWord(behind) or behind in _PARTICLES:
        return True
    return category(behind)[0] != "M" and _isWithoutSpace(char, behind)


def _isInWord(char: str) -> bool:
    """Whether a character, or none, is one of those that make a word."""
    return char != "" and (char.isalnum() or char == "_" or category(char)[0] == "M")


def _isWithoutSpace(before: str, behind: str) -> bool:
    """Whether one word may end and another one begin between these."""
    if "_" in (before, behind):
        return False
    return bool((scriptsOf(before) | scriptsOf(behind)) & _SPACELESS)
