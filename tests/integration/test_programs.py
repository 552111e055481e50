"""
Common programs that join a socket to a terminal, a pipe or a script.
"""

import subprocess
from collections.abc import Callable, Iterator
from socket import socketpair
from subprocess import Popen

import pytest

from tests.integration.doors import Doors
from tests.integration.peer import Peer
from tests.support.programs import requireProgram

# Seconds that a program may take to end.
_TIMEOUT = 20

# How each program connects.
_COMMANDS: dict[str, Callable[[Doors], str]] = {
    "nc": lambda doors: f"nc 127.0.0.1 {doors.port}",
    "nc -N": lambda doors: f"nc -N 127.0.0.1 {doors.port}",
    "nc -N unix": lambda doors: f"nc -N -U {doors.path}",
    "ncat": lambda doors: f"ncat 127.0.0.1 {doors.port}",
    "ncat unix": lambda doors: f"ncat -U {doors.path}",
    "ncat tls": lambda doors: f"ncat --ssl 127.0.0.1 {doors.secure}",
    "socat": lambda doors: f"socat -t 60 - TCP:127.0.0.1:{doors.port}",
    "socat unix": lambda doors: f"socat -t 60 - UNIX-CONNECT:{doors.path}",
    "socat tls": lambda doors: f"socat -t 60 - OPENSSL:127.0.0.1:{doors.secure},verify=0",
    "openssl": lambda doors: f"openssl s_client -quiet -connect 127.0.0.1:{doors.secure}",
}

# Those that half-close when their input ends, and read on; none by TLS.
_HALF_CLOSING = ["nc -N", "nc -N unix", "ncat", "ncat unix", "socat", "socat unix"]


def _command(name: str, doors: Doors) -> list[str]:
    program, *arguments = _COMMANDS[name](doors).split()
    return [requireProgram(program), *arguments]


@pytest.fixture
def bob(doors: Doors) -> Iterator[Peer]:
    """
    A user in the room.
    """
    bob = doors.join("bob")
    yield bob
    bob.leave()


@pytest.mark.parametrize("name", _HALF_CLOSING)
def test_scriptGetsEveryAnswer(doors: Doors, bob: Peer, name: str) -> None:
    """
    The script is piped in: all of it is done, and the program ends.
    """
    count = 2000
    script = ["alice", "hello", "你好", *(f"/ping {number}" for number in range(count))]
    result = subprocess.run(
        _command(name, doors),
        input="".join(line + "\n" for line in script).encode(),
        capture_output=True,
        timeout=_TIMEOUT,
    )
    assert result.stdout.decode().split("\r\n") == [
        "--- Welcome to tcpchat. 1 person here.",
        "--- Choose a nickname (/quit leaves):",
        "--- You are alice, in #lobby with bob. Just type; /help for commands.",
        *(f"--- PONG {number}" for number in range(count)),
        "--- Goodbye: end of input.",
        "",
    ]
    assert (result.returncode, result.stderr) == (0, b"")
    assert bob.catchUp() == [
        "--> alice joined #lobby (2 here)",
        "alice: hello",
        "alice: 你好",
        "<-- alice left #lobby: input closed (1 here)",
    ]


@pytest.mark.parametrize("name", _COMMANDS)
def test_programStaysUntilTheServiceCloses(doors: Doors, bob: Peer, name: str) -> None:
    # This is first, because a missing program skips the test.
    command = _command(name, doors)
    typed, theirs = socketpair()
    with theirs:
        process = Popen(
            command,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.PIPE,
        )
    with process, Peer(typed) as alice:
        try:
            assert alice.line() == "--- Welcome to tcpchat. 1 person here."
            assert alice.line() == "--- Choose a nickname (/quit leaves):"
            alice.send("alice", "你好")
            assert alice.line().startswith("--- You are alice, in #lobby with bob.")
            assert bob.line() == "--> alice joined #lobby (2 here)"
            assert bob.line() == "alice: 你好"
            bob.send("hi alice")
            assert alice.line() == "bob: hi alice"
            alice.send("/quit")
            assert alice.line() == "--- Goodbye."
            assert bob.line() == "<-- alice left #lobby: quit (1 here)"
            # Some of them end only when their input does as well.
            alice.finish()
            assert alice.eof() == []
            process.wait(_TIMEOUT)
        finally:
            process.kill()


# When its input ends, ncat --ssl closes at once.
@pytest.mark.parametrize("name", sorted(_COMMANDS.keys() - {"ncat tls"}))
def test_quitInAScriptEndsTheProgram(doors: Doors, bob: Peer, name: str) -> None:
    """
    All answers arrive before.
    """
    result = subprocess.run(
        _command(name, doors),
        input=b"alice\nhello\n/ping done\n/quit bye\n",
        capture_output=True,
        timeout=_TIMEOUT,
    )
    assert result.stdout.decode().endswith("\r\n--- PONG done\r\n--- Goodbye.\r\n")
    assert bob.expect("<--") == "<-- alice left #lobby: bye (1 here)"


def test_shellAloneSuffices(doors: Doors, bob: Peer) -> None:
    script = f"""
        exec 3<>/dev/tcp/127.0.0.1/{doors.port}
        printf 'alice\\nhello from a shell\\n/quit\\n' >&3
        cat <&3
    """
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, timeout=_TIMEOUT, check=True, text=True
    )
    assert result.stdout.splitlines()[-1] == "--- Goodbye."
    assert bob.expect("alice:") == "alice: hello from a shell"
    assert bob.expect("<--") == "<-- alice left #lobby: quit (1 here)"
