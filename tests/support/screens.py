"""An editor that draws on a screen in memory."""

from __future__ import annotations

import pyte

from chat.editor.completion import completerFor
from chat.editor.editor import LineEditor, Outcome
from chat.editor.keys import KeyPress, Text


class Terminal:
    """An editor and the screen that it draws on."""

    def __init__(self, editor: LineEditor, lines: int = 6) -> None:
        self.editor = editor
        self.screen = pyte.Screen(editor.columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.show(editor.draw())

    def show(self, data: bytes) -> None:
        self.written += data
        self._stream.feed(data)

    def printAbove(self, *lines: str) -> None:
        self.show(self.editor.printAbove("".join(f"{line}\r\n" for line in lines).encode()))

    def press(self, *keys: KeyPress | str) -> Outcome | None:
        """Press keys, drawing after each; a string is typed.  @return: the last outcome."""
        outcome = None
        for key in keys:
            outcome = self.editor.keyPressed(Text(key) if isinstance(key, str) else key)
            self.show(self.editor.draw())
        return outcome

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without the empty ones at its end."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def row(self) -> str:
        """The row with the cursor, with the spaces at its end."""
        return str(self.screen.display[self.screen.cursor.y])

    @property
    def left(self) -> str:
        """The text left of the cursor."""
        line = self.screen.buffer[self.screen.cursor.y]
        return "".join(line[x].data for x in range(self.screen.cursor.x))

    @property
    def bells(self) -> int:
        return self.written.count(b"\x07")


def terminal(columns: int = 40, prompt: str = "> ") -> Terminal:
    def nicknames() -> list[str]:
        return ["alice", "Albert", "bob", "李雷", "李明"]

    def commands() -> list[str]:
        return ["/who", "/help", "/帮助"]

    return Terminal(LineEditor(columns, prompt, completerFor(nicknames, commands)))
