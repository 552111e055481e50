"""
A client that is a plain blocking socket.
"""

from contextlib import suppress
from select import poll, select
from socket import SHUT_WR, socket
from ssl import SSLWantReadError, SSLWantWriteError
from time import monotonic

# The errors of a socket that does not block, where it would have to wait.
_NOT_NOW = (BlockingIOError, SSLWantReadError, SSLWantWriteError)


class Peer:
    """
    The far end of a connection: it speaks lines over a socket of any kind. Every wait is bounded.

    @ivar connection: the socket, for everything that is not about lines.
    """

    def __init__(self, connection: socket, timeout: float = 10.0) -> None:
        """
        @param connection: a connected socket, which this peer closes.
        @param timeout: how many seconds to wait for anything expected.
        """
        self.connection = connection
        self._timeout = timeout
        self._received = bytearray()
        self._pings = 0

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def send(self, *lines: str) -> None:
        """
        Send whole lines, in one go.

        @raise TimeoutError: when the service does not take them in time.
        """
        self.sendBytes("".join(line + "\r\n" for line in lines).encode())

    def sendBytes(self, data: bytes) -> None:
        """
        Send any bytes, and read what comes meanwhile, so that neither side waits for the other.

        @raise TimeoutError: when the service does not take them in time.
        """
        rest = memoryview(data)
        deadline = monotonic() + self._timeout
        while rest:
            self.connection.setblocking(False)
            try:
                rest = rest[self.connection.send(rest) :]
                continue
            except _NOT_NOW:
                pass
            try:
                self._received += self.connection.recv(65536)
            except _NOT_NOW:
                either, left = [self.connection], max(deadline - monotonic(), 0)
                readable, writable, _ = select(either, either, [], left)
                if not readable and not writable:
                    raise TimeoutError(f"{len(rest)} bytes are not taken") from None

    def line(self, deadline: float | None = None) -> str:
        """
        @param deadline: when to give up, by the monotonic clock; by default after C{timeout}.
        @return: the next line, without its end.
        @raise EOFError: when the service has closed its side.
        @raise TimeoutError: when no line comes in time.
        """
        deadline = monotonic() + self._timeout if deadline is None else deadline
        while (end := self._received.find(b"\r\n")) < 0:
            if not self._receive(deadline):
                raise EOFError(f"closed, after {bytes(self._received[-500:])!r}")
        line = _text(self._received[:end])
        del self._received[: end + 2]
        return line

    def waiting(self) -> list[str]:
        """
        @return: every whole line that has come by now; the service may be gone.
        """
        self.connection.setblocking(False)
        with suppress(*_NOT_NOW, ConnectionError):
            while data := self.connection.recv(65536):
                self._received += data
        lines, _, rest = bytes(self._received).rpartition(b"\r\n")
        self._received[:] = rest
        return _text(lines).split("\r\n") if lines else []

    def expect(self, *texts: str) -> str:
        """
        @param texts: parts of the line to wait for, one of which it has. Lines before it are
            skipped.
        @return: the whole line.
        @raise AssertionError: when it does not come in time or ever; with the lines that came.
        """
        lines: list[str] = []
        deadline = monotonic() + self._timeout
        try:
            while monotonic() < deadline:
                lines.append(self.line(deadline))
                if any(text in lines[-1] for text in texts):
                    return lines[-1]
            raise TimeoutError("only others, in all this time")
        except (EOFError, OSError) as error:
            raise AssertionError(f"no line with {texts!r}: {error!r}, after {lines}") from error

    def join(self, nick: str) -> str:
        """
        Take a nickname, which must be free.

        @return: the welcome, in the language of the service; the second line, if it has two.
        """
        self.send(nick)
        return self.expect("/help ", "/帮助 ")

    def catchUp(self) -> list[str]:
        """
        @return: every line that was on its way to this peer.
        """
        self._pings += 1
        token = f"caught-up-{self._pings}"
        self.send(f"/ping {token}")
        lines = [self.line()]
        while token not in lines[-1]:
            lines.append(self.line())
        return lines[:-1]

    def finish(self) -> None:
        """
        Half-close: nothing more will be sent.
        """
        self.connection.shutdown(SHUT_WR)

    def eof(self) -> list[str]:
        """
        Wait for the service to close its side.

        @return: the lines that came before.
        @raise AssertionError: when it does not close in time, or not behind a whole line.
        """
        deadline = monotonic() + self._timeout
        try:
            while self._receive(deadline):
                pass
        except TimeoutError as error:
            raise AssertionError(f"still open, after {bytes(self._received[-500:])!r}") from error
        text = _text(self._received)
        self._received.clear()
        assert not text or text.endswith("\r\n"), f"closed within a line: {text!r}"
        return text.split("\r\n")[:-1]

    def aborted(self) -> None:
        """
        Wait until the service takes nothing more from this peer.

        @raise AssertionError: when it still does in the end.
        """
        watched = poll()
        watched.register(self.connection, 0)
        deadline = monotonic() + self._timeout
        self.connection.setblocking(False)
        while not watched.poll(10):
            assert monotonic() < deadline, "still open"
            with suppress(OSError):
                self.connection.send(b"more\r\n")

    def leave(self) -> None:
        """
        Close the connection, and wait until the service has seen that, if it still listens.
        """
        with self.connection, suppress(OSError):
            self.finish()
            deadline = monotonic() + self._timeout
            while self._receive(deadline):
                pass

    def close(self) -> None:
        """
        Close the connection, as a process that ends does.
        """
        self.connection.close()

    def _receive(self, deadline: float) -> bool:
        """
        @param deadline: when to give up, by the monotonic clock.
        @return: whether more has come; otherwise the service has closed its side.
        """
        self.connection.settimeout(max(deadline - monotonic(), 0.001))
        data = self.connection.recv(65536)
        self._received += data
        return bool(data)


def _text(data: bytes | bytearray) -> str:
    """
    @return: a text in which bytes that are not UTF-8, as in telnet commands, read as C{\\xff}.
    """
    return data.decode(errors="backslashreplace")
