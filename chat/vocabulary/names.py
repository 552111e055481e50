"""
Nicknames and names of rooms: which there may be, and when two of them are the same.

A nickname is a PRECIS username (RFC 8265, UsernameCasePreserved: the
IdentifierClass of RFC 8264, width mapped, NFC, the bidi rule) of letters of any
script, digits, C{_} and C{-}, that begins with a letter.  Two names are the same
if their L{fold} is: UsernameCaseMapped after compatibility decomposition, and the
dotted and the dotless i of Turkish are one letter.  A name that mixes scripts no
language mixes is refused (Unicode Technical Standard 39; see
L{chat.vocabulary.scripts}), so C{bob} with a Cyrillic letter is no name.  Whether a
name looks like another one that is there, L{chat.vocabulary.confusables} tells.

PRECIS refuses some letters that common names are written with; they are allowed here
(C{_allowed}).  The joiners U+200C and U+200D, which change how letters are drawn, stand
where the writing of Persian, Sinhala and others needs them (CONTEXTJ of RFC 5892,
appendix A, and C{_allowed}), and are no difference between two names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from unicodedata import category, normalize

from precis_i18n import get_profile
from wcwidth import wcswidth

from chat.vocabulary.errors import NickInvalid, NickTooLong, RoomInvalid, ScriptsMixed
from chat.vocabulary.sanitizing import MAX_MARKS, SHAPERS
from chat.vocabulary.scripts import isMixed

MAX_COLUMNS = 20
"""The widest nickname, in columns of a terminal."""

ROOM_MARK = "#"

ROOM_MARKS = (ROOM_MARK, "＃")
"""What a user may type for it: an input method may write a wide one."""

# Each column may have a character and the marks on it.
_LONGEST = MAX_COLUMNS * (1 + MAX_MARKS)

# PRECIS and Unicode change nothing but the case of these names, and most names are such.
_isPlain = re.compile(r"[A-Za-z][A-Za-z0-9_-]*").fullmatch

_preserved = get_profile("UsernameCasePreserved")

# The letters that PRECIS refuses since they have compatible ones (HasCompat), though they are
# common: of Armenian, Thai, Lao, and those of Korean by themselves.  And where joiners are
# written besides: in front of the virama that follows a ra, between Arabic letters, and the
# vowel separator of Mongolian.
_allowed = re.compile(
    "[\u0587\u0e33\u0eb3\u0edc\u0edd\u3131-\u3163\u3165-\u318e]"
    "|\u200d(?=[\u094d\u09cd\u0ccd])"
    "|(?<=[\u0620-\u064a\u0671-\u06d5])\u200c(?=[\u0620-\u064a\u0671-\u06d5])"
    "|(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])"
)

# Selectors of Chinese characters, which input methods of Japanese write.
_selectors = re.compile("[\U000e0100-\U000e01ef]")

# What nobody sees, or takes for something else.
_isMisleading = re.compile(
    # Marks that are drawn with no ink, though Unicode does not call them ignorable.
    "[\u2d7f\U0001107f\U00016fe4\U0001bc9d]"
    # Those that have none unless they put the letter behind them below the one before.
    "|[\u1039\u17d2\u1a60\u1bab\uaaf6\U00010a3f\U00011133\U000113d0\U0001193e\U00011a47"
    "\U00011a99\U00011d45\U00011d97\U00011f42](?![^\\W\\d_])"
    # Strokes through what is there already.
    "|[\u0334-\u0338\u20d2\u20d3\u20d8-\u20da\u20e5\u20e6\u20ea\u20eb]"
    # Signs of phonetics, letters by their category alone, which look like punctuation.
    "|[\u02b9\u02ba\u02c6-\u02d1\u02ec\u02ee\u2e2f\ua717-\ua71f\ua788\ua78f]"
).search

# A letter that is none of the clicks and apostrophes, which look like signs by themselves.
_hasLetter = re.compile("(?![ǀ-ǃʻ-ˁꞋꞌ])[^\\W\\d_]").search


def nickname(text: str) -> str:
    """
    Make a nickname of what a user typed.

    @param text: without the spaces around it.
    @return: the nickname as it is shown: NFC, with narrow letters.
    @raise NickInvalid: when it is empty or has a character that it may not have.
    @raise NickTooLong: when it is wider than L{MAX_COLUMNS}.
    @raise ScriptsMixed: when it mixes scripts.
    """
    shown = _shown(text)
    if isMixed(shown):
        raise ScriptsMixed(shown)
    return shown


# Cached, since the same text is checked again when the nickname is claimed.
@lru_cache(maxsize=4096)
def _shown(text: str) -> str:
    if len(text) > 4 * MAX_COLUMNS:
        raise NickTooLong(str(MAX_COLUMNS))
    if len(text) <= MAX_COLUMNS and _isPlain(text):
        return text
    try:
        shown = _enforced(text)
    except UnicodeEncodeError as error:
        raise NickInvalid(text) from error
    letters = shown.translate(SHAPERS)
    isNamed = _isLetter(letters[:1]) and _hasLetter(letters) and all(map(_mayStand, letters))
    if not isNamed or _misleads(letters):
        raise NickInvalid(text)
    if wcswidth(letters) > MAX_COLUMNS:
        raise NickTooLong(str(MAX_COLUMNS))
    return shown


def _enforced(text: str) -> str:
    """What PRECIS makes of a name."""
    narrow: str = _preserved.width_mapping_rule(_selectors.sub("", text))
    # At the end of a name in Hebrew or Arabic, these would break the bidi rule, and harm nothing.
    stem = narrow.rstrip("_-")
    shown: str = _preserved.apply_five_rules(stem) + narrow[len(stem) :]
    _preserved.base.enforce(_allowed.sub("", shown))
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
        without joiners and selectors.
    """
    if text.isascii():
        return text.lower()
    small = normalize("NFKC", text.translate(SHAPERS)).casefold()
    # The capital of ı is I, and that of i is İ in Turkish; names are told by neither.
    return normalize("NFKC", small.replace("i\u0307", "i").replace("ı", "i"))


_fold = lru_cache(maxsize=4096)(caseless)


def roomname(text: str) -> str:
    """
    Make a room name of what a user typed, with its C{#} or without.

    @return: the name with its C{#}, folded: room names have one spelling.  It tells rooms apart
        in events and in the store, and nobody needs to be asked for it: not which room is there,
        nor how another process, in which it is made at the same time, has it spelled.  Whether a
        room may be made of that name shows there; see L{chat.core.rooms}.
    @raise RoomInvalid: when no room can have this name.
    """
    try:
        return ROOM_MARK + fold(_shown(text[text.startswith(ROOM_MARKS) :]))
    except (NickInvalid, NickTooLong) as error:
        raise RoomInvalid(text) from error


def _isLetter(char: str) -> bool:
    # The Chinese nought is a number by its category (Nl), and used as a letter.
    return char.isalpha() or char == "〇"


def _mayStand(char: str) -> bool:
    return char in "_-" or _isLetter(char) or category(char)[0] == "M" or category(char) == "Nd"


def _misleads(letters: str) -> bool:
    """Whether there is something misleading, or a mark on no letter, or twice the same mark."""
    return _isMisleading(letters) is not None or any(
        category(char)[0] == "M"
        and (before in "_-" or before.isdecimal() or (char == before and category(char) == "Mn"))
        for before, char in pairwise(normalize("NFD", letters))
    )
