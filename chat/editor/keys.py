"""
The keys that a user presses, and the bytes that a terminal sends for them.

Keys are named by their meaning, not by the keyboard: Ctrl-Left and Alt-B are both
L{Key.WORD_LEFT}, and a telnet client's "erase line" command is the same
L{Key.KILL_TO_START} as Ctrl-U.  L{KeyParser} makes keys of bytes and does no
input or output of its own.

A terminal sends text in its charset, C0 controls, and escape sequences (ECMA-48 section
5.4; xterm's "ctlseqs" for the modifiers and for bracketed paste).  One thing is
ambiguous: a lone ESC is the Escape key, or the beginning of a sequence whose
rest is still on its way.  Only time tells, so L{KeyParser.patience} says how
long to wait, and the caller ends the wait with L{KeyParser.flush}.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


class Key(Enum):
    """A key that is not text, named by what it does in a line editor."""

    ENTER = auto()
    LINE_BREAK = auto()
    TAB = auto()
    BACK_TAB = auto()
    ESCAPE = auto()
    LEFT = auto()
    RIGHT = auto()
    WORD_LEFT = auto()
    WORD_RIGHT = auto()
    HOME = auto()
    END = auto()
    UP = auto()
    DOWN = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()
    BACKSPACE = auto()
    DELETE = auto()
    KILL_TO_START = auto()
    KILL_TO_END = auto()
    KILL_WORD_LEFT = auto()
    KILL_WORD_RIGHT = auto()
    KILL_BLANK_LEFT = auto()
    YANK = auto()
    TRANSPOSE = auto()
    REDRAW = auto()
    INTERRUPT = auto()
    END_OF_INPUT = auto()
    SUSPEND = auto()


@dataclass(frozen=True, slots=True)
class Text:
    """
    Characters that were typed, at least one.  A byte that is none in the charset of the
    terminal is a surrogate (PEP 383), so that it is not lost, and never sent.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Paste:
    """
    Text that was pasted, as in L{Text}.  Its line ends are LF, and none of them is an Enter.
    """

    text: str


KeyPress = Key | Text | Paste

_CONTROLS = {
    0x01: Key.HOME,
    0x02: Key.LEFT,
    0x03: Key.INTERRUPT,
    0x04: Key.END_OF_INPUT,
    0x05: Key.END,
    0x06: Key.RIGHT,
    0x08: Key.BACKSPACE,
    0x09: Key.TAB,
    0x0A: Key.ENTER,
    0x0B: Key.KILL_TO_END,
    0x0C: Key.REDRAW,
    0x0D: Key.ENTER,
    0x0E: Key.DOWN,
    0x10: Key.UP,
    0x14: Key.TRANSPOSE,
    0x15: Key.KILL_TO_START,
    0x17: Key.KILL_BLANK_LEFT,
    0x19: Key.YANK,
    0x1A: Key.SUSPEND,
    0x7F: Key.BACKSPACE,
}

# The byte after ESC, when Alt is held or Escape was pressed first.
_ALT = {
    0x08: Key.KILL_WORD_LEFT,
    0x0A: Key.LINE_BREAK,
    0x0D: Key.LINE_BREAK,
    0x7F: Key.KILL_WORD_LEFT,
    ord("b"): Key.WORD_LEFT,
    ord("B"): Key.WORD_LEFT,
    ord("d"): Key.KILL_WORD_RIGHT,
    ord("D"): Key.KILL_WORD_RIGHT,
    ord("f"): Key.WORD_RIGHT,
    ord("F"): Key.WORD_RIGHT,
}

# The final byte of CSI … and SS3 …
_FINALS = {
    "A": Key.UP,
    "B": Key.DOWN,
    "C": Key.RIGHT,
    "D": Key.LEFT,
    "F": Key.END,
    "H": Key.HOME,
    "M": Key.ENTER,
    "Z": Key.BACK_TAB,
    # rxvt, for Ctrl with an arrow.
    "c": Key.WORD_RIGHT,
    "d": Key.WORD_LEFT,
}

