"""
Many raw sockets at once; a thousand of them are cheap.
"""

from __future__ import annotations

import re
import selectors
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import count, cycle, islice
from time import monotonic

# Linux: choose a port when the address of the other side is known, so that many share a port.
_IP_BIND_ADDRESS_NO_PORT = 24

_CODE = re.compile(r"\(([a-z-]+)\)$")


def addresses(number: int) -> list[str]:
    """
    @return: so many addresses of this machine; the witnesses have others.
    """
    return [f"127.0.0.{last}" for last in islice(cycle(range(2, 250)), number)]


class Guest:
    """
    One connection, and everything that it has received.

    @ivar connection: the socket, which does not block.
    @ivar received: the bytes that it has received.
    @ivar end: how it has ended: C{"closed"} by FIN, C{"reset"}, or C{""} while it is open.
    """

    def __init__(self, place: tuple[str, int], source: str, receiveBuffer: int | None) -> None:
        self.received = bytearray()
        self.end = ""
        self.connection = socket.socket()
        if receiveBuffer is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiveBuffer)
        self.connection.setsockopt(socket.SOL_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        self.connection.bind((source, 0))
        self.connection.setblocking(False)
        with suppress(BlockingIOError):
            self.connection.connect(place)

    @property
    def lines(self) -> list[str]:
        """
        The whole lines that it has received.
        """
        return self.received.decode(errors="backslashreplace").split("\r\n")[:-1]

    @property
    def code(self) -> str:
        """
        The code of the last line, if that tells of a refusal or an end.
        """
        found = _CODE.search(self.lines[-1]) if self.lines else None
        return found[1] if found else ""

    def read(self) -> None:
        """
        Receive what has come.
        """
        try:
            while data := self.connection.recv(65536):
                self.received += data
            self.end = "closed"
        except BlockingIOError:
            pass
        except OSError:
            self.end = "reset"

    def write(self, data: bytes) -> int:
        """
        @return: how many bytes of it the kernel has taken.
        """
        try:
            return self.connection.send(data)
        except OSError:
            return 0


class Crowd:
    """
    Guests of one service, which are closed when the context is left.

    @ivar guests: all that have ever connected.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._place = host, port
        self._selector = selectors.DefaultSelector()
        self.guests: list[Guest] = []

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def come(
        self, sources: Iterable[str], saying: bytes = b"", receiveBuffer: int | None = None
    ) -> list[Guest]:
        """
        Connect to the service, once from each address, all at the same time.

        @param saying: sent by each as soon as it is connected; C{%d} in it is its number.
        @param receiveBuffer: SO_RCVBUF of each, in bytes.
        @return: the new guests, when all are connected or refused.
        """
        guests = [Guest(self._place, source, receiveBuffer) for source in sources]
        numbers = dict(zip(guests, count(len(self.guests)), strict=False))
        self.guests += guests
        for guest in guests:
            self._selector.register(guest.connection, selectors.EVENT_WRITE, guest)
        deadline = monotonic() + 10
        while numbers:
            assert monotonic() < deadline, f"{len(numbers)} are not connected"
            for key, _ in self._selector.select(0.1):
                self._selector.unregister(key.fileobj)
                number = numbers.pop(key.data)
                key.data.write(saying.replace(b"%d", b"%d" % number))
        return guests

    def wait(
        self,
        condition: Callable[[Guest], object],
        guests: Sequence[Guest] | None = None,
        within: float = 10.0,
    ) -> None:
        """
        Receive what comes for some guests, until each of them meets a condition.

        @param guests: all guests by default.
        @param within: seconds.
        @raise AssertionError: when some do not meet it in time.
        """
        meant = self.guests if guests is None else guests
        missing = {guest for guest in meant if not condition(guest)}
        for guest in missing:
            if not guest.end:
                self._selector.register(guest.connection, selectors.EVENT_READ, guest)
        deadline = monotonic() + within
        try:
            while missing:
                some = next(iter(missing))
                assert monotonic() < deadline, (
                    f"{len(missing)} of {len(meant)} wait in vain, one {some.end or 'open'}, "
                    f"after {some.lines[-3:]}"
                )
                for key, _ in self._selector.select(0.1):
                    guest = key.data
                    guest.read()
                    if guest.end or condition(guest):
                        self._selector.unregister(guest.connection)
                        if condition(guest):
                            missing.discard(guest)
        finally:
            for key in list(self._selector.get_map().values()):
                self._selector.unregister(key.fileobj)

    def close(self) -> None:
        """
        Close every socket.
        """
        for guest in self.guests:
            guest.connection.close()
        self._selector.close()
