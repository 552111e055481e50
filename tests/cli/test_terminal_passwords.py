"""Tests for L{chat.cli.terminal}: a nickname that is registered."""

from collections.abc import Callable

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


def challenged(sitting: Sitting) -> Link:
    """Connect, and hear that the nickname is registered."""
    link = sitting.connect()
    link.send(REGISTERED)
    return link


def again(sitting: Sitting, link: Link) -> Link:
    """@return: the next connection, after this one is lost."""
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    return sitting.world.accept()


def test_passwordIsAskedForAndHidden(sitting: Sitting) -> None:
    """The client asks in its own words; the password cannot be recalled afterwards."""
    link = challenged(sitting)
    assert sitting.lines()[-2:] == [ASKED, "password>"]
    sitting.type("s3cret")
    assert sitting.lines()[-1] == "password> ******"
    sitting.enter("")
    assert link.transport.lines() == ["/login alice s3cret"]
    link.send(LOGGED_IN, WELCOMED)
    assert sitting.lines()[-1] == "#lobby 2>"
    assert b"s3cret" not in sitting.bytes
    # It cannot be recalled.
    sitting.type("\x1b[A")
    assert sitting.lines()[-1] == "#lobby 2>"


def test_passwordIsAskedForUntilItIsRight(sitting: Sitting) -> None:
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


@pytest.mark.parametrize("password", ["//s3cret-1", "/sesame", "/register"])
def test_passwordMayLookLikeACommand(sitting: Sitting, password: str) -> None:
    link = challenged(sitting)
    sitting.enter(password)
    assert link.transport.lines() == [f"/login alice {password}"]
    link.send(LOGGED_IN, WELCOMED)
    # It is the one that is kept.
    assert f"/login alice {password}" in again(sitting, link).transport.lines()


@pytest.mark.parametrize("typed", ["", "/help"])
def test_anotherNicknameInsteadOfThePassword(sitting: Sitting, typed: str) -> None:
    link = challenged(sitting)
    sitting.enter(typed)
    assert sitting.lines()[-1] == "nickname>"
    sitting.enter("bob")
    assert link.transport.lines()[-1] == "/nick bob"


def test_commandIsShownWhileThePasswordIsAskedFor(sitting: Sitting) -> None:
    link = challenged(sitting)
    sitting.type("/nick bob")
    assert sitting.lines()[-1] == "password> /nick bob"
    sitting.enter("")
    assert link.transport.lines() == ["/nick bob"]
    assert sitting.lines()[-1] == "nickname>"


def test_halfTypedPasswordGoesWhenItIsNoLongerAskedFor(sitting: Sitting) -> None:
    link = challenged(sitting)
    sitting.type("s3cr")
    link.lose(ConnectionLost())
    assert sitting.lines()[-1] == "offline>"
    sitting.type("\x19\x1b[A")
    assert sitting.lines()[-1] == "offline>"


@pytest.mark.parametrize("key", ["\x15", "\x03", "\x1b[A", "\x1b[B", "\t"])
def test_noKeyKeepsOrBringsBackAPassword(sitting: Sitting, key: str) -> None:
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
def test_lineWithAPasswordIsNotRecalled(sitting: Sitting, line: str) -> None:
    link = sitting.join()
    sitting.enter("hello")
    sitting.enter(line)
    assert link.transport.lines() == ["hello", line]
    sitting.type("\x1b[A")
    assert sitting.lines()[-1] == "#lobby 2> hello"


@pytest.mark.parametrize("code", ["registered", "logged-in", "password-changed"])
def test_logsInAgainWithTheAcceptedPassword(sitting: Sitting, code: str) -> None:
    verb = {"registered": "register", "logged-in": "login"}.get(code, "password")
    link = sitting.join()
    sitting.enter(f"/{verb} s3cret")
    link.send(Done(code, "alice", "yes"))
    link = again(sitting, link)
    assert "/login alice s3cret" in link.transport.lines()


def test_doesNotLogInAgainWithoutAnAcceptedPassword(sitting: Sitting) -> None:
    """It was refused, or the account is gone."""
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


def test_passwordChangedElsewhereIsAskedFor(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.enter("/register 0ld-s3cret")
    link.send(Done("registered", "alice", "yes"))
    again(sitting, link).send(b"--- Welcome.\r\n", WRONG)
    assert sitting.lines()[-2:] == [ASKED, "password>"]
    sitting.enter("s3cret")
    assert sitting.lines()[-1] == "password>"


def test_evictedUserWaitsForEnter(sitting: Sitting) -> None:
    link = sitting.join()
    link.send(Closed(Ending.EVICTED, "", "the owner has come"))
    link.lose()
    assert sitting.lines()[-2:] == ["--- Enter connects again", "offline>"]


def test_givenPasswordIsSentOnEveryConnection(sit: Callable[..., Sitting]) -> None:
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    assert "/login alice s3cret" in link.transport.lines()
    link.send(b"--- Welcome.\r\n", LOGGED_IN, WELCOMED)
    link = again(sitting, link)
    assert "/login alice s3cret" in link.transport.lines()


def test_registeredNicknameIsNotAskedForOnceInTheRoom(sitting: Sitting) -> None:
    """The refusal is shown, and the next line is said."""
    link = sitting.join()
    link.send(Refused("nick-registered", "carol", "carol is registered"))
    assert sitting.lines()[-2:] == ["!!! carol is registered (nick-registered)", "#lobby 2>"]
    sitting.enter("hello")
    assert link.transport.lines() == ["hello"]


@pytest.mark.parametrize("code", ["nick-registered", "wrong-password"])
def test_noPasswordIsAskedForWhatCannotBeAnAccount(sitting: Sitting, code: str) -> None:
    link = sitting.connect()
    link.send(Refused(code, "two words", "hm"))
    assert sitting.lines()[-2].startswith("!!! hm")
    assert sitting.lines()[-1].startswith("nickname>")
