"""
A terminal with a user at it: tmux, with a shell in it.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.integration.command import ENVIRON
from tests.support.programs import requireProgram


class Screen:
    """
    A terminal of tmux, from entering the context to leaving it.

    @ivar directory: the working directory of the shell.
    """

    # Seconds for anything expected.
    _WITHIN = 20.0

    def __init__(self, columns: int = 80, lines: int = 24, **environ: str) -> None:
        """
        @param environ: added to the environment of the tests.
        """
        self._tmux = requireProgram("tmux")
        self._size = (columns, lines)
        self._environ = {**ENVIRON, "PS1": "$ ", "ENV": "", **environ}
        # The path of a socket must be short, and the directories of pytest are not.
        self._temporary = TemporaryDirectory(prefix="tmux")
        self.directory = Path(self._temporary.name)

    def __enter__(self) -> "Screen":
        columns, lines = self._size
        self._run(
            *("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines)),
            *("-c", str(self.directory), "/bin/sh", "-i"),
        )
        self._run("set-option", "-g", "window-size", "manual")
        self.expect(lambda lines: lines[-1:] == ["$"])
        return self

    def __exit__(self, *_exception: object) -> None:
        self._run("kill-server")
        self._temporary.cleanup()

    def type(self, text: str) -> None:
        """
        Type a text.
        """
        self._run("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """
        Press keys, given by their names in tmux.
        """
        self._run("send-keys", *keys)

    def enter(self, line: str) -> None:
        """
        Type a line, and press Enter.
        """
        self.type(line)
        self.press("Enter")

    def paste(self, text: str) -> None:
        """
        Paste a text, in brackets if the program has asked for them.
        """
        self._run("set-buffer", "--", text)
        self._run("paste-buffer", "-p", "-r")

    def resize(self, columns: int, lines: int = 24) -> None:
        """
        Give the window another size.
        """
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def lines(self) -> list[str]:
        """
        @return: the lines on the screen, without empty ones and spaces at their ends.
        """
        return [line.rstrip() for line in self._run("capture-pane", "-p").splitlines() if line]

    def cursor(self) -> int:
        """
        @return: the column of the cursor, from 0.
        """
        return int(self._run("display-message", "-p", "#{cursor_x}"))

    def expect(self, isThere: Callable[[list[str]], bool]) -> list[str]:
        """
        Wait for the screen to be as expected.

        @return: its lines.
        @raise AssertionError: when it is not in time; with its lines.
        """
        deadline = monotonic() + self._WITHIN
        while True:
            lines = self.lines()
            if isThere(lines):
                return lines
            assert monotonic() < deadline, "\n".join(["not so:", *lines])

    def expectLast(self, *last: str) -> None:
        """
        Wait for these to be the last lines, apart from their times.
        """
        self.expect(lambda lines: [untimed(line) for line in lines[-len(last) :]] == [*last])

    def _run(self, *arguments: str) -> str:
        command = [self._tmux, "-u", "-S", str(self.directory / "socket"), *arguments]
        result = subprocess.run(
            command, env=self._environ, capture_output=True, text=True, timeout=self._WITHIN
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


def untimed(line: str) -> str:
    """
    @return: a line without the time at its beginning, if it has one.
    """
    return line[6:] if line[2:3] == ":" and line[:2].isdigit() else line
