"""Tests for L{chat.cli.terminal}: a nickname that is registered."""

from collections.abc import Callable

import pytest
from twisted.internet.error import ConnectionLost

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    FormatSet,
    LanguageSet,
    Refused,
    Renamed,
    Warned,
    Welcomed,
)
from tests.support.clients import Link
from tests.support.samples import AT
from tests.support.sitting import Sitting

ASKED = "--- alice is registered: type its password, or Enter for another nickname"
TYPE_IT = ["--- type the password of alice, or Enter for another nickname", "password>"]
REGISTERED = Refused("nick-registered", "alice", "alice is registered")
WRONG = Refused("wrong-password", "alice", "Wrong password for alice")
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


@pytest.mark.parametrize("verb", ["/register", "/login", "/password", "/登录", "、注册"])
def test_passwordInACommandIsHidden(sitting: Sitting, verb: str) -> None:
    """Neither Up nor Ctrl-Y brings it back."""
    link = sitting.connect()
    link.send(WELCOMED)
    sitting.type(f"{verb} s3cret")
    assert sitting.lines()[-1] == f"#lobby 2> {verb} ******"
    sitting.type("\x15\x19")
    assert sitting.lines()[-1] == "#lobby 2>"
    sitting.enter(f"{verb} s3cret")
    assert link.transport.lines() == [f"{verb} s3cret"]
    sitting.type("\x1b[A\x19")
    assert sitting.lines()[-1] == "#lobby 2>"
    assert b"s3cret" not in sitting.bytes


def test_passwordIsAskedForUntilItIsRight(sitting: Sitting) -> None:
    link = challenged(sitting)
    sitting.enter("wrong")
    link.send(WRONG)
    assert sitting.lines()[-2:] == [
        "!!! Wrong password for alice (wrong-password)",
        "password>",
    ]
    sitting.enter("two words")
    assert "!!! passwords cannot contain spaces" in sitting.lines()
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


def test_anotherNicknameInsteadOfThePassword(sitting: Sitting) -> None:
    """It is not asked for again on the next connection either."""
    link = challenged(sitting)
    sitting.enter("")
    assert sitting.lines()[-1] == "nickname>"
    sitting.enter("bob")
    assert link.transport.lines()[-1] == "/nick bob"
    link = again(sitting, link)
    assert not any("alice" in line for line in link.transport.lines())


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/help", Refused("unknown-command", "/help")),
        ("/nick bob", Refused("nick-taken", "bob")),
        ("/nick b!d", Refused("nick-invalid", "b!d")),
        ("/register s3cret-1", Refused("nick-needed")),
    ],
)
def test_passwordIsAskedForUntilThereIsANickname(
    sitting: Sitting, typed: str, answer: Refused
) -> None:
    link = challenged(sitting)
    sitting.enter(typed)
    link.send(answer)
    sitting.type("s3cret")
    assert sitting.lines()[-1] == "password> ******"
    sitting.enter("")
    assert link.transport.lines() == [typed, "/login alice s3cret"]


def test_commandIsShownWhileThePasswordIsAskedFor(sitting: Sitting) -> None:
    link = challenged(sitting)
    sitting.type("/login alice s3cret")
    assert sitting.lines()[-1] == "password> /login ************"
    sitting.type("\x15/nick bob")
    assert sitting.lines()[-1] == "password> /nick bob"
    sitting.enter("")
    assert link.transport.lines() == ["/nick bob"]
    link.send(Welcomed("#lobby", "bob", ("carol",)))
    assert sitting.lines()[-1] == "#lobby 2>"


