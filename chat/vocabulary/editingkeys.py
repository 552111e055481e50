"""
Editing keys within a line, carried out.

Most terminals send a line when it is done.  Some send each key at once and edit nothing
(Windows telnet, serial consoles, C{stty raw}): then the keys that correct what was typed
are in the line, and its author believes that they worked.

Backspace, Delete, Ctrl-U, Ctrl-W and Ctrl-C take back what stands before them (termios(3):
VERASE, VKILL, VWERASE, VINTR), so what they leave is known.  After a key that moves the cursor
or brings back another text it is not: each program edits in its own way.  A line with such a key
is refused, as nothing may be said that its author has not seen.
"""

from __future__ import annotations

import re
from unicodedata import category

from wcwidth import iter_graphemes

from chat.vocabulary.errors import CursorKeys

# What terminals send by themselves, and what comes with text that is copied or piped from one:
# colours, erasing behind the cursor, the marks of a paste, gain and loss of focus, modes and
# reports of them; strings up to their end; character sets; and controls that change no text.
# They show nothing.
_SILENT = re.compile(
    r"(?:\x1b\[|\x9b)(?:[0-9:;]*m|0?K|20[01]~|[IO]|[?>][0-9;]*[chl])"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[()][0AB]"
    r"|[\x00\x04\x07\x0f\x11\x13\x1a\x1c-\x1e\x80-\x84\x86-\x8e\x91-\x97\x99\x9a\x9c]"
)

# Ctrl-A, B, E, F, N, P, R, T, V, X, Y and _; ESC and its eight-bit forms, which begin the
# sequences of all other keys.
_UNKNOWN = re.compile(
    r"[\x01\x02\x05\x06\x0e\x10\x12\x14\x16\x18\x19\x1f\x1b\x8f\x90\x98\x9b\x9d-\x9f]"
)

# Ctrl-C, Backspace, Ctrl-U, Ctrl-W and Delete.
_KNOWN = re.compile(r"([\x03\x08\x15\x17\x7f])")


def edited(text: str) -> str:
    """
    Carry out the editing keys in a line.

    Backspace and Delete erase the grapheme cluster before them (Unicode Standard Annex 29),
    Ctrl-W a word and the blanks behind it, Ctrl-U and Ctrl-C the line; at its beginning they
    do nothing.  The work is linear.

    @param text: as it came, decoded.
    @return: what is left; nothing of what was erased.
    @raise CursorKeys: when nobody can know what the author sees, after a key that moves the
        cursor.
    """
    text = _SILENT.sub("", text)
    if _UNKNOWN.search(text):
        raise CursorKeys
    typed, *rest = _KNOWN.split(text)
    if not rest:
        return text
    kept = [*iter_graphemes(typed)]
    for key, typed in zip(rest[::2], rest[1::2], strict=True):
        match key:
            case "\x08" | "\x7f":
                del kept[-1:]
            case "\x17":
                _eraseWord(kept)
            case _:
                kept.clear()
        added = [*iter_graphemes(typed)]
        if kept and category(typed[:1] or " ").startswith("M"):
            # An accent after a key belongs to the letter that the key has left.
            kept[-1] += added.pop(0)
        kept += added
    return "".join(kept)


def _eraseWord(graphemes: list[str]) -> None:
    while graphemes and graphemes[-1].isspace():
        graphemes.pop()
    while graphemes and not graphemes[-1].isspace():
        graphemes.pop()
