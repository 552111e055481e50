"""
How a session ends: all answers arrive, and the last line says why it ends.
"""

import re
import select
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from time import monotonic

import pytest

from tests.integration.conftest import Join, StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.doors import Doors
from tests.integration.peer import Peer

_MANY = 20_000
_ASKED = [f"/ping {number}" for number in range(_MANY)]
_ANSWERED = [f"--- PONG {number}" for number in range(_MANY)]


# The peer closes its side.


def test_everyAnswerArrives(daemon: Daemon) -> None:
    with daemon.connect() as peer:
        peer.join("alice")
        # Nothing is read before everything has been asked, and the input has ended.
        peer.connection.sendall("".join(line + "\n" for line in _ASKED).encode())
        peer.finish()
        assert peer.eof() == [*_ANSWERED, "--- Goodbye: end of input."]


def test_everyAnswerArrivesAtASlowReader(daemon: Daemon, join: Join) -> None:
    """
    It takes little at a time, and lets the service do other things meanwhile.
    """
    bob = join("bob")
    with daemon.connectNarrow() as peer:
        peer.join("alice")
        peer.connection.sendall("".join(line + "\n" for line in _ASKED).encode())
        peer.finish()
        received = b""
        while piece := peer.connection.recv(2048):
            received += piece
            bob.catchUp()
    assert received.decode().split("\r\n") == [
        *_ANSWERED,
        "--- Goodbye: end of input.",
        "",
    ]


def test_everyAnswerArrivesThoughTheyPileUp(daemon: Daemon, join: Join) -> None:
    """
    The answers are longer than the questions, and too many for the kernel to keep: the service must
    not carry out commands faster than their answers are taken.
    """
    bob = join("bob")
    bob.send("/help all")
    helped = bob.catchUp()
    with daemon.connectNarrow() as peer:
        peer.join("alice")
        peer.connection.sendall(b"/help all\n" * 1_500 + b"/ping end")
        peer.finish()
        assert bob.catchUp() == ["--> alice joined #lobby (2 here)"]
        # The peer reads nothing while the service has time for all of it.
        for _ in range(1000):
            assert bob.catchUp() == []
        answers = peer.eof()
    assert answers[-2:] == ["--- PONG end", "--- Goodbye: end of input."]
    assert answers[:-2] == helped * 1_500


def test_whatOthersSayArrivesToo(daemon: Daemon, join: Join) -> None:
    """
    It was on its way when the peer closed its side.
    """
    bob = join("bob")
    with daemon.connectNarrow() as alice:
        alice.join("alice")
        bob.send(*(f"{number} {'x' * 100}" for number in range(1000)))
        bob.catchUp()
        alice.send("bye")
        alice.finish()
        heard = alice.eof()
    assert heard == [
        *(f"bob: {number} {'x' * 100}" for number in range(1000)),
        "--- Goodbye: end of input.",
    ]
    assert bob.catchUp() == ["alice: bye", "<-- alice left #lobby: input closed (1 here)"]


@pytest.mark.parametrize("farewell", ["/quit", "/quit\r\nmore\r\nand more"])
def test_quittingAndClosingAtOnceGetsTheGoodbye(daemon: Daemon, join: Join, farewell: str) -> None:
    bob = join("bob")
    with daemon.join("alice") as alice:
        alice.send(farewell)
        alice.finish()
        assert alice.eof() == ["--- Goodbye."]
    assert bob.expect("<--") == "<-- alice left #lobby: quit (1 here)"


def test_closingWithoutAWord(daemon: Daemon) -> None:
    with daemon.connect() as peer:
        peer.finish()
        assert peer.eof()[2:] == ["--- Goodbye: end of input."]


def test_listenersStayAfterClosingTheirSide(startDaemon: StartDaemon) -> None:
    """
    C{--half-close listen} allows it.
    """
    daemon = startDaemon("--half-close", "listen", "--replay", "0")
    with daemon.join("bob") as bob, daemon.join("alice") as alice, daemon.connect() as nobody:
        alice.send("I listen")
        alice.finish()
        nobody.finish()
        # A connection without a nickname has nothing to listen to.
        assert nobody.eof()[2:] == ["--- Goodbye: end of input."]
        bob.expect("alice: I listen")
        bob.send("good", "/msg alice psst", "/who")
        assert bob.catchUp() == ["[you -> alice] psst", "--- 2 people in #lobby: bob, alice"]
        assert alice.line() == "bob: good"
        assert alice.line() == "[bob -> you] psst"
        # A connection that is really gone shows when the next line is written to it.
        alice.close()
        heard: list[str] = []
        deadline = monotonic() + 10
        while not heard:
            assert monotonic() < deadline
            bob.send("anybody there?")
            heard = bob.catchUp()
        assert heard == ["<-- alice left #lobby: connection lost (1 here)"]
        bob.send("/quit")
        bob.eof()
        bob.close()
        with daemon.join("alice") as alice:
            alice.finish()
            daemon.stop()
            assert alice.eof() == ["--- Goodbye: the service is shutting down."]


# The service closes.