@pytest.mark.parametrize(
    "ending", [None, Closed(Ending.REGISTRATION_TIMEOUT), Closed(Ending.SHUTDOWN)]
)
@pytest.mark.parametrize("nick", [None, "alice"])
def test_passwordIsAskedForAcrossALostConnection(
    sit: Callable[..., Sitting], nick: str | None, ending: Closed | None
) -> None:
    """What is typed meanwhile stays hidden, and is sent as a password."""
    sitting = sit(nick)
    link = sitting.world.accept()
    link.send(b"--- Welcome.\r\n", FormatSet("json"), LanguageSet("en"))
    sitting.enter("alice")
    link.send(REGISTERED, *([] if ending is None else [ending]))
    sitting.type("s3c")
    link.lose(ConnectionLost())
    sitting.type("ret")
    assert sitting.lines()[-1].startswith("offline")
    assert sitting.lines()[-1].endswith("> ******")
    sitting.enter("")
    assert sitting.lines()[-1] == "connecting> ******"
    assert "!!! not sent: not connected" in sitting.lines()
    sitting.world.advance(2)
    link = sitting.world.accept()
    assert "/nick alice" in link.transport.lines()
    assert sitting.lines()[-1] == "password> ******"
    link.send(b"--- Welcome.\r\n", REGISTERED)
    assert sitting.lines()[-2:] == [ASKED, "password> ******"]
    sitting.enter("")
    assert link.transport.lines() == ["/login alice s3cret"]
    assert b"s3cret" not in sitting.bytes
    sitting.type("\x19\x1b[A")
    assert "s3cret" not in sitting.lines()[-1]


def test_refusedNicknameIsNotPutIntoAHiddenLine(sitting: Sitting) -> None:
    link = again(sitting, challenged(sitting))
    link.send(b"--- Welcome.\r\n", Refused("nick-taken", "alice", "alice is taken"))
    assert sitting.lines()[-1] == "password>"


@pytest.mark.parametrize("code", ["too-many-attempts", "try-later"])
def test_loginThatIsRefusedForNowIsRepeated(sit: Callable[..., Sitting], code: str) -> None:
    """The password is asked for meanwhile, and the one that the client has is kept."""
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.transport.clear()
    seconds = 20 if code == "too-many-attempts" else 5
    refused = Refused(code, "20" if seconds == 20 else "", "try again")
    for _ in range(2):
        link.send(b"--- Welcome.\r\n", refused)
        assert sitting.lines()[-3:] == [
            f"!!! try again ({code})",
            f"--- logging in as alice again in {seconds} s; press Enter for another nickname",
            "password>",
        ]
        sitting.world.advance(seconds - 1)
        assert link.transport.lines() == []
        sitting.world.advance(1)
        assert link.transport.lines() == ["/login alice s3cret"]
    link.send(LOGGED_IN, WELCOMED)
    assert sitting.lines()[-1] == "#lobby 2>"
    assert "/login alice s3cret" in again(sitting, link).transport.lines()


@pytest.mark.parametrize("code", ["banned", "nick-taken", "nick-confusable", "of-tomorrow"])
def test_loginThatIsRefusedForAnyOtherReasonIsAskedAbout(
    sit: Callable[..., Sitting], code: str
) -> None:
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.send(b"--- Welcome.\r\n", Refused("unknown-language", "en", "so not"))
    assert sitting.lines()[-1] == "logging in>"
    link.send(Refused(code, "alice", "no"))
    assert sitting.lines()[-3:] == [f"!!! no ({code})", *TYPE_IT]
    link.transport.clear()
    sitting.world.advance(1000)
    sitting.enter("0ther")
    assert link.transport.lines() == ["/login alice 0ther"]
    link.send(WRONG)
    # It was not the one that is kept.
    assert "/login alice s3cret" in again(sitting, link).transport.lines()


@pytest.mark.parametrize(
    ("typed", "sent"), [("", []), ("0ther", ["/login alice 0ther"]), ("/nick bob", ["/nick bob"])]
)
def test_repetitionEndsWhenTheUserDoesSomethingElse(
    sit: Callable[..., Sitting], typed: str, sent: list[str]
) -> None:
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.transport.clear()
    link.send(b"--- Welcome.\r\n", Refused("too-many-attempts", "20", "try again"))
    sitting.enter(typed)
    if typed == "/nick bob":
        link.send(Welcomed("#lobby", "bob", ()))
        link.transport.clear()
        sent = []
    sitting.world.advance(1000)
    assert link.transport.lines() == sent


