"""
Registered nicknames, over real sockets.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.integration.conftest import Join, StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.peer import Peer
from tests.integration.robot import Robot

PASSWORD = "open-sesame"


def _register(peer: Peer) -> None:
    peer.send(f"/register {PASSWORD}")
    peer.expect("is yours now")


def test_sessionsOfAnAccountAreOneUser(daemon: Daemon, join: Join) -> None:
    """
    The others see one user, and each session sees everything.
    """
    bob, alice = join("bob"), join("alice")
    _register(alice)
    bob.catchUp()
    with Robot.join(daemon, "Alice", PASSWORD) as second, daemon.connect() as third:
        assert alice.catchUp() == ["--- You are here in 2 sessions now."]
        third.send(f"/login alice {PASSWORD}")
        assert third.expect("/help") == (
            "--- You are alice, in #lobby with bob. /help lists the commands."
        )
        assert alice.line() == "--- You are here in 3 sessions now."
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
        assert alice.catchUp()[0] == "--- You are in #dev, where nobody else is yet."
        rows = second.answer("/sessions")["sessions"]
        assert [row["number"] for row in rows] == [1, 2, 3]
        assert [row["this"] for row in rows] == [False, True, False]
        second.ask("/sessions end 1")
        assert alice.eof() == ["--- Goodbye: you have ended this session from another one."]
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
        assert peer.expect("!!!") == (
            "!!! carol is registered: /login carol PASSWORD if it is yours, else /nick OTHER "
            "(nick-registered)"
        )
        peer.send("wrong-password", "/who")
        assert peer.expect("!!!") == "!!! that is not the password of carol (wrong-password)"
        assert peer.expect("!!!").endswith("(nick-needed)")
        peer.send(PASSWORD, "here I am")
        peer.expect("You are logged in as carol.")
        peer.catchUp()
        assert carol.catchUp() == ["--- You are here in 2 sessions now.", "carol: here I am"]
        # What looks like a command is a password there, too.
        peer.send("/password /register", "/quit")
        peer.eof()
    with daemon.connect() as peer:
        peer.send("carol", "//register", "/register")
        assert peer.expect("that is not").endswith("(wrong-password)")
        peer.expect("You are logged in as carol.")


def test_wrongPasswordsAreThreeAMinute(startDaemon: StartDaemon) -> None:
    """
    The limit holds for an address and for an account.
    """
    daemon = startDaemon()
    with ExitStack() as stack:
        for nick in ("alice", "bob"):
            _register(stack.enter_context(daemon.join(nick)))

        def code(source: str, name: str, password: str = "wrong-password") -> str:
            with daemon.connect(source) as peer:
                peer.send(f"/login {name} {password}")
                return peer.expect(name if password == PASSWORD else "!!!").rpartition(" ")[2]

        guesses = [code("127.0.0.2", "alice") for _ in range(4)]
        assert guesses == ["(wrong-password)"] * 3 + ["(too-many-attempts)"]
        # The right one is refused too, for this account from anywhere, and from there for any.
        assert code("127.0.0.3", "alice") == "(too-many-attempts)"
        assert code("127.0.0.2", "bob") == "(too-many-attempts)"
        assert code("127.0.0.3", "bob", PASSWORD) == "bob."


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
        assert dave.line() == "--- Whoever had the nickname dave until now has been sent away."
        assert dave.line() == "--- You are logged in as dave."
        assert dave.expect("!!!").endswith("(password-elsewhere)")
        assert ghost.eof()[-1] == "!!! the owner of this nickname has logged in (evicted)"
        assert bob.catchUp() == [
            "<-- dave left #lobby: gave the nickname back to its owner (1 here)",
            "--> dave joined #lobby (2 here)",
        ]
        dave.send("/bans")
        assert dave.expect("---") == "--- Nobody is banned or muted."
