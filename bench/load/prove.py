"""
Proof that the load generator notices what goes wrong.

Usage: C{python bench/load/prove.py}, after C{make build/bench/load}.  A server
of a few lines meddles with a line on its way to one recipient, in another way each
time, and the load generator must end with the message that belongs to it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

LOAD = Path(__file__).resolve().parents[2] / "build" / "bench" / "load"

_HOST = "127.0.0.1"
_VICTIM = b"n0001"
_MEDDLED = b"~0000000000020"

Meddling = Callable[[bytes], bytes]
"""From the line of that text to what is sent instead."""


def _later(line: bytes) -> bytes:
    return line.replace(b"20", b"21")


WAYS: dict[str, tuple[Meddling, str]] = {
    "nothing": (lambda line: line, ""),
    "lost": (lambda line: b"", "too early"),
    "doubled": (lambda line: line + line, "doubled"),
    "an old one again": (lambda line: line + line.replace(b"20", b"03"), "doubled"),
    "in another order": (lambda line: _later(line) + line, "too early"),
    "a dot less": (lambda line: line.replace(b".\r\n", b"\r\n"), "damaged"),
    "a dot more": (lambda line: line.replace(b"\r\n", b".\r\n"), "damaged"),
    "a changed byte": (lambda line: line.replace(b"...\r", b".,.\r"), "damaged"),
    "cut in two": (lambda line: line[:30] + b"\r\n" + line[30:], "damaged"),
    "of another room": (lambda line: line.replace(b"~000", b"~001"), "another room"),
    "never said": (lambda line: line.replace(b"020", b"920"), "never said"),
    "something else": (lambda line: b"Hello.\r\n" + line, "no user said"),
    "their own": (lambda line: line.replace(b"~00000", b"~00001"), "hears their own line"),
    "no line ends": (lambda line: b"x" * 5000, "without end"),
    "hung up": (lambda line: b"", "closed the connection"),
    "silence": (lambda line: b"", "lines are lost"),
}
"""Names, what is done, and a part of the message that must come of it."""

_LAST = {"no line ends", "hung up", "silence"}
"""After these the recipient gets nothing any more."""


class Meddler:
    """
    A chat server of one room that spoils one line for one recipient.
    """

    def __init__(self, way: str) -> None:
        """
        @param way: one of L{WAYS}.
        """
        self._way = way
        self._meddling = WAYS[way][0]
        self._writers: dict[bytes, asyncio.StreamWriter] = {}
        self._deaf: set[bytes] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """
        Serve one connection.
        """
        writer.write(b"Welcome.\r\n")
        nick = (await reader.readline()).strip()
        self._writers[nick] = writer
        try:
            while text := await reader.readline():
                for other in [name for name in self._writers if name != nick]:
                    self._send(other, nick + b": " + text)
        except ConnectionError:
            pass
        del self._writers[nick]
        writer.close()

    def _send(self, nick: bytes, line: bytes) -> None:
        transport = self._writers[nick].transport
        if transport.is_closing() or nick in self._deaf:
            return
        if nick != _VICTIM or _MEDDLED not in line:
            transport.write(line)
            return
        transport.write(self._meddling(line))
        if self._way in _LAST:
            self._deaf.add(nick)
        if self._way == "hung up":
            transport.abort()


async def noticed(way: str) -> bool:
    """
    @return: whether the load generator says what it must about that way.
    """
    meddler = Meddler(way)
    server = await asyncio.start_server(meddler.connected, _HOST, 0)
    port = server.sockets[0].getsockname()[1]
    options = ["--port", str(port), "--pid", str(os.getpid()), "--protocol", "chat"]
    load = await asyncio.create_subprocess_exec(
        str(LOAD), *options, "--recipients", "3", "flood:0.1", stdout=-1, stderr=-1
    )
    _, errors = await load.communicate()
    server.close()
    expected = WAYS[way][1]
    said = errors.decode()
    right = expected in said and (load.returncode == 1) == bool(expected)
    print(f"{'ok ' if right else 'BAD'} {way}: {said.strip() or 'no error'}", flush=True)
    return right


async def main() -> None:
    """
    @raise SystemExit: with status 1, when something was not noticed.
    """
    results = [await noticed(way) for way in WAYS]
    sys.exit(not all(results))


if __name__ == "__main__":
    asyncio.run(main())
