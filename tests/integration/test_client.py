"""
The C{tcpchat} command between pipes and files.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL

import pytest

from tests.integration.command import TCPCHAT, Command, run
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon, freePort
from tests.integration.doors import Certificate, Doors
from tests.integration.peer import Peer

Join = Callable[[str], Peer]

GOODBYE = "--- Goodbye: end of input."
WELCOME = "--- Welcome to tcpchat. 1 person here."


def test_linesAndCommandsGoInAndEventsComeOut(daemon: Daemon, join: Join) -> None:
    """Events read as they do with telnet."""
    alice = join("alice")
    status, lines, errors = run(
        *("--nick", "bob", "127.0.0.1", daemon.port), text="hi\n/me waves\n//x\n/ping 你\nbye"
    )
    assert (status, errors) == (0, "")
    assert lines == [
        WELCOME,
        "--- You are bob, in #lobby with alice. Just type; /help for commands.",
        "--- PONG 你",
        GOODBYE,
    ]
    assert alice.catchUp() == [
        "--> bob joined #lobby (2 here)",
        "bob: hi",
        " * bob waves",
        "bob: /x",
        "bob: bye",
        "<-- bob left #lobby: input closed (1 here)",
    ]


def test_lineComesOutAsSoonAsItIsSaid(daemon: Daemon, join: Join) -> None:
    """It does not wait for the end of the input."""
    alice = join("alice")
    with Command("--nick", "bob", "localhost", daemon.port) as command:
        alice.expect("--> bob")
        alice.send("你好", "/msg bob psst", "/me waves")
        out = command.process.stdout
        assert out is not None
        heard = [out.readline().decode().rstrip("\n") for _ in range(5)]
        assert heard[2:] == ["alice: 你好", "[alice -> you] psst", " * alice waves"]
        status, lines, errors = command.end()
        assert (status, lines, errors) == (0, [GOODBYE], "")


def test_firstLineIsTheNickname(daemon: Daemon, join: Join) -> None:
    """Without --nick the first line is the nickname, as with nc."""
    alice = join("alice")
    status, lines, _ = run("localhost", daemon.port, text="/version\nbob\nhi\n")
    assert status == 0
    assert lines[1].startswith("--- tcpchat: tcpchat ")
    assert lines[2].startswith("--- You are bob, ")
    assert "bob: hi" in alice.catchUp()


def test_languageOfTheEnvironment(daemon: Daemon, join: Join) -> None:
    """The service is asked to speak it as well."""
    join("alice")
    status, lines, _ = run(
        *("--nick", "李雷", "--language", "zh_CN", "localhost", daemon.port),
        text="/nobody\n",
    )
    assert status == 0
    assert "你好，李雷。" in lines[1]
    assert lines[2] == "--- 直接输入即可发言，/帮助 查看命令。"
    assert lines[3].startswith("!!! ")
    assert lines[3].endswith(" (unknown-command)")
    assert not lines[3].startswith("!!! no command")


def test_filesAsInputAndOutput(daemon: Daemon, join: Join, tmp_path: Path) -> None:
    """A reactor cannot wait for them."""
    alice = join("alice")
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_text("one\ntwo\n")
    with source.open("rb") as stdin, target.open("wb") as stdout:
        status, _, errors = run(
            "--nick", "bob", "localhost", daemon.port, stdin=stdin, stdout=stdout
        )
    assert (status, errors) == (0, "")
    assert target.read_text().split("\n")[-2:] == [GOODBYE, ""]
    assert alice.catchUp()[1:3] == ["bob: one", "bob: two"]


def test_devNullAsInputAndOutput(daemon: Daemon) -> None:
    """There may be nothing to say, and no output to read."""
    arguments = ("--nick", "bob", "localhost", daemon.port)
    status, lines, errors = run(*arguments, stdin=DEVNULL)
    assert (status, lines[-1], errors) == (0, GOODBYE, "")
    assert run(*arguments, stdin=DEVNULL, stdout=DEVNULL) == (0, [], "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closedStreams(daemon: Daemon, join: Join, closed: str) -> None:
    """Standard input or output may not even be open."""
    alice = join("alice")
    shell = ("/bin/sh", "-c", f'exec "$@" {closed}', "sh", TCPCHAT)
    status, _, errors = run("--nick", "bob", "localhost", daemon.port, text="hi\n", program=shell)
    assert (status, errors) == (0, "")
    heard = alice.catchUp()
    assert heard[-1] == "<-- bob left #lobby: input closed (1 here)"
    assert ("bob: hi" in heard) is ("<" not in closed)


def test_closedOutputEndsIt(daemon: Daemon, join: Join) -> None:
    """It leaves, and does not complain."""
    alice = join("alice")
    with Command("--nick", "bob", "localhost", daemon.port) as command:
        alice.expect("--> bob")
        assert command.process.stdout is not None
        command.process.stdout.close()
        alice.send("hi")
        assert command.process.wait(20) == 0
        assert command.process.stderr is not None
        assert command.process.stderr.read() == b""
    assert alice.line() == "<-- bob left #lobby: quit (1 here)"


# At its end it prints its peak memory in KiB (proc(5)).
_MEASURED = """
import atexit, sys
from chat.cli.__main__ import main