def test_repetitionEndsWithItsConnection(sit: Callable[..., Sitting]) -> None:
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.send(b"--- Welcome.\r\n", Refused("too-many-attempts", "20", "try again"))
    link.lose(ConnectionLost())
    assert sitting.lines()[-1] == "offline, retrying in 1 s>"
    due = [call.getTime() - sitting.world.seconds() for call in sitting.world.getDelayedCalls()]
    # The next attempt to connect.
    assert [0 < seconds < 2 for seconds in due] == [True]


def test_repetitionIsNotDisturbedByWhatElseIsRefused(sit: Callable[..., Sitting]) -> None:
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.send(b"--- Welcome.\r\n", Refused("too-many-attempts", "20", "try again"))
    sitting.enter("/nick b!d")
    link.send(Refused("nick-invalid", "b!d", "no such sign"))
    assert sitting.lines()[-2:] == ["!!! no such sign (nick-invalid)", "password>"]
    link.transport.clear()
    sitting.world.advance(20)
    assert link.transport.lines() == ["/login alice s3cret"]


def test_lineBegunAsAPasswordIsNeverSaid(sit: Callable[..., Sitting]) -> None:
    """The client logs in by itself while the user types."""
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.send(b"--- Welcome.\r\n", Refused("try-later", "", "in a moment"))
    sitting.type("s3c")
    link.send(LOGGED_IN, WELCOMED)
    link.transport.clear()
    sitting.type("ret")
    assert sitting.lines()[-1] == "password> ******"
    sitting.enter("")
    assert link.transport.lines() == []
    assert sitting.lines()[-2:] == [
        "--- not sent: a password is no longer needed",
        "#lobby 2>",
    ]
    sitting.enter("hello")
    assert link.transport.lines() == ["hello"]


def test_nothingIsTakenForANicknameWhileTheClientLogsIn(sit: Callable[..., Sitting]) -> None:
    sitting = sit("alice", password="s3cret")
    link = sitting.world.accept()
    link.transport.clear()
    link.send(b"--- Welcome.\r\n", FormatSet("json"))
    sitting.enter("hello")
    assert sitting.lines()[-2:] == [
        "!!! not sent: not logged in yet",
        "logging in> hello",
    ]
    assert link.transport.lines() == []
    link.send(LOGGED_IN, WELCOMED)
    sitting.enter("")
    # An account may have more commands.
    asked, _ping, *said = link.transport.lines()
    assert (asked, said) == ("/help all", ["hello"])


def test_loginThatIsTypedInsteadOfANicknameIsAskedAbout(sit: Callable[..., Sitting]) -> None:
    sitting = sit(None)
    link = sitting.connect()
    sitting.enter("/login alice wrong")
    link.send(WRONG)
    assert sitting.lines()[-3:] == [
        "!!! Wrong password for alice (wrong-password)",
        *TYPE_IT,
    ]
    link.transport.clear()
    sitting.enter("s3cret")
    assert link.transport.lines() == ["/login alice s3cret"]


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


def test_loginThatIsTypedBeforeThePasswordIsAskedForIsKept(sit: Callable[..., Sitting]) -> None:
    sitting = sit(None)
    link = sitting.connect()
    sitting.enter("alice")
    sitting.enter("/login alice s3cret")
    link.send(REGISTERED, LOGGED_IN, WELCOMED)
    assert "/login alice s3cret" in again(sitting, link).transport.lines()


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
    assert sitting.lines()[-2:] == TYPE_IT
    sitting.enter("s3cret")
    assert sitting.lines()[-1] == "password>"


def test_evictedUserIsAskedForThePassword(sitting: Sitting) -> None:
    """What was half typed comes back afterwards."""
    link = sitting.join()
    sitting.type("half a li")
    link.send(Closed(Ending.EVICTED, "", "the owner has come"))
    link = again(sitting, link)
    link.send(REGISTERED)
    assert sitting.lines()[-2:] == [ASKED, "password>"]
    sitting.enter("s3cret-1")
    link.send(LOGGED_IN, WELCOMED)
    assert sitting.lines()[-1] == "#lobby 2> half a li"


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


