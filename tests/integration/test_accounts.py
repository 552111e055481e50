"""
Registered nicknames, over real sockets.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.conftest import Join, StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.peer import Peer
from tests.integration.robot import Robot

PASSWORD = "open-sesame"


def _register(peer: Peer) -> None:
    peer.send(f"/register {PASSWORD}")
    peer.expect("is now registered to you")


def test_sessionsOfAnAccountAreOneUser(daemon: Daemon, join: Join) -> None:
    """
    The others see one user, and each session sees everything.
    """
    bob, alice = join("bob"), join("alice")
    _register(alice)
    bob.catchUp()
    with Robot.join(daemon, "Alice", PASSWORD) as second, daemon.connect() as third:
        assert alice.catchUp() == ["--- You now have 2 sessions here."]
        third.send(f"/login alice {PASSWORD}")
        assert third.expect("/help") == (
            "--- You are alice, in #lobby with bob. Just type; /help for commands."
        )
        assert alice.line() == "--- You now have 3 sessions here."
        alice.send("one")
        alice.catchUp()
        third.send("two")
        assert third.catchUp() == ["alice: one"]
        assert alice.catchUp() == ["alice: two"]
        heard = [(event["nick"], event["text"]) for event in second.ask()[1:]]
        assert heard == [("alice", "one"), ("alice", "two")]
        bob.send("/who", "/msg alice psst")
        assert bob.catchUp() == [
            "alice: one",
            "alice: two",
            "--- 2 people in #lobby: bob, alice",
            "[you -> alice] psst",
        ]
        assert alice.catchUp() == third.catchUp() == ["[bob -> you] psst"]
        # What one session does holds for all of them.
        third.send("/join #dev", "/nick alicia")
        renamed = "--- alice is now alicia"
        assert third.catchUp()[-1] == renamed
        assert alice.catchUp()[0] == "--- You are alone in #dev."
        rows = second.answer("/sessions")["sessions"]
        assert [row["number"] for row in rows] == [1, 2, 3]
        assert [row["this"] for row in rows] == [False, True, False]
        second.ask("/sessions end 1")
        assert alice.eof() == ["--- Goodbye: you ended this session."]
        # The list from before still names the right ones.
        assert second.answer("/sessions end 1")["code"] == "no-such-session"
        assert [row["number"] for row in second.answer("/sessions")["sessions"]] == [2, 3]
        third.send("/quit")
        third.eof()
        # The user is still here, and no other has heard of a departure.
        assert bob.catchUp() == [renamed]
        second.peer.send("/quit")
        assert bob.expect("<--") == "<-- alicia left #lobby: quit (1 here)"


def test_registeredNicknameAsksForThePasswordAsTheNextLine(daemon: Daemon, join: Join) -> None:
    """
    That is how it is done with nc.
    """
    carol = join("carol")
    _register(carol)
    with daemon.connect() as peer:
        peer.send("carol")
        assert peer.expect("!!!") == ("!!! carol is registered (nick-registered)")
        peer.send("wrong-password", "/who")
        assert peer.expect("!!!") == "!!! Wrong password for carol (wrong-password)"
        assert peer.expect("!!!").endswith("(nick-needed)")
        peer.send(PASSWORD, "here I am")
        peer.expect("You are logged in as carol.")
        peer.catchUp()
        assert carol.catchUp() == ["--- You now have 2 sessions here.", "carol: here I am"]
        # What looks like a command is a password there, too.
        peer.send("/password /register", "/quit")
        peer.eof()
    with daemon.connect() as peer:
        peer.send("carol", "//register", "/register")
        assert peer.expect("Wrong password").endswith("(wrong-password)")
        peer.expect("You are logged in as carol.")


def test_strangersCannotLockAnAccount(startDaemon: StartDaemon) -> None:
    """
    Three wrong passwords a minute are allowed from one address; those from many only slow
    others down.  The owner and the operator hear of it.
    """
    daemon = startDaemon("--operator", "boss")
    with ExitStack() as stack:
        boss, alice = (stack.enter_context(daemon.join(nick)) for nick in ("boss", "alice"))
        _register(boss)
        _register(alice)

        def refusal(source: str, name: str, password: str = "wrong-password") -> str:
            with daemon.connect(source) as peer:
                peer.send(f"/login {name} {password}")
                return peer.expect("!!!").rpartition(" ")[2]

        guesses = [refusal("127.0.0.2", "alice") for _ in range(4)]
        assert guesses == ["(wrong-password)"] * 3 + ["(too-many-attempts)"]
        assert refusal("127.0.0.2", "alice", PASSWORD) == "(too-many-attempts)"
        assert refusal("127.0.0.2", "boss") == "(wrong-password)"
        assert alice.expect("!!!").endswith("(addresses: 1) (password-guessed)")
        attackers = [stack.enter_context(daemon.connect(f"127.0.1.{n}")) for n in range(1, 58)]
        for peer in attackers:
            peer.send(*["/login alice wrong-password"] * 3)
        for peer in attackers:
            peer.expect("(wrong-password)")
        # From where she registered she is let in, and from a new address in her turn.
        for source in ("127.0.0.1", "127.0.0.3"):
            owner = stack.enter_context(daemon.connect(source))
            owner.send(f"/login alice {PASSWORD}")
            owner.expect("You are logged in as alice.")
        assert "Wrong guesses: 10 (alice)" in boss.expect("!!!")


@contextmanager
def _asUser(user: int) -> Iterator[None]:
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be several users")
def test_usersOfAUnixSocketAreToldApart(startDaemon: StartDaemon) -> None:
    with TemporaryDirectory() as directory:
        os.chmod(directory, 0o711)
        path = f"{directory}/chat"
        daemon = startDaemon("--port", f"unix:{path}")
        with daemon.join("alice") as alice:
            _register(alice)
            for user, password, answer in (
                *[(4242, "wrong-password", "(wrong-password)")] * 3,
                (4242, PASSWORD, "(too-many-attempts)"),
                (4343, PASSWORD, "You are logged in as alice."),
            ):
                connection = socket.socket(socket.AF_UNIX)
                with _asUser(user):
                    connection.connect(path)
                with Peer(connection) as peer:
                    peer.send(f"/login alice {password}")
                    peer.expect(answer)


def test_manyUsersOfOneAddressLogInAtOnce(daemon: Daemon, join: Join) -> None:
    """
    As after a restart.
    """
    _register(join("erin"))
    with ExitStack() as stack:
        peers = [stack.enter_context(daemon.connect("127.0.0.9")) for _ in range(24)]
        for peer in peers:
            peer.send(f"/login erin {PASSWORD}")
        for peer in peers:
            peer.expect("You are logged in as erin.")


def test_passwordsAreCheckedElsewhere(startDaemon: StartDaemon, tmp_path: Path) -> None:
    """
    With C{--auth} a guest with the nickname is evicted when its owner logs in, and both are told.
    """
    passwords = tmp_path / "passwords"
    passwords.write_text(f"dave:{PASSWORD}\n")
    daemon = startDaemon("--auth", f"file:{passwords}", "--operator", "dave")
    with daemon.join("dave") as ghost, daemon.join("bob") as bob, daemon.connect() as dave:
        dave.send(f"/login dave {PASSWORD}x", f"/login dave {PASSWORD}", "/password something")
        assert dave.expect("!!!").endswith("(wrong-password)")
        assert (
            dave.line()
            == "--- If it is yours, type your password; otherwise pick another: /nick NAME."
        )
        assert dave.line() == "--- The guest who was using dave has been disconnected."
        assert dave.line() == "--- You are logged in as dave."
        assert dave.expect("!!!").endswith("(password-elsewhere)")
        assert ghost.eof()[-1] == "!!! The owner of this nickname has logged in (evicted)"
        assert bob.catchUp() == [
            "<-- dave left #lobby: the owner of the nickname logged in (1 here)",
            "--> dave joined #lobby (2 here)",
        ]
        dave.send("/bans")
        assert dave.expect("---") == "--- Nobody is banned or muted."
