"""
Nicknames and names of rooms: which there may be, and when two of them are the same.

A nickname is a PRECIS username (RFC 8265, UsernameCasePreserved: the
IdentifierClass of RFC 8264, width mapped, NFC, the bidi rule) of letters of any
script, digits, C{_} and C{-}, that begins with a letter.  Two names are the same
if their L{fold} is: UsernameCaseMapped after compatibility decomposition.  A
name that mixes scripts no language mixes is refused (Unicode Technical Standard
39; see L{chat.vocabulary.scripts}), so C{bob} with a Cyrillic letter is no name.
Whether a name looks like another one that is there, L{chat.vocabulary.confusables}
tells.

The joiners U+200C and U+200D, which change how letters are drawn, stand where the
writing of Persian, Sinhala and others needs them (CONTEXTJ of RFC 5892, appendix A), and
are no difference between two names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from unicodedata import category, normalize

from precis_i18n import get_profile
from wcwidth import wcswidth

from chat.vocabulary.errors import NickConfusable, NickInvalid, NickTooLong, RoomInvalid
from chat.vocabulary.sanitizing import JOINERS, MAX_MARKS
from chat.vocabulary.scripts import isMixed

MAX_COLUMNS = 20
"""The widest nickname, in columns of a terminal."""

ROOM_MARK = "#"

# Each column may have a character and the marks on it.
_LONGEST = MAX_COLUMNS * (1 + MAX_MARKS)

# PRECIS and Unicode change nothing but the case of these names, and most names are such.
_isPlain = re.compile(r"[A-Za-z][A-Za-z0-9_-]*").fullmatch

_preserved = get_profile("UsernameCasePreserved")

# Marks that are drawn with no ink, though Unicode does not call them ignorable; and those
# that have none unless they put the letter behind them below the one in front of them.
_isInkless = re.compile(
    "[\u2d7f\U0001107f\U00016fe4\U0001bc9d]"
    "|[\u1039\u17d2\u1a60\u1bab\uaaf6\U00010a3f\U00011133\U000113d0\U0001193e\U00011a47"
    "\U00011a99\U00011d45\U00011d97\U00011f42](?![^\\W\\d_])"
).search


def nickname(text: str) -> str:
    """
    Make a nickname of what a user typed.

    @param text: without the spaces around it.
    @return: the nickname as it is shown: NFC, with narrow letters.
    @raise NickInvalid: when it is empty or has a character that it may not have.
    @raise NickTooLong: when it is wider than L{MAX_COLUMNS}.
    @raise NickConfusable: when it mixes scripts.
    """
    shown = _shown(text)
    if isMixed(shown):
        raise NickConfusable(shown)
    return shown


# Cached, since the same text is checked again when the nickname is claimed.
@lru_cache(maxsize=4096)
def _shown(text: str) -> str:
    if len(text) > 4 * MAX_COLUMNS:
        raise NickTooLong(str(MAX_COLUMNS))
    if len(text) <= MAX_COLUMNS and _isPlain(text):
        return text
    try:
        shown: str = _preserved.enforce(text)
    except UnicodeEncodeError as error:
        raise NickInvalid(text) from error
    letters = shown.translate(JOINERS)
    if not shown[0].isalpha() or not all(map(_mayStandInName, letters)) or _hides(letters):
        raise NickInvalid(text)
    if wcswidth(letters) > MAX_COLUMNS:
        raise NickTooLong(str(MAX_COLUMNS))
    return shown


def fold(nick: str) -> str:
    """
    @param nick: from L{nickname}, or any text that was typed to name a user.
    @return: a string that is equal for two nicknames that are the same: without
        differences of case, width and Unicode compatibility.  It is not meant to
        be shown.
    """
    # A longer text is no nickname, and could take any space in the cache.
    return _fold(nick) if len(nick) <= _LONGEST else caseless(nick)


def caseless(text: str) -> str:
    """
    @return: a text without differences of case, width and Unicode compatibility, and
        without joiners.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text.translate(JOINERS)).casefold())


_fold = lru_cache(maxsize=4096)(caseless)


def roomname(text: str) -> str:
    """
    Make a room name of what a user typed, with its C{#} or without.

    @return: the name with its C{#}, folded: room names have one spelling.  Whether a
        room may be made of that name shows there; see L{chat.core.rooms}.
    @raise RoomInvalid: when no room can have this name.
    """
    try:
        return ROOM_MARK + fold(_shown(text.removeprefix(ROOM_MARK)))
    except (NickInvalid, NickTooLong) as error:
        raise RoomInvalid(text) from error


def _mayStandInName(char: str) -> bool:
    return char in "_-" or category(char)[0] in "LM" or category(char) == "Nd"


def _hides(letters: str) -> bool:
    """Whether there is a mark that nobody can see: it has no ink, or stands there already."""
    return _isInkless(letters) is not None or any(
        char == before and category(char) == "Mn"
        for before, char in pairwise(normalize("NFD", letters))
    )
