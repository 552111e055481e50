"""
A user at a pseudo-terminal, with the client on it.
"""

import codecs
import fcntl
import os
import struct
import termios

import pyte

from chat.cli.options import ClientOptions
from chat.cli.target import Target
from chat.cli.terminal import TerminalChat
from chat.vocabulary.events import (
    FormatSet,
    Helped,
    LanguageSet,
    Ponged,
    Welcomed,
)
from tests.support.clients import Link, World
from tests.support.samples import AT

GREETING = (
    b"--- Welcome to tcpchat. 2 people here.\r\n--- Be nice.\r\n"
    b"--- Choose a nickname (/quit leaves):\r\n"
)
COMMANDS = ("/help", "/who", "/quit")


class Sitting:
    """
    A user at a terminal, on the day of L{AT}.
    """

    def __init__(
        self,
        nick: str | None = None,
        language: str = "en",
        bell: bool = False,
        password: str | None = None,
        charset: str = "utf-8",
        columns: int = 80,
        rows: int = 20,
    ) -> None:
        self._charset = charset
        self._decoder = codecs.getincrementaldecoder(charset)()
        self.world = World()
        self.master, self.slave = os.openpty()
        self.resize(columns)
        os.set_blocking(self.master, False)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        self.ends: list[tuple[int, str]] = []
        target = Target(path="/socket")
        options = ClientOptions(target, nick, language, False, bell, password, charset)
        self.chat = TerminalChat(
            self.world,
            options,
            lambda *end: self.ends.append(end),
            self.slave,
            lambda: AT.astimezone().replace(tzinfo=None),
        )
        self.chat.start()

    def resize(self, columns: int) -> None:
        """Make the terminal that wide."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode(self._charset, "surrogateescape"))
        self.chat.terminal.doRead()

    def enter(self, text: str) -> None:
        """Type a line."""
        self.type(text + "\r")

    def lines(self) -> list[str]:
        """@return: the lines on the screen now, without times and empty lines."""
        self.world.advance(0)
        while self.world.writers:
            for writer in list(self.world.writers):
                writer.doWrite()
            self._read()
        self._read()
        lines = [line.rstrip() for line in self.screen.display]
        return [line[6:] if line[2:3] == ":" else line for line in lines if line]

    def _read(self) -> None:
        try:
            data = os.read(self.master, 100_000)
        except BlockingIOError:
            return
        self.bytes += data
        self._stream.feed(self._decoder.decode(data).encode())

    def connect(self, *commands: str) -> Link:
        """Let the client connect; the service has these commands."""
        link = self.world.accept()
        link.send(GREETING, FormatSet("json"), LanguageSet("en"))
        sent = link.transport.lines()
        assert sent[:2] == ["/format json", "/lang en"]
        assert sent[-2] == "/help all"
        link.send(*(Helped(command, (), "", "") for command in commands or COMMANDS))
        link.send(Ponged(sent[-1].removeprefix("/ping ")))
        return link

    def join(self, *commands: str) -> Link:
        """Let the client connect, and have a nickname."""
        link = self.connect(*commands)
        link.send(Welcomed("#lobby", "alice", ("bob",)))
        self.lines()
        return link
