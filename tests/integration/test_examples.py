"""
The examples in C{docs/examples}, run as their first lines say.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.integration.command import Command
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon, freePort
from tests.integration.peer import Peer
from tests.support.clients import Transport
from tests.support.samples import AT, jsonLine

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

Join = Callable[[str], Peer]


def example(name: str, *arguments: object) -> Command:
    return Command(*arguments, program=(sys.executable, str(EXAMPLES / name)))


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))


def test_allExamplesAreTested() -> None:
    tested = {"hello.py", "echobot.py", "pingpong.py", "feed.py"}
    assert {path.name for path in EXAMPLES.iterdir() if path.suffix == ".py"} == tested


def _begin(port: int, source: Path) -> dict[str, Command]:
    """All examples, at work."""
    place = "127.0.0.1", port
    bots = {each: example(f"{each}.py", *place) for each in ("hello", "echobot", "pingpong")}
    return {**bots, "feed": example("feed.py", source, *place)}


def test_examplesTellInOneLineThatTheServiceIsAway(tmp_path: Path) -> None:
    source = tmp_path / "log"
    source.touch()
    for each in _begin(freePort(), source).values():
        with each:
            assert each.end() == (1, [], "cannot reach the service: Connection refused\n")


def test_examplesEndQuietlyByCtrlC(daemon: Daemon, join: Join, tmp_path: Path) -> None:
    alice = join("alice")
    source = tmp_path / "log"
    source.touch()
    running = _begin(daemon.port, source)
    come = {alice.expect("--> ").split()[1] for _ in running}
    assert come == {"hello", "echo", "pingpong", "feed"}
    for each in running.values():
        with each:
            each.process.send_signal(signal.SIGINT)
            status, _, errors = each.end()
            assert (status, errors) == (0, "")


def test_helloSaysHelloAtBothEnds(daemon: Daemon, join: Join) -> None:
    alice = join("alice")
    with example("hello.py", "127.0.0.1", daemon.port) as hello:
        alice.expect("hello: hello!")
        alice.send("hello, hello")
        assert hello.end() == (0, ["hello: hello!", "alice: hello, hello"], "")
    assert alice.expect("<--") == "<-- hello left #lobby: quit (1 here)"


def test_helloTellsWhyItIsRefused(daemon: Daemon, join: Join) -> None:
    """The nickname is taken."""
    join("hello")
    with example("hello.py", "127.0.0.1", daemon.port) as hello:
        _, lines, errors = hello.end()
        assert (lines, errors) == ([], "hello is taken; choose another\n")


def test_echobotRepeatsWhatIsSaidToIt(daemon: Daemon, join: Join) -> None:
    """It repeats nothing else."""
    alice, bob = join("alice"), join("bob")
    with example("echobot.py", "127.0.0.1", daemon.port):
        bob.expect("--> echo")
        alice.send("hi all", "echo: 你好", "/msg echo /quit")
        assert alice.expect("echo: alice:") == "echo: alice: 你好"
        assert alice.expect("[echo -> you]") == "[echo -> you] /quit"
        assert bob.catchUp() == ["alice: hi all", "alice: echo: 你好", "echo: alice: 你好"]
        alice.catchUp()
    alice.expect("<-- echo")


@pytest.mark.usefixtures("examples")
def test_echobotGivesNoLateAnswers() -> None:
    from chat.client.lines import WINDOW
    from chat.vocabulary.events import Ponged, Said, Told, Welcomed

    bot = __import__("echobot").EchoBot()
    transport = Transport()
    bot.makeConnection(transport)
    bot.dataReceived(jsonLine(Welcomed("#lobby", "echo", ("alice",))))
    for number in range(2 * WINDOW):
        bot.dataReceived(jsonLine(Said("#lobby", number, AT, "alice", "echo: hi")))
        bot.dataReceived(jsonLine(Told(AT, "alice", "echo", "hi")))
    lines = transport.lines()
    assert (len(lines), bot.held) == (WINDOW + 1, 1)
    bot.dataReceived(jsonLine(Ponged(lines[-1].removeprefix("/ping "))))
    bot.dataReceived(jsonLine(Told(AT, "alice", "echo", "again")))
    assert transport.lines()[-1] == "/msg alice again"


def test_pingpongCountsEachUser(daemon: Daemon, join: Join) -> None:
    alice, bob = join("alice"), join("bob")
    with example("pingpong.py", "127.0.0.1", daemon.port):
        bob.expect("--> pingpong")
        alice.send("one", "two")
        bob.send("one")
        answers = [alice.expect("pingpong: ") for _ in range(3)]
        assert sorted(answers) == [
            "pingpong: alice: pong 1",
            "pingpong: alice: pong 2",
            "pingpong: bob: pong 1",
        ]


@pytest.mark.usefixtures("examples")
def test_pingpongLeavesNoTimers() -> None:
    """It answers after two seconds."""
    from chat.vocabulary.events import Ending, Left, Renamed, Said, Welcomed

    module = __import__("pingpong")
    clock = Clock()
    bot = module.PingPong(clock)
    transport = Transport()
    bot.makeConnection(transport)
    bot.dataReceived(jsonLine(Welcomed("#lobby", "pingpong", ("alice",))))
    transport.lines()
    bot.dataReceived(jsonLine(Said("#lobby", 1, AT, "alice", "one")))
    bot.dataReceived(jsonLine(Said("#lobby", 2, AT, "pingpong", "my own")))
    clock.advance(1.9)
    assert transport.lines() == []
    clock.advance(0.1)
    assert transport.lines() == ["alice: pong 1"]
    bot.dataReceived(jsonLine(Renamed("#lobby", AT, "alice", "alicia")))
    bot.dataReceived(jsonLine(Said("#lobby", 3, AT, "alicia", "two")))
    bot.dataReceived(jsonLine(Left("#lobby", AT, "alicia", Ending.QUIT)))
    bot.dataReceived(jsonLine(Said("#lobby", 4, AT, "alicia", "another one")))
    clock.advance(2)
    assert transport.lines() == ["alicia: pong 2", "alicia: pong 1"]
    bot.dataReceived(jsonLine(Said("#lobby", 5, AT, "alicia", "last")))
    assert clock.getDelayedCalls()
    bot.connectionLost(Failure(ConnectionLost()))
    assert not clock.getDelayedCalls()


def test_feedSaysWhatIsAppended(daemon: Daemon, join: Join, tmp_path: Path) -> None:
    """It says whole lines, and nothing that was in the file before."""
    alice = join("alice")
    source = tmp_path / "log"
    source.write_text("old\n")
    with example("feed.py", source, "127.0.0.1", daemon.port) as feed:
        alice.expect("--> feed")
        with source.open("a") as file:
            file.write("one\n/quit\nthr")
            file.flush()
            assert alice.line() == "feed: one"
            assert alice.line() == "feed: /quit"
            file.write("ee\n")
        assert alice.line() == "feed: three"
        source.write_text("anew\n")
        assert alice.line() == "feed: anew"
        feed.process.send_signal(signal.SIGTERM)
        feed.end()
    alice.expect("<-- feed")


def test_feedSaysMuchToTheLastLine(daemon: Daemon, join: Join, tmp_path: Path) -> None:
    alice = join("alice")
    source = tmp_path / "log"
    source.touch()
    with example("feed.py", source, "127.0.0.1", daemon.port):
        alice.expect("--> feed")
        with source.open("a") as file:
            file.writelines(f"line {number}\n" for number in range(5000))
        for number in range(5000):
            assert alice.line() == f"feed: line {number}"


def test_feedKeepsToTheRate(startDaemon: StartDaemon, tmp_path: Path) -> None:
    """Everything is said to the last line."""
    daemon = startDaemon("--line-rate", "200", "--max-behind", "0.3")
    source = tmp_path / "log"
    source.touch()
    with daemon.join("alice") as alice, example("feed.py", source, "127.0.0.1", daemon.port):
        alice.expect("--> feed")
        with source.open("a") as file:
            file.writelines(f"line {number}\n" for number in range(300))
        for number in range(300):
            assert alice.line() == f"feed: line {number}"


def test_feedEndsWithTheService(startDaemon: StartDaemon, tmp_path: Path) -> None:
    daemon = startDaemon()
    source = tmp_path / "log"
    source.touch()
    with daemon.join("alice") as alice:
        feed = example("feed.py", source, "127.0.0.1", daemon.port)
        with feed:
            alice.expect("--> feed")
            daemon.stop()
            assert feed.process.wait(20) == 0