def tell():
    with open("/proc/self/status") as status:
        sys.stderr.writelines(line for line in status if line.startswith("VmHWM:"))

atexit.register(tell)
main()
"""


def test_largeFileIsNeverInMemoryAsAWhole(daemon: Daemon, tmp_path: Path) -> None:
    """It is said to its last line."""

    def peak(count: int) -> int:
        source, target = tmp_path / "in", tmp_path / "out"
        with source.open("wb") as file:
            file.writelines(b"/ping " + b"x" * 1000 + b"\n" for _ in range(count))
            file.write(b"/who")
        with source.open("rb") as stdin, target.open("wb") as stdout:
            status, _, errors = run(
                *("--nick", "bob", "localhost", daemon.port),
                stdin=stdin,
                stdout=stdout,
                program=(sys.executable, "-c", _MEASURED),
            )
        assert status == 0
        assert target.read_bytes().count(b"--- PONG x") == count
        end = f"--- 1 person in #lobby: bob\n{GOODBYE}\n"
        assert target.read_bytes().endswith(end.encode())
        return int(errors.split()[1])

    assert peak(40_000) < peak(10) + 16_000


def test_refusedNicknameIsStatusThree(daemon: Daemon, join: Join) -> None:
    """No later line is taken for a nickname."""
    alice = join("alice")
    for arguments, text in ((("--nick", "Alice"), "bob\nhi\n"), ((), "Alice\nbob\nhi\n")):
        status, lines, errors = run(*arguments, "localhost", daemon.port, text=text)
        assert status == 3
        assert lines == [WELCOME]
        assert errors == "tcpchat: Alice is taken; choose another (nick-taken)\n"
    assert alice.catchUp() == []


def test_refusedConnectionIsStatusOne() -> None:
    """One line says why."""
    port = freePort()
    status, lines, errors = run("--nick", "bob", "127.0.0.1", port, text="hi\n")
    assert (status, lines) == (1, [])
    assert errors == (f"tcpchat: connection to 127.0.0.1:{port} refused (is the server running?)\n")


def test_missingSocketIsStatusOne(tmp_path: Path) -> None:
    """One line says why."""
    path = tmp_path / "none"
    status, _, errors = run("--unix", path, text="hi\n")
    assert (status, errors) == (1, f"tcpchat: {path} does not exist (is the server running?)\n")


@pytest.mark.parametrize("arguments", [("--nonsense",), ("localhost", "port"), ("--insecure",)])
def test_wrongUsageIsStatusTwo(arguments: tuple[str, ...]) -> None:
    status, lines, errors = run(*arguments)
    assert (status, lines) == (2, [])
    assert errors.startswith("usage: tcpchat ")


def test_lostConnectionIsStatusOne(startDaemon: StartDaemon) -> None:
    """The last words of the service are shown."""
    daemon = startDaemon()
    with Command("--nick", "bob", "localhost", daemon.port) as command:
        assert command.process.stdout is not None
        while b"You are bob" not in command.process.stdout.readline():
            pass
        daemon.stop()
        assert command.process.wait(20) == 1
        _, lines, errors = command.end()
        assert lines == ["--- Goodbye: the service is shutting down."]
        assert errors == f"tcpchat: localhost:{daemon.port} closed the connection\n"


def test_quitInTheInputEndsIt(daemon: Daemon, join: Join) -> None:
    """The lines after it are not sent."""
    alice = join("alice")
    status, lines, errors = run(
        "--nick", "bob", "localhost", daemon.port, text="/quit see you\nhi\n"
    )
    assert (status, lines[-1], errors) == (0, "--- Goodbye.", "")
    assert alice.catchUp()[-1] == "<-- bob left #lobby: see you (1 here)"


def test_listensAfterTheInputWhereTheServiceAllowsIt(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--half-close", "listen")
    with (
        daemon.join("alice") as alice,
        Command("--nick", "bob", "localhost", daemon.port, stdin=DEVNULL) as command,
    ):
        alice.expect("--> bob")
        alice.send("hi")
        assert command.process.stdout is not None
        while command.process.stdout.readline() != b"alice: hi\n":
            pass
        assert command.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signalEndsItWithoutAWord(daemon: Daemon, join: Join, number: signal.Signals) -> None:
    alice = join("alice")
    with Command("--nick", "bob", "localhost", daemon.port) as command:
        alice.expect("--> bob")
        command.process.send_signal(number)
        assert command.process.wait(20) == -number
        assert command.process.stderr is not None
        assert command.process.stderr.read() == b""
    alice.expect("<-- bob")


@pytest.mark.parametrize("way", ["unix", "tls", "insecure"])
def test_unixSocketAndTLS(doors: Doors, certificate: Certificate, way: str) -> None:
    arguments: tuple[object, ...] = {
        "unix": ("--unix", doors.path),
        "tls": ("--tls", "--ca", certificate.chain, "localhost", doors.secure),
        "insecure": ("--tls", "--insecure", "127.0.0.1", doors.secure),
    }[way]
    with doors.join("alice") as alice:
        status, lines, errors = run("--nick", "bob", *arguments, text="hi\n" * 1000 + "bye")
        assert (status, errors) == (0, "")
        # TLS has no half-close here.
        assert lines[-1] == (GOODBYE if way == "unix" else "--- Goodbye.")
        heard = alice.catchUp()
        assert heard.count("bob: hi") == 1000
        assert heard[-2] == "bob: bye"
        alice.leave()


def test_untrustedCertificateIsRefused(doors: Doors) -> None:
    """The complaint says what can be done about it."""
    status, lines, errors = run("--tls", "localhost", doors.secure, text="hi\n")
    assert (status, lines) == (1, [])
    assert errors == (
        f"tcpchat: the certificate of localhost:{doors.secure} is not trusted"
        " (--ca FILE trusts one, --insecure trusts any)\n"
    )


def test_certificateOfAnotherNameIsRefused(doors: Doors, certificate: Certificate) -> None:
    # This is another name of 127.0.0.1, which the certificate does not have.
    status, _, errors = run("--tls", "--ca", certificate.chain, "127.1", doors.secure, text="hi\n")
    words = f"tcpchat: the certificate of 127.1:{doors.secure} is not for 127.1\n"
    assert (status, errors) == (1, words)


def test_portWithoutTLSIsTold(daemon: Daemon) -> None:
    status, _, errors = run("--tls", f"localhost:{daemon.port}", text="hi\n")
    words = f"tcpchat: localhost:{daemon.port} does not speak TLS; leave out --tls\n"
    assert (status, errors) == (1, words)


def test_portWithTLSIsTold(doors: Doors) -> None:
    status, _, errors = run(f"localhost:{doors.secure}", text="hi\n")
    words = f"localhost:{doors.secure} closed the connection at once (does it need --tls?)"
    assert (status, errors) == (1, f"tcpchat: {words}\n")


def test_quietPipePrintsOnlyWhatIsSaidAndAskedFor(daemon: Daemon, join: Join) -> None:
    alice = join("alice")
    alice.send("earlier")
    alice.catchUp()
    where = ("--quiet", "--nick", "bob", "localhost", daemon.port)
    assert run(*where, text="hi\n") == (0, [], "")
    assert run(*where, text="/ping x\n") == (0, ["--- PONG x"], "")
    assert "bob: hi" in alice.catchUp()