# CSI number ~
_NUMBERED = {
    1: Key.HOME,
    3: Key.DELETE,
    4: Key.END,
    5: Key.PAGE_UP,
    6: Key.PAGE_DOWN,
    7: Key.HOME,
    8: Key.END,
}

_WITH_MODIFIER = {
    Key.LEFT: Key.WORD_LEFT,
    Key.RIGHT: Key.WORD_RIGHT,
    Key.DELETE: Key.KILL_WORD_RIGHT,
}

# Modifier parameters are 1 plus a bit set: 2 is Alt, 4 Control, 8 Meta.
_MODIFYING = 2 | 4 | 8

_PASTE_BEGINS = (200, "~")
_PASTE_ENDS = b"\x1b[201~"
_LINE_ENDS = re.compile("\r\n|\r")
_STRING_INTRODUCERS = b"]PX^_"

SEQUENCE_PATIENCE = 0.05
"""Seconds after which an unfinished escape sequence is taken for keys."""

PASTE_PATIENCE = 10.0
"""Seconds without a byte after which a paste has ended without its end mark."""

MAX_SEQUENCE = 256
"""Bytes of an escape sequence that are kept; a longer one means nothing."""

MAX_PASTE = 65536
"""Bytes of a paste that are kept; the rest is dropped."""


