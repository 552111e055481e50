"""
The C{tcpchat} command in a terminal and in pipes that are not UTF-8.
"""

import os
import pty
import select
import subprocess
from collections.abc import Iterator, Mapping
from subprocess import Popen
from time import monotonic

import pytest

from tests.integration.command import ENVIRON, TCPCHAT
from tests.integration.conftest import Join
from tests.integration.daemon import Daemon
from tests.support.programs import requireProgram

# In Big5 the second byte of the first one is a backslash.
TEXT = "功課 四"
_WITHIN = 20.0


@pytest.fixture(scope="module")
def big5(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """
    An environment whose locale has Big5 for its charset.
    """
    directory = tmp_path_factory.mktemp("locales")
    localedef = requireProgram("localedef")
    command = [localedef, "-c", "-i", "POSIX", "-f", "BIG5", directory / "zh_TW.BIG5"]
    # Its status is 1 for a warning.
    subprocess.run(command, capture_output=True, check=False)
    environ = {**ENVIRON, "LOCPATH": str(directory), "LC_ALL": "zh_TW.BIG5"}
    found = subprocess.run(["locale", "charmap"], env=environ, capture_output=True, text=True)
    if found.stdout != "BIG5\n":
        pytest.skip("there are no sources of locales: apt install locales")
    return environ


class Terminal:
    """
    The command at a terminal of its own.
    """

    def __init__(self, environ: Mapping[str, str], *arguments: object) -> None:
        self._master, slave = pty.openpty()
        self._process = Popen(
            [TCPCHAT, *map(str, arguments)],
            stdin=slave,
            stdout=slave,
            env={**environ, "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(slave)
        self._shown = b""

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def type(self, data: bytes) -> None:
        """
        Press keys.
        """
        os.write(self._master, data)

    def expect(self, data: bytes) -> None:
        """
        Wait for these bytes on the screen.
        """
        deadline = monotonic() + _WITHIN
        while data not in self._shown:
            ready, _, _ = select.select([self._master], [], [], max(deadline - monotonic(), 0))
            assert ready, self._shown
            self._shown += os.read(self._master, 65536)
        self._shown = self._shown.partition(data)[2]


@pytest.fixture
def terminal(daemon: Daemon, big5: Mapping[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(big5, "--nick", "alice", "127.0.0.1", daemon.port)
    yield terminal
    terminal.close()


def test_aTerminalInTheCharsetOfTheLocale(terminal: Terminal, join: Join) -> None:
    terminal.expect(b"#lobby 1>")
    bob = join("bob")
    terminal.expect(b"#lobby 2>")
    terminal.type(TEXT.encode("big5") + b"\r")
    assert bob.line() == f"alice: {TEXT}"
    bob.send(f"{TEXT} 👍")
    terminal.expect(f"{TEXT} ?".encode("big5"))
    # No character of Big5, so nothing of it is said.
    terminal.type(b"\xff\xff\r")
    terminal.expect(b"BIG5")
    assert bob.catchUp() == []
    terminal.type(b"\x03\x03")
    assert bob.line() == "<-- alice left #lobby: quit (1 here)"


def test_aPipeInTheCharsetOfTheLocale(daemon: Daemon, join: Join, big5: Mapping[str, str]) -> None:
    """The nickname is an argument in that charset."""
    bob = join("bob")
    nick = "小紅".encode("big5")
    result = subprocess.run(
        [TCPCHAT, "--nick", nick, "127.0.0.1", str(daemon.port)],
        input=TEXT.encode("big5") + b"\n\xff\xff\n/who\n",
        env=big5,
        capture_output=True,
        timeout=_WITHIN,
    )
    assert result.stderr == b"tcpchat: not sent: line 2 is not BIG5\n"
    assert result.returncode == 1
    assert "bob, 小紅".encode("big5") in result.stdout
    assert bob.line() == "--> 小紅 joined #lobby (2 here)"
    assert bob.line() == f"小紅: {TEXT}"
    assert bob.line().startswith("<-- 小紅 left #lobby: ")