def test_lastLineArrivesThoughThePeerStillSends(daemon: Daemon, join: Join) -> None:
    bob = join("bob")
    with daemon.join("alice") as alice:
        alice.connection.sendall(b"/quit\r\n" + b"and another thing\r\n" * 100_000)
        assert alice.eof() == ["--- Goodbye."]
        # Later bytes are taken and dropped: refusing them could cost the peer the last line.
        alice.connection.sendall(b"and another thing\r\n")
        bob.catchUp()
        watched = select.poll()
        watched.register(alice.connection, 0)
        assert watched.poll(0) == []
        # This does not go on for ever.
        alice.aborted()
    assert bob.catchUp() == []


def test_registrationTimeout(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--registration-timeout", "1")
    with daemon.join("bob") as bob, daemon.connect() as silent, daemon.connect() as busy:
        # Neither bytes nor lines renew the time.
        watched = select.poll()
        watched.register(busy.connection, select.POLLRDHUP)
        deadline = monotonic() + 10
        while not watched.poll(10):
            assert monotonic() < deadline
            with suppress(OSError):
                busy.connection.sendall(b"/ping\r\n/")
        for peer in silent, busy:
            assert (
                peer.eof()[-1] == "!!! You did not choose a nickname in time (registration-timeout)"
            )
        assert bob.catchUp() == []
        bob.leave()


def test_idleTimeout(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--idle-timeout", "3")
    warning = r"!!! You have been silent; say something within [12] seconds to stay \(idle\)"
    with daemon.join("bob") as bob, daemon.join("carol") as carol, daemon.join("alice") as alice:
        heard: list[str] = []
        warned = ""
        deadline = monotonic() + 20
        # These are fewer than are too many.
        pieces = repeat(b"x", 1000)
        assert bob.catchUp()[-1] == carol.line() == "--> alice joined #lobby (3 here)"
        while not heard:
            assert monotonic() < deadline
            heard = bob.catchUp()
            # Bytes that are no line do not count.
            with suppress(OSError):
                alice.connection.sendall(next(pieces, b""))
            if not warned and select.select([carol.connection], [], [], 0.01)[0]:
                warned = carol.line()
                carol.send("/ping")
        assert heard == ["<-- alice left #lobby: timed out (2 here)"]
        assert re.fullmatch(warning, warned)
        first, last = alice.eof()
        assert re.fullmatch(warning, first)
        assert last == "!!! You have been silent for too long (idle-timeout)"
        carol.send("here I am")
        carol.catchUp()
        assert bob.catchUp() == ["carol: here I am"]


_WAYS: dict[str, Callable[[Doors], Peer]] = {
    "tcp": Doors.connectNarrow,
    "tls": Doors.connectTLS,
    "unix": Doors.connectUnix,
    "proxied": Doors.connectProxied,
}


def _say(alice: Peer, bob: Peer, first: int) -> tuple[list[str], list[str], list[str]]:
    """
    @return: 200 lines of a kilobyte that alice says, those that alice hears meanwhile, and those
        that bob hears.
    """
    said = [f"{number} {'x' * 980}" for number in range(first, first + 200)]
    alice.send(*said)
    return said, alice.catchUp(), bob.catchUp()


@pytest.fixture(scope="module")
def warmed(doors: Doors) -> Doors:
    """
    @return: the doors, with so many lines in the history that its caches have their full size.
    """
    with doors.join("alice") as alice, doors.join("bob") as bob:
        for first in range(0, 10_000, 200):
            _say(alice, bob, first)
        for peer in alice, bob:
            peer.leave()
    return doors


@pytest.mark.parametrize(
    ("way", "count"), [("tcp", 20_000), ("tls", 16_000), ("unix", 2_000), ("proxied", 16_000)]
)
def test_userThatNeverReadsIsDisconnected(warmed: Doors, way: str, count: int) -> None:
    """
    Another user says lines of a kilobyte, and a third one listens.
    """
    with (
        warmed.join("alice") as alice,
        warmed.join("bob") as bob,
        _WAYS[way](warmed) as mallory,
    ):
        mallory.join("mallory")
        bob.catchUp()
        before = warmed.memory
        left, others = "<-- mallory left #lobby: connection too slow (2 here)", []
        for first in range(0, count, 200):
            said, more, heard = _say(alice, bob, first)
            others += more
            if left in heard:
                heard.remove(left)
            assert heard == [f"alice: {line}" for line in said]
        assert others.count(left) == 1
        assert warmed.memory - before < 12 * 1024 * 1024
        # The nickname is free, though its user has not read the goodbye.
        with warmed.join("mallory") as another:
            another.leave()
        heard = mallory.eof()
        assert (
            heard[-1] == "!!! Your connection could not keep up; lines for you were lost (too-slow)"
        )
        numbers = [int(line.split()[1]) for line in heard[:-1]]
        # No line follows upon those that were lost, or a client would not know where to go on.
        assert numbers == list(range(len(numbers)))
        assert heard[:-1] == [f"alice: {number} {'x' * 980}" for number in numbers]
        for peer in alice, bob:
            peer.leave()
