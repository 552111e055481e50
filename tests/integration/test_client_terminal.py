"""
The C{tcpchat} command on a real terminal, as a user sees it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.command import TCPCHAT
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon, freePort
from tests.integration.peer import Peer
from tests.integration.tmux import Screen, untimed

# Prints the settings of the terminal, without its size.
KEEP = "(stty -g; stty -a | sed 's/rows [0-9]*; columns [0-9]*;//')"

Join = Callable[[str], Peer]


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        yield screen


def start(screen: Screen, port: int, *arguments: str) -> None:
    """
    Start the command as alice; keep the settings of the terminal, and its process id.
    """
    screen.enter(f"{KEEP} > before")
    words = " ".join([TCPCHAT, *(arguments or ("--nick", "alice")), "127.0.0.1", str(port)])
    screen.enter("clear; sh -c 'echo $$ > pid; exec " + words + "'")


def joined(screen: Screen, port: int) -> None:
    """
    Start the command, and wait until it is in the room.
    """
    start(screen, port)
    screen.expect(lambda lines: lines[-1:] == ["#lobby 1>"])


def processOf(screen: Screen) -> int:
    return int((screen.directory / "pid").read_text())


def expectRestored(screen: Screen, status: int) -> None:
    """
    Wait for the shell to be back, and require that the terminal is as it was.
    """
    screen.expect(lambda lines: lines[-1] == "$")
    screen.enter(f"echo status $?; {KEEP} > after; echo kept")
    screen.expect(lambda lines: lines[-3:] == [f"status {status}", "kept", "$"])
    before, after = (screen.directory / name for name in ("before", "after"))
    assert after.read_text() == before.read_text()


def test_whatOthersSayAppearsAboveWhatIsTyped(screen: Screen, daemon: Daemon) -> None:
    joined(screen, daemon.port)
    with daemon.join("bob") as bob:
        screen.expectLast("--> bob joined #lobby (2 here)", "#lobby 2>")
        screen.type("hello 你好 wor")
        screen.press("Left", "Left")
        bob.send("one", "你好，世界", "e\u0301 👍 ﾊ")
        screen.expectLast(
            "bob: one", "bob: 你好，世界", "bob: e\u0301 👍 ﾊ", "#lobby 2> hello 你好 wor"
        )
        assert screen.cursor() == len("#lobby 2> hello 1234 w")
        screen.press("End")
        screen.enter("ld")
        screen.expectLast("alice: hello 你好 world", "#lobby 2>")
        assert bob.catchUp()[-1] == "alice: hello 你好 world"
        bob.leave()
    screen.expectLast("<-- bob left #lobby: input closed (1 here)", "#lobby 1>")
    screen.press("C-d")
    expectRestored(screen, 0)


def test_keysOfARealTerminal(screen: Screen, daemon: Daemon) -> None:
    joined(screen, daemon.port)
    with daemon.join("bob") as bob:
        screen.expectLast("--> bob joined #lobby (2 here)", "#lobby 2>")
        screen.type("b")
        screen.press("Tab")
        screen.type("two words")
        screen.expectLast("#lobby 2> bob: two words")
        screen.press("M-b", "C-Left", "C-w")
        screen.expectLast("#lobby 2> two words")
        # Kills in a row are kept together.
        screen.press("C-k", "C-y", "C-y", "Home", "DC", "BSpace", "C-e", "BSpace", "Enter")
        assert bob.line() == "alice: ob: two wordsbob: two word"
        screen.press("Up", "Down", "Up", "C-a")
        screen.type("again ")
        screen.press("Enter")
        assert bob.line() == "alice: again ob: two wordsbob: two word"
        screen.enter("/wh\t")
        screen.expectLast("--- 2 people in #lobby: alice, bob", "#lobby 2>")
        bob.leave()
    screen.press("C-c")
    expectRestored(screen, 0)


def test_pasteIsSentWithEnterAndIsNoCommand(screen: Screen, daemon: Daemon) -> None:
    """It is sent line by line."""
    joined(screen, daemon.port)
    with daemon.join("bob") as bob:
        screen.expectLast("--> bob joined #lobby (2 here)", "#lobby 2>")
        screen.paste("one\n/quit\n")
        screen.expectLast("#lobby 2> one↵/quit")
        assert bob.catchUp() == []
        screen.press("Enter")
        assert bob.line() == "alice: one"
        assert bob.line() == "alice: /quit"
        bob.leave()


def test_rowStaysOneRowAtAnyWidth(screen: Screen, daemon: Daemon) -> None:
    """Nothing above it is lost."""
    joined(screen, daemon.port)
    with daemon.join("bob") as bob:
        bob.send("before")
        screen.expectLast("bob: before", "#lobby 2>")
        text = "0123456789 你好你好你好你好 abcdefghij"
        screen.type(text)
        screen.expectLast("#lobby 2> " + text)
        for columns in (40, 30, 21, 80, 25, 100):
            screen.resize(columns)

            def isDrawn(lines: list[str], columns: int = columns) -> bool:
                above, row = untimed(lines[-2]), lines[-1]
                if not row.startswith("#lobby 2> ") or above != "bob: before":
                    return False
                shown = row.removeprefix("#lobby 2> ")
                if columns >= 80:
                    return shown == text
                return shown.startswith("<") and text.endswith(shown[1:])

            screen.expect(isDrawn)
            assert screen.cursor() < columns
        bob.send("after")
        screen.expectLast("bob: before", "bob: after", "#lobby 2> " + text)
        bob.leave()


@pytest.mark.parametrize("how", ["C-z", "bg", "TSTP", "STOP"])
def test_suspendingGivesTheTerminalBack(screen: Screen, daemon: Daemon, how: str) -> None:
    """fg takes it again, with what was typed."""
    joined(screen, daemon.port)
    screen.type("half a li")
    screen.expectLast("#lobby 1> half a li")
    if how in ("C-z", "bg"):
        screen.press("C-z")
    else:
        os.killpg(os.getpgid(processOf(screen)), signal.Signals[f"SIG{how}"])
    screen.expect(lambda lines: lines[-1] == "$")
    if how == "STOP":
        # A process cannot prepare for SIGSTOP, so Enter is not LF, and nothing is echoed.
        screen.type("stty sane")
        screen.press("C-j")
        screen.expect(lambda lines: lines[-1] == "$ $")
    else:
        screen.enter(f"{KEEP} > stopped; echo kept")
        screen.expect(lambda lines: "kept" in lines)
        before, stopped = (screen.directory / name for name in ("before", "stopped"))
        assert stopped.read_text() == before.read_text()
    if how == "bg":
        # It stops again, because the shell has the terminal.
        screen.enter("bg; echo continued")
        screen.expect(lambda lines: "continued" in lines)
    with daemon.join("bob") as bob:
        screen.enter("fg")
        screen.expect(lambda lines: lines[-1] == "#lobby 2> half a li")
        screen.enter("ne")
        assert bob.line() == "alice: half a line"
        bob.leave()
    screen.press("C-d")
    if how != "STOP":
        expectRestored(screen, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signalRestoresTheTerminal(screen: Screen, daemon: Daemon, number: signal.Signals) -> None:
    joined(screen, daemon.port)
    with daemon.join("bob") as bob:
        screen.type("half a li")
        screen.expectLast("#lobby 2> half a li")
        os.kill(processOf(screen), number)
        expectRestored(screen, 128 + number)
        assert bob.line() == "<-- alice left #lobby: quit (1 here)"
        bob.leave()


def test_exceptionRestoresTheTerminal(screen: Screen) -> None:
    program = screen.directory / "program.py"
    program.write_text(
        "from twisted.internet import reactor\n"
        "from chat.cli.__main__ import main\n"
        "def run(**_):\n"
        "    raise RuntimeError('a mistake')\n"
        "reactor.callWhenRunning = lambda start, *given: start(*given)\n"
        "reactor.run = run\n"
        "main()\n"
    )
    screen.enter(f"{KEEP} > before")
    screen.enter(f"clear; {sys.executable} program.py --unix none")
    screen.expect(lambda lines: "RuntimeError: a mistake" in lines)
    expectRestored(screen, 1)


def test_loggedExceptionIsShownAtTheEnd(screen: Screen, daemon: Daemon) -> None:
    """The user is told at once, but not with a traceback across the screen."""
    program = screen.directory / "program.py"
    program.write_text(
        "from chat.cli.__main__ import main\n"
        "from chat.cli.terminal import TerminalChat\n"
        "TerminalChat.resized = lambda self: 1 / 0\n"
        "main()\n"
    )
    screen.enter(f"{KEEP} > before")
    screen.enter(f"clear; {sys.executable} program.py --nick alice localhost {daemon.port}")
    screen.expect(lambda lines: lines[-1:] == ["#lobby 1>"])
    screen.resize(70)
    screen.expectLast("!!! something went wrong; details follow when you quit", "#lobby 1>")
    assert not any("Traceback" in line for line in screen.lines())
    screen.press("C-d")
    screen.expect(lambda lines: any("ZeroDivisionError" in line for line in lines))
    expectRestored(screen, 0)


def test_nicknameIsAskedForUntilItIsFree(screen: Screen, daemon: Daemon, join: Join) -> None:
    join("bob")
    start(screen, daemon.port, "--language", "en")
    screen.expect(lambda lines: lines[-1:] == ["nickname>"])
    screen.enter("Bob")
    screen.expectLast("!!! Bob is taken; choose another (nick-taken)", "nickname>")
    screen.enter("alice")
    screen.expect(lambda lines: lines[-1:] == ["#lobby 2>"])
    screen.enter("/quit")
    expectRestored(screen, 0)


def test_firstConnectionThatIsRefusedEndsIt(screen: Screen) -> None:
    port = freePort()
    start(screen, port)
    words = f"tcpchat: connection to 127.0.0.1:{port} refused (is the server running?)"
    screen.expect(lambda lines: lines[-2:] == [words, "$"])
    expectRestored(screen, 1)


def test_reconnects(screen: Screen, startDaemon: StartDaemon) -> None:
    """It says what happens, and is in the room again once the service is back."""
    port = freePort()
    endpoint = f"tcp:{port}:interface=127.0.0.1"
    first = startDaemon("--port", endpoint)
    joined(screen, port)
    screen.type("typed")
    first.stop()
    refused = f"!!! connection to 127.0.0.1:{port} refused (is the server running?)"

    def waits(lines: list[str]) -> bool:
        above, row = untimed(lines[-2]), lines[-1]
        return (
            above == refused and row.startswith("offline, retrying in ") and row.endswith("typed")
        )

    screen.expect(waits)
    startDaemon("--port", endpoint)
    screen.expect(lambda lines: lines[-1:] == ["#lobby 1> typed"])


def test_passwordIsHiddenWhateverHappensToTheConnection(
    screen: Screen, startDaemon: StartDaemon, tmp_path: Path
) -> None:
    """The service goes while the password is asked for, and comes back."""
    port = freePort()
    options = ("--port", f"tcp:{port}:interface=127.0.0.1", "--database", str(tmp_path / "db"))
    first = startDaemon(*options)
    with first.join("alice") as alice:
        alice.send("/register correct-horse")
        alice.expect("alice is now registered to you")
    start(screen, port, "--language", "en")
    screen.expect(lambda lines: lines[-1:] == ["nickname>"])
    screen.enter("alice")
    screen.expect(lambda lines: lines[-1:] == ["password>"])
    first.stop()
    screen.expect(lambda lines: lines[-1].startswith("offline"))
    screen.type("correct-horse")
    screen.expect(lambda lines: lines[-1].endswith("> *************"))
    startDaemon(*options)
    asked = "--- alice is registered: type its password, or Enter for another nickname"
    screen.expectLast(asked, "password> *************")
    screen.press("Enter")
    screen.expect(lambda lines: lines[-1:] == ["#lobby 1>"])


def test_dumbTerminalIsLinesInAndLinesOut(daemon: Daemon, join: Join) -> None:
    """Its cursor cannot be moved."""
    alice = join("alice")
    with Screen(TERM="dumb") as screen:
        screen.enter(f"TERM=dumb {TCPCHAT} localhost {daemon.port}")
        screen.expectLast("--- Welcome to tcpchat. 1 person here.")
        screen.enter("bob")
        alice.expect("--> bob")
        alice.send("你好")
        screen.expectLast("alice: 你好")
        screen.press("C-d")
        screen.expectLast("--- Goodbye: end of input.", "$")
        screen.enter("echo status $?")
        screen.expect(lambda lines: "status 0" in lines)


@pytest.mark.parametrize("isColoured", [True, False])
def test_coloursUnlessUnwanted(daemon: Daemon, isColoured: bool) -> None:
    with Screen(NO_COLOR="" if isColoured else "1") as screen:
        joined(screen, daemon.port)
        coloured = screen._run("capture-pane", "-p", "-e")
        assert ("\x1b[" in coloured) is isColoured
