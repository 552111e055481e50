"""Tests for L{chat.cli.passwords}."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chat.cli.input import commandIn
from chat.cli.passwords import KeptPassword, passwordIn
from chat.client.protocol import ChatFactory
from chat.vocabulary.events import Done, Event, Noticed, Refused


@pytest.mark.parametrize(
    "text",
    [
        "/register s3cret",
        "/REGISTER s3cret",
        "/login s3cret",
        "/login alice s3cret",
        "/password s3cret",
        "/passwd s3cret",
        "/注册 s3cret",
        "/登录 alice s3cret",
        "/密码 s3cret",
        "／login s3cret",
        "、注册 s3cret",
        "、 login alice s3cret",
        "・login s3cret",
        "\\login s3cret",
        ".ｐａｓｓｗｏｒｄ s3cret",
        # A slip: the line is said, but Up need not find it as well.
        " /login s3cret",
        "/login two words and more",
        "/login s3cret\nand pasted",
        "/login s3cret ",
        "//login s3cret",
        "/登录　s3cret",
    ],
)
def test_passwordIsFoundWithAllArguments(text: str) -> None:
    start = passwordIn(text)
    assert start is not None
    assert text[start - 1].isspace()
    assert text[start:].startswith(("s3cret", "alice", "two"))


@pytest.mark.parametrize("text", ["/register", "/register ", "、登录  "])
def test_passwordIsStillToCome(text: str) -> None:
    assert passwordIn(text) == len(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "/", "hello", "register s3cret", "//register", "/nick alice", "/regist x"],
)
def test_otherLinesHaveNone(text: str) -> None:
    assert passwordIn(text) is None


class Passwords:
    """A kept password, and what was typed and answered."""

    def __init__(self, account: str | None = None, password: str | None = None) -> None:
        self._factory = ChatFactory(nick="alice", password=password)
        self._factory.account = account
        self.keeping = KeptPassword(self._factory, Clock())
        self._client = self._factory.buildProtocol(None)
        self._client.roster.nick = "alice"

    def after(self, line: str, event: Event, nick: str | None = "alice") -> tuple[object, object]:
        """@return: account and password, after a line was sent and an event heard."""
        self.keeping.entered(commandIn(line), nick)
        self.keeping.heard(event, self._client)
        return self._factory.account, self._factory.password


REGISTERED, LOGGED_IN = Done("registered", "alice"), Done("logged-in", "alice")


def test_acceptedPasswordIsKept() -> None:
    assert Passwords().after("/register s3cret", REGISTERED) == ("alice", "s3cret")
    assert Passwords().after("/login s3cret", LOGGED_IN) == ("alice", "s3cret")
    assert Passwords().after("/登录 bob s3cret", LOGGED_IN, None) == ("bob", "s3cret")


def test_changedPasswordKeepsItsAccount() -> None:
    """The nickname may be another one by then."""
    kept = Passwords("alice", "0ld")
    assert kept.after("/password s3cret", Done("password-changed"), "ally") == ("alice", "s3cret")


@pytest.mark.parametrize(
    "event",
    [
        Refused("wrong-password", "alice"),
        Refused("password-invalid", "8-128"),
        Refused("too-many-attempts", "20"),
        Refused("nick-registered", "alice"),
    ],
)
def test_refusedPasswordIsNotKept(event: Event) -> None:
    """It is not kept when another one is accepted later either; an old one stays."""
    kept = Passwords()
    assert kept.after("/login s3cret", event) == (None, None)
    assert kept.after("hi", LOGGED_IN) == (None, None)
    assert Passwords("alice", "0ld").after("/password s3cret", event) == ("alice", "0ld")


def test_unansweredPasswordIsNotKept() -> None:
    assert Passwords().after("/register s3cret", Noticed("hm")) == (None, None)
    assert Passwords().after("/register s3cret", Refused("unknown-command", "/x")) == (None, None)


@pytest.mark.parametrize("line", ["hi", "/register", "/login a b c", "//login x", "/、login x"])
def test_lineThatTheServiceRefusesKeepsNothing(line: str) -> None:
    assert Passwords().after(line, LOGGED_IN) == (None, None)


def test_passwordIsForgottenWithItsAccountOrOnRequest() -> None:
    assert Passwords("alice", "s3cret").after("/unregister", Done("unregistered")) == (None, None)
    kept = Passwords("alice", "s3cret")
    kept.keeping.telling("alice", "s3cret")
    kept.keeping.forget()
    assert kept.after("hi", LOGGED_IN) == (None, None)


def test_passwordIsInNoRepresentation() -> None:
    kept = Passwords()
    kept.after("/register s3cret", REGISTERED)
    assert "s3cret" not in repr(vars(kept))
