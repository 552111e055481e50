"""Tests for L{chat.cli.terminal}: a nickname that belongs to somebody."""

from collections.abc import Iterator

import pytest
from twisted.internet.error import ConnectionLost

from chat.vocabulary.events import Closed, Done, Ending, Refused, Welcomed
from tests.support.clients import Link
from tests.support.sitting import Sitting

ASKED = "--- alice is registered: type its password, or Enter for another nickname"
REGISTERED = Refused("nick-registered", "alice", "alice is registered")
WRONG = Refused("wrong-password", "alice", "that is not the password of alice")
LOGGED_IN = Done("logged-in", "alice", "You are logged in as alice.")
WELCOMED = Welcomed("#lobby", "alice", ("bob",))


@pytest.fixture
def sitting() -> Iterator[Sitting]:
    sitting = Sitting("alice")
    yield sitting
    sitting.chat.terminal.close()


def challenged(sitting: Sitting) -> Link:
    """Let it hear that its nickname is registered."""
    link = sitting.connect()
    link.send(REGISTERED)
    return link


def again(sitting: Sitting, link: Link) -> Link:
    """Lose the connection; the next one, from before anything was sent."""
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    return sitting.world.accept()


def test_asked(sitting: Sitting) -> None:
    """In words of the client's own; the next line is the password, and nobody can read it."""
    link = challenged(sitting)
    assert sitting.lines()[-2:] == [ASKED, "password>"]
    sitting.type("s3cret")
    assert sitting.lines()[-1] == "password> ******"
    sitting.enter("")
    assert link.transport.lines() == ["/login alice s3cret"]
    link.send(LOGGED_IN, WELCOMED)
    assert sitting.lines()[-1] == "#lobby 2>"
    assert b"s3cret" not in sitting.bytes
    # Nor can it be had again.
    sitting.type("\x1b[A")
    assert sitting.lines()[-1] == "#lobby 2>"


def test_wrong(sitting: Sitting) -> None:
    """It is asked for until it is right."""
    link = challenged(sitting)
    sitting.enter("wrong")
    link.send(WRONG)
    assert sitting.lines()[-2:] == [
        "!!! that is not the password of alice (wrong-password)",
        "password>",
    ]
    sitting.enter("two words")
    assert "!!! a password has no spaces" in sitting.lines()
    sitting.enter("s3cret")
    assert link.transport.lines() == ["/login alice wrong", "/login alice s3cret"]


@pytest.mark.parametrize("typed", ["", "/help"])
def test_anotherNickname(sitting: Sitting, typed: str) -> None:
    """Who does not know it takes another nickname."""
    link = challenged(sitting)
    sitting.enter(typed)
    assert sitting.lines()[-1] == "nickname>"
    sitting.enter("bob")
    assert link.transport.lines()[-1] == "/nick bob"


def test_commandWhileAsked(sitting: Sitting) -> None:
    """A command can be read as it is typed."""
    link = challenged(sitting)
    sitting.type("/nick bob")
    assert sitting.lines()[-1] == "password> /nick bob"
    sitting.enter("")
    assert link.transport.lines() == ["/nick bob"]
    assert sitting.lines()[-1] == "nickname>"


def test_halfTyped(sitting: Sitting) -> None:
    """A password that was not entered does not stay when it is no longer asked for."""
    link = challenged(sitting)
    sitting.type("s3cr")
    link.lose(ConnectionLost())
    assert sitting.lines()[-1] == "offline>"
    sitting.type("\x19\x1b[A")
    assert sitting.lines()[-1] == "offline>"


@pytest.mark.parametrize("key", ["\x15", "\x03", "\x1b[A", "\x1b[B", "\t"])
def test_keysWhileAsked(sitting: Sitting, key: str) -> None:
    """None of those that keep, or bring back, does so with a password."""
    link = challenged(sitting)
    sitting.type(f"s3cret{key}")
    sitting.type("\x15")
    sitting.enter("")
    sitting.type("\x19\x1b[A")
    assert sitting.lines()[-1] == "nickname>"
    assert link.transport.lines() == []


@pytest.mark.parametrize(
    "line", ["/register s3cret", "/login s3cret", "/login alice s3cret", "/密码 s3cret"]
)
def test_notRecalled(sitting: Sitting, line: str) -> None:
    """A line with a password is not to be had again, as others are."""
    link = sitting.join()
    sitting.enter("hello")
    sitting.enter(line)
    assert link.transport.lines() == ["hello", line]
    sitting.type("\x1b[A")
    assert sitting.lines()[-1] == "#lobby 2> hello"


@pytest.mark.parametrize("code", ["registered", "logged-in", "password-changed"])
def test_logsInAgain(sitting: Sitting, code: str) -> None:
    """With the password that the service has taken."""
    verb = {"registered": "register", "logged-in": "login"}.get(code, "password")
    link = sitting.join()
    sitting.enter(f"/{verb} s3cret")
    link.send(Done(code, "alice", "yes"))
    link = again(sitting, link)
    assert "/login alice s3cret" in link.transport.lines()


def test_doesNotLogInAgain(sitting: Sitting) -> None:
    """With one that it has not taken, or when there is no account any more."""
    link = sitting.join()
    sitting.enter("/register s3cret")
    link.send(Refused("password-invalid", "8", "too short"))
    link = again(sitting, link)
    assert "/nick alice" in link.transport.lines()
    link.send(WELCOMED)
    sitting.enter("/register longer-s3cret")
    link.send(Done("registered", "alice", "yes"), Done("unregistered", "alice", "yes"))
    link = again(sitting, link)
    assert "/nick alice" in link.transport.lines()


def test_changedElsewhere(sitting: Sitting) -> None:
    """When the password that was kept is no longer right, it is asked for."""
    link = sitting.join()
    sitting.enter("/register 0ld-s3cret")
    link.send(Done("registered", "alice", "yes"))
    again(sitting, link).send(b"--- Welcome.\r\n", WRONG)
    assert sitting.lines()[-2:] == [ASKED, "password>"]
    sitting.enter("s3cret")
    assert sitting.lines()[-1] == "password>"


def test_evicted(sitting: Sitting) -> None:
    """Whose nickname is somebody else's does not come back by himself."""
    link = sitting.join()
    link.send(Closed(Ending.EVICTED, "", "the owner has come"))
    link.lose()
    assert sitting.lines()[-2:] == ["--- Enter connects again", "offline>"]


def test_passwordOfTheCommandLine() -> None:
    """It is told at once, and told again."""
    sitting = Sitting("alice", password="s3cret")
    link = sitting.world.accept()
    assert "/login alice s3cret" in link.transport.lines()
    link.send(b"--- Welcome.\r\n", LOGGED_IN, WELCOMED)
    link = again(sitting, link)
    assert "/login alice s3cret" in link.transport.lines()
    sitting.chat.terminal.close()


def test_renamingToARegisteredNickname(sitting: Sitting) -> None:
    """Who has a nickname is only told, and what he types next is said."""
    link = sitting.join()
    link.send(Refused("nick-registered", "carol", "carol is registered"))
    assert sitting.lines()[-2:] == ["!!! carol is registered (nick-registered)", "#lobby 2>"]
    sitting.enter("hello")
    assert link.transport.lines() == ["hello"]


@pytest.mark.parametrize("code", ["nick-registered", "wrong-password"])
def test_aStrangeService(sitting: Sitting, code: str) -> None:
    """Who asks for the password of what cannot be an account gets none."""
    link = sitting.connect()
    link.send(Refused(code, "two words", "hm"))
    assert sitting.lines()[-2].startswith("!!! hm")
    assert sitting.lines()[-1].startswith("nickname>")
