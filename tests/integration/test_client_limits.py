"""
The C{tcpchat} command and the library meet the limits of the service.
"""

import sys
from pathlib import Path

import pytest

from tests.integration.command import TCPCHAT, Command, run
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon, freePort
from tests.integration.doors import Certificate, Doors
from tests.integration.peer import Peer
from tests.integration.test_client import GOODBYE
from tests.integration.tmux import Screen, untimed

# A minute of the default rate in less than a second: a connection with more than 60 waiting lines
# is closed; by default it is more than 120.
FAST = ["--line-rate", "200", "--max-behind", "0.3"]


def test_connectionThatDoesNotWaitIsClosed(startDaemon: StartDaemon) -> None:
    """Otherwise the other tests would show nothing."""
    daemon = startDaemon(*FAST)
    with daemon.join("alice") as alice:
        alice.send(*["hi"] * 200)
        alice.expect("(too-fast)")


@pytest.mark.parametrize("way", ["tcp", "tls", "text"])
def test_longInputIsSaidToTheLastLine(tmp_path: Path, certificate: Certificate, way: str) -> None:
    """The connection is not closed for it."""
    with Doors(tmp_path, certificate, *FAST) as doors, doors.join("alice") as alice:
        place: tuple[object, ...] = ("localhost", doors.port)
        if way == "tls":
            place = ("--tls", "--ca", certificate.chain, "localhost", doors.secure)
        first = "/format text\n" if way == "text" else ""
        said = [f"line {number}" for number in range(700)]
        status, lines, errors = run("--nick", "bob", *place, text=first + "\n".join(said))
        assert (status, errors) == (0, "")
        assert lines[-1] == ("--- Goodbye." if way == "tls" else GOODBYE)
        assert not any("PONG" in line for line in lines)
        heard = [alice.expect("bob: ") for _ in said]
        assert heard == [f"bob: {line}" for line in said]
        assert "<-- bob" in alice.expect("<--")


def test_longInputIsSaidWithTheDefaultLimits(tmp_path: Path) -> None:
    with Daemon(tmp_path, isRelaxed=False) as daemon, daemon.join("alice") as alice:
        said = [f"line {number}" for number in range(130)]
        with Command("--nick", "bob", "localhost", daemon.port) as command:
            command.type(*said)
            # All of it would take a minute; a right beginning is enough.
            for line in said[:12]:
                assert alice.expect("bob: ") == f"bob: {line}"
            assert command.process.poll() is None


def test_withoutARateLinesAreSentAtAnySpeed(daemon: Daemon) -> None:
    with daemon.join("alice") as alice:
        status, _, errors = run(
            "--nick", "bob", "localhost", daemon.port, text="hi\n" * 5000 + "bye"
        )
        assert (status, errors) == (0, "")
        heard = alice.catchUp()
        assert (heard.count("bob: hi"), heard[-2]) == (5000, "bob: bye")


PROGRAM = """
import sys
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.task import react
from chat.client.protocol import ChatClient, ChatFactory

async def main(reactor, port):
    endpoint = HostnameEndpoint(reactor, "127.0.0.1", int(port))
    client = await endpoint.connect(ChatFactory(ChatClient, "bob"))
    for number in range(300):
        client.say(f"line {number}")
    print(client.held > 0)
    await client.whenSent()
    print(client.held)
    await client.ping()
    client.quit()
    await client.whenClosed()

react(main, sys.argv[1:])
"""


def test_botThatSaysMuchAtOnceIsNotClosed(startDaemon: StartDaemon) -> None:
    daemon = startDaemon(*FAST)
    with daemon.join("alice") as alice:
        status, lines, errors = run(daemon.port, program=(sys.executable, "-c", PROGRAM))
        assert (status, lines, errors) == (0, ["True", "0"], "")
        assert [alice.expect("bob: ") for _ in range(300)] == [
            f"bob: line {number}" for number in range(300)
        ]


@pytest.mark.parametrize("way", ["tcp", "tls"])
def test_refusalIsTheOnlyOutput(tmp_path: Path, certificate: Certificate, way: str) -> None:
    """It is in the user's language."""
    with Doors(tmp_path, certificate, "--max-connections", "1") as doors, doors.join("alice"):
        place: tuple[object, ...] = ("localhost", doors.port)
        if way == "tls":
            place = ("--tls", "--ca", certificate.chain, "localhost", doors.secure)
        for language, words in (("en", "Too many connections"), ("zh_CN", "")):
            status, lines, errors = run(
                *("--nick", "bob", "--language", language, *place), text="hi\n"
            )
            assert (status, lines) == (1, [])
            assert errors.startswith(f"tcpchat: {words}")
            assert errors.endswith("(service-full)\n")


def test_refusalOnATerminalIsShownAndTriedAgain(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--max-connections", "1")
    with Screen() as screen:
        with daemon.join("bob") as bob:
            screen.enter(f"clear; {TCPCHAT} --nick alice localhost {daemon.port}")
            why = "!!! Too many connections; try again later (service-full)"
            screen.expect(lambda lines: [untimed(line) for line in lines[-2:-1]] == [why])
            bob.leave()
        screen.expect(lambda lines: lines[-1:] == ["#lobby 1>"])


ROOMS = [f"#r{number}" for number in range(16)]


def test_rejoinsManyRoomsAtTheirRate(startDaemon: StartDaemon, tmp_path: Path) -> None:
    """
    It does so after a restart, and misses nothing in a room that it joins late.
    """
    port = freePort()
    options = [
        *("--port", f"tcp:{port}:interface=127.0.0.1"),
        *("--database", str(tmp_path / "chat.sqlite3")),
    ]
    first = startDaemon(*options)
    with Screen(100, 60) as screen:
        screen.enter(f"clear; {TCPCHAT} --nick alice 127.0.0.1 {port}")
        screen.expect(lambda lines: lines[-1:] == ["#lobby 1>"])
        with joined(first, "bob", ROOMS) as bob:
            for room in ROOMS:
                screen.enter(f"/join {room}")
            screen.enter("/room #lobby")
            screen.expectLast("--- You are now talking in #lobby.", "#lobby 2>")
            bob.send("before")
            screen.expectLast("#r15 bob: before", "#lobby 2>")
            bob.leave()
        first.stop()
        screen.expect(lambda lines: lines[-1].startswith("offline"))
        # It may join fifteen at once, and one more every four seconds.
        second = startDaemon(*options, "--join-rate", "15")
        with joined(second, "carol", ROOMS[-2:]) as carol:
            carol.send("missed")
            screen.expect(lambda lines: any("#r15 carol: missed" in line for line in lines))
            carol.send("heard")
            screen.expectLast("#r15 carol: heard", "#lobby 2>")
            lines = [untimed(line) for line in screen.lines()]
            assert not any("too-fast" in line for line in lines)
            assert sum("carol: missed" in line for line in lines) == 1
            carol.send("/who #r0")
            assert carol.expect("--- 1 person in #r0").endswith(": alice")
            carol.leave()


def joined(daemon: Daemon, nick: str, rooms: list[str]) -> Peer:
    """
    @return: a user in these rooms, who talks in the last one.
    """
    peer = daemon.join(nick)
    peer.send(*(f"/join {room}" for room in rooms))
    peer.expect(f"--- You are now talking in {rooms[-1]}.")
    return peer