# In a room.

ALOUD = Warned("said-aloud", "carol", "Your next line goes to everybody here")
IN_ROOM = [Refused("nick-registered", "carol", "carol is registered"), ALOUD]
TYPE_CAROLS = "--- type the password of carol, or Enter to stay alice"


def askedInRoom(sitting: Sitting, halfTyped: str = "") -> Link:
    """Want the nickname of an account in a room, and begin another line."""
    link = sitting.join()
    sitting.enter("/nick CAROL")
    sitting.type(halfTyped)
    link.send(*IN_ROOM)
    link.transport.clear()
    return link


def test_passwordIsAskedForInARoomAsWell(sitting: Sitting) -> None:
    """No line that may be one is said; the half-typed line comes back afterwards."""
    link = askedInRoom(sitting, "good mor")
    assert sitting.lines()[-3:] == [
        "!!! carol is registered (nick-registered)",
        TYPE_CAROLS,
        "password>",
    ]
    sitting.enter("wrong")
    link.send(Refused("wrong-password", "carol", "Wrong password for carol"), ALOUD)
    assert sitting.lines()[-2:] == ["!!! Wrong password for carol (wrong-password)", "password>"]
    sitting.type("s3cret")
    assert sitting.lines()[-1] == "password> ******"
    sitting.enter("")
    assert link.transport.lines() == ["/login carol wrong", "/login carol s3cret"]
    link.send(Renamed("#lobby", AT, "alice", "carol"), Done("logged-in", "carol", "Logged in."))
    assert sitting.lines()[-1] == "#lobby 2> good mor"
    assert b"s3cret" not in sitting.bytes
    sitting.type("\x15\x1b[A")
    assert sitting.lines()[-1] == "#lobby 2> /nick CAROL"
    # The next connection logs in with it.
    assert "/login carol s3cret" in again(sitting, link).transport.lines()


@pytest.mark.parametrize("keys", ["\r", "\x03", "s3cret\x03", "\x04"])
def test_askingInARoomIsCancelled(sitting: Sitting, keys: str) -> None:
    link = askedInRoom(sitting, "good mor")
    sitting.type(keys)
    assert sitting.lines()[-1] == "#lobby 2> good mor"
    sitting.enter("ning")
    assert link.transport.lines() == ["good morning"]
    assert sitting.ends == []
    sitting.type("\x1b[A\x1b[A\x19")
    assert "s3cret" not in sitting.lines()[-1]
    # The nickname that the user has is the one they come back with.
    assert "/nick alice" in again(sitting, link).transport.lines()


@pytest.mark.parametrize("isLost", [True, False])
def test_answerInARoomThatComesTooLateIsNotSaid(sitting: Sitting, isLost: bool) -> None:
    link = askedInRoom(sitting)
    if isLost:
        sitting.type("s3c")
        link = again(sitting, link)
        link.send(b"--- Welcome.\r\n", FormatSet("json"), LanguageSet("en"), WELCOMED)
    else:
        sitting.enter("first")
        sitting.type("s3c")
        link.send(Refused("too-many-attempts", "20", "Too many wrong passwords"))
    link.transport.clear()
    sitting.enter("ret")
    assert sitting.lines()[-2:] == ["--- not sent: a password is no longer needed", "#lobby 2>"]
    sitting.enter("hello")
    assert link.transport.lines() == ["hello"]


def test_commandEndsTheQuestionInARoom(sitting: Sitting) -> None:
    link = askedInRoom(sitting, "good mor")
    sitting.enter("/nick dave")
    assert link.transport.lines() == ["/nick dave"]
    assert sitting.lines()[-1] == "#lobby 2> good mor"


def test_interruptClearsAPasswordBeforeItLeaves(sitting: Sitting) -> None:
    challenged(sitting)
    sitting.type("s3cret\x03")
    assert sitting.lines()[-1] == "password>"
    assert not sitting.chat._isLeaving
