"""
The C{tcpchat} command in a process of its own.
"""

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO, Any

# That of the environment in which the tests run, whatever PATH finds first.
TCPCHAT = str(Path(sysconfig.get_path("scripts"), "tcpchat"))

ENVIRON: Mapping[str, str] = {
    **{name: value for name, value in os.environ.items() if not name.startswith("LC_")},
    "LANG": "C.UTF-8",
}


class Command:
    """
    One run of the command; its output is read line by line.

    @ivar process: the process.
    """

    # Seconds for anything expected.
    _WITHIN = 60.0

    def __init__(
        self,
        *arguments: object,
        stdin: int | IO[Any] | None = PIPE,
        stdout: int | IO[Any] | None = PIPE,
        program: tuple[str, ...] = (TCPCHAT,),
    ) -> None:
        """
        @param arguments: of C{tcpchat}.
        @param program: a command to run instead, with the same arguments.
        """
        self.process = Popen(
            [*program, *map(str, arguments)],
            stdin=stdin,
            stdout=stdout,
            stderr=PIPE,
            env=ENVIRON,
        )

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def type(self, *lines: str) -> None:
        """
        Write lines into its input.
        """
        assert self.process.stdin is not None
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def end(self, data: str = "") -> tuple[int, list[str], str]:
        """
        End its input, and wait for it to end.

        @param data: written before that.
        @return: the exit status, the lines it has written, and its complaints.
        @raise AssertionError: when it does not end in time.
        """
        text = data.encode() if self.process.stdin is not None else None
        try:
            out, err = self.process.communicate(text, timeout=self._WITHIN)
        except TimeoutExpired as error:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"does not end, after {out!r} and {err!r}") from error
        lines = [] if out is None else out.decode().split("\n")[:-1]
        return self.process.returncode, lines, err.decode()


def run(*arguments: object, text: str = "", **more: Any) -> tuple[int, list[str], str]:
    """
    Run it with this input.

    @return: as L{Command.end}.
    """
    with Command(*arguments, **more) as command:
        return command.end(text)