class KeyParser:
    """
    Makes keys of the bytes that a terminal sends, however they are split.

    In every charset that a locale may have, each byte below 30 (hexadecimal) and 7F is a
    character of its own, so no control is part of another character.
    """

    def __init__(self, charset: str = "utf-8") -> None:
        """
        @param charset: in which the terminal sends text, as Python names it.
        """
        self._charset = charset
        # A function, not a bound method, which would be a cycle of references.
        self._state: Callable[[KeyParser, int], None] = KeyParser._ground
        self._keys: list[KeyPress] = []
        self._decoder = codecs.getincrementaldecoder(charset)("surrogateescape")
        self._run = bytearray()
        self._sequence = bytearray()
        self._paste = bytearray()
        self._alt = False
        self._afterReturn = False

    @property
    def patience(self) -> float | None:
        """
        Seconds to wait for further bytes before L{flush}; L{None} when nothing
        is unfinished.
        """
        if self._state is KeyParser._ground:
            return SEQUENCE_PATIENCE if self._decoder.getstate()[0] else None
        return PASTE_PATIENCE if self._state is KeyParser._inPaste else SEQUENCE_PATIENCE

    def feed(self, data: bytes) -> list[KeyPress]:
        """
        @param data: what came from the terminal.
        @return: the keys that are complete now.  Text that arrives in pieces
            may be returned in pieces.
        """
        for byte in data:
            self._state(self, byte)
        self._endRun()
        return self._take()

    def flush(self) -> list[KeyPress]:
        """
        Finish what was begun: nothing more came in time.

        @return: L{Key.ESCAPE} for a lone ESC, the text of a paste that has no
            end, nothing for any other unfinished sequence.
        """
        if self._state is KeyParser._inPaste:
            self._endPaste(bytes(self._paste))
        elif self._state is KeyParser._afterEscape:
            self._emit(Key.ESCAPE)
        self._endText()
        self._toGround()
        return self._take()

    def _take(self) -> list[KeyPress]:
        keys, self._keys = self._keys, []
        return keys

    def _emit(self, key: Key) -> None:
        self._endText()
        self._keys.append(key)

    def _endRun(self) -> None:
        """Decode the bytes gathered so far; an unfinished character waits for more."""
        if self._run:
            text = self._decoder.decode(bytes(self._run))
            self._run.clear()
            if text:
                self._keys.append(Text(text))

    def _endText(self) -> None:
        """Decode the rest: no text follows, so an unfinished character is broken."""
        self._endRun()
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        if rest:
            self._keys.append(Text(rest))

    def _toGround(self) -> None:
        self._state = KeyParser._ground
        self._sequence.clear()
        self._alt = False

    # The states.  Each takes one byte.

    def _ground(self, byte: int) -> None:
        afterReturn, self._afterReturn = self._afterReturn, byte == 0x0D
        if byte >= 0x20 and byte != 0x7F:
            self._run.append(byte)
        elif byte == 0x1B:
            self._endText()
            self._state = KeyParser._afterEscape
        elif byte == 0x0A and afterReturn:
            pass  # Telnet (RFC 854) and unbracketed pastes send CR LF for one Enter.
        else:
            self._endText()
            key = _CONTROLS.get(byte)
            if key is not None:
                self._keys.append(key)

    def _afterEscape(self, byte: int) -> None:
        if byte == 0x1B:
            self._alt = True
        elif byte == ord("["):
            self._state = KeyParser._inSequence
        elif byte == ord("O"):
            self._state = KeyParser._afterShift
        elif byte in _STRING_INTRODUCERS:
            self._state = KeyParser._inString
        else:
            self._toGround()
            key = _ALT.get(byte)
            if key is not None:
                self._emit(key)
                self._afterReturn = byte == 0x0D
            elif byte < 0x20 or byte >= 0x7F:
                # No terminal sends this for one key, so it is Escape, then a key.
                self._emit(Key.ESCAPE)
                self._ground(byte)

    def _afterShift(self, byte: int) -> None:
        """SS3 and one byte: the arrows in "application" mode."""
        self._finish("", chr(byte))

    def _inSequence(self, byte: int) -> None:
        """CSI, parameters, intermediates, a final byte."""
        if 0x20 <= byte <= 0x3F:
            if len(self._sequence) < MAX_SEQUENCE:
                self._sequence.append(byte)
        elif byte == ord("[") and not self._sequence:
            self._state = KeyParser._inLinuxFunctionKey
        elif 0x40 <= byte <= 0x7E:
            self._finish(self._sequence.decode("ascii"), chr(byte))
        else:
            # No sequence after all; the byte begins something new.
            self._toGround()
            self._ground(byte)

    def _inLinuxFunctionKey(self, byte: int) -> None:
        """The Linux console sends CSI [ A for F1."""
        self._toGround()

    def _inString(self, byte: int) -> None:
        """OSC, DCS and their like, up to BEL or ST: a terminal answers a query."""
        if byte == 0x07 or (byte == ord("\\") and self._sequence[-1:] == b"\x1b"):
            self._toGround()
        else:
            self._sequence[:] = bytes((byte,))

    def _inPaste(self, byte: int) -> None:
        # Drop what is over the bound, but keep enough to find the end mark.
        if len(self._paste) >= MAX_PASTE + len(_PASTE_ENDS):
            del self._paste[MAX_PASTE]
        self._paste.append(byte)
        if byte == _PASTE_ENDS[-1] and self._paste.endswith(_PASTE_ENDS):
            self._endPaste(bytes(self._paste[: -len(_PASTE_ENDS)]))
            self._toGround()

    def _endPaste(self, data: bytes) -> None:
        text = data[:MAX_PASTE].decode(self._charset, "surrogateescape")
        self._paste.clear()
        self._keys.append(Paste(_LINE_ENDS.sub("\n", text)))

    def _finish(self, parameters: str, final: str) -> None:
        """Take a complete CSI or SS3 sequence for a key."""
        alt = self._alt
        self._toGround()
        if not re.fullmatch("[0-9;]*", parameters):
            return
        numbers = [int(number or 0) for number in parameters.split(";")]
        if (numbers[0], final) == _PASTE_BEGINS:
            self._state = KeyParser._inPaste
            return
        key = _NUMBERED.get(numbers[0]) if final == "~" else _FINALS.get(final)
        if key is None:
            return
        if len(numbers) > 1 and numbers[1] > 0:
            alt = alt or bool((numbers[1] - 1) & _MODIFYING)
        self._emit(_WITH_MODIFIER.get(key, key) if alt else key)
