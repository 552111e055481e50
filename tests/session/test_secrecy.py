"""Passwords appear nowhere: in nothing that is sent, stored or logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import LogEvent, capturedLogs, eventAsText

from chat.credentials.authenticator import PortalAuthenticator
from chat.credentials.passwords import Hashing
from chat.store.memory import MemoryLedger
from chat.vocabulary.commands import Login, Password, Register
from chat.vocabulary.events import Line
from chat.vocabulary.records import Account, RoomRecord
from chat.vocabulary.verbs import parse
from tests.support.credentials import CountingHasher
from tests.support.doubles import HandPeer
from tests.support.hubs import AT
from tests.support.service import Service

T = TypeVar("T")

REGISTERED = "tr0ub4dor-and-3"
CHANGED = "correct-horse-battery"
WRONG = "incorrect-horse"
TYPED = "incorrect donkey"
SLASHED = "/incorrect-mule"
TWICE_SLASHED = "//incorrect-goat"
SHORT = "sh0rt"
KEY = "sesame-street"

SECRETS = (REGISTERED, CHANGED, WRONG, TYPED, SLASHED, TWICE_SLASHED, SHORT, KEY)


class InstantHashing(Hashing):
    """
    Hashes at once, in this thread.
    """

    def _inThread(self, work: Callable[[], T], origin: str, isKnown: bool) -> Deferred[T]:
        return succeed(work())


class Watched(Service):
    """
    A service with real accounts, which keeps everything that could be seen of it.

    @ivar told: Every line that was sent.
    @ivar said: Every line that was recorded.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.said: list[Line] = []
        super().__init__(recorders=[self], operators=["carol"], motd="Be kind.")
        clock: Any = self.reactor
        hashing = InstantHashing(clock, CountingHasher())
        self.server.authenticator = PortalAuthenticator(
            self.server.accounts, hashing, clock, lambda function, *_: succeed(function())
        )

    def append(self, event: Line) -> None:
        self.said.append(event)

    def heard(self, peer: HandPeer) -> list[str]:
        lines = super().heard(peer)
        self.told += lines
        return lines

    def kept(self) -> list[object]:
        """
        @return: The history, and the records.
        """
        rooms = ("#lobby", "#dev")
        lines = [self.server.history.recent(room, 1000).result for room in rooms]
        ledger = self.server.hub.directory._ledger
        assert isinstance(ledger, MemoryLedger)
        return [*lines, *ledger._records.values()]


def seen(logged: Sequence[LogEvent]) -> list[str]:
    """
    @return: What the log shows, with the tracebacks of failures.
    """
    return [
        text
        for event in logged
        for text in (eventAsText(event), *map(repr, event.values()), str(event.get("log_failure")))
    ]


def requireNone(texts: list[str]) -> None:
    found = [(secret, text) for text in texts for secret in SECRETS if secret in text]
    assert found == []


@pytest.fixture
def service() -> Iterator[Watched]:
    service = Watched()
    yield service
    service.close()


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_noPasswordIsSeen(service: Watched, format: str, language: str) -> None:
    choice = (f"/format {format}", f"/lang {language}")

    def connect(*lines: str) -> HandPeer:
        peer = service.connect(*choice, *lines)
        peers.append(peer)
        return peer

    peers: list[HandPeer] = []
    with capturedLogs() as logged:
        connect("bob")
        connect("carol", f"/register {SHORT}", f"/register {REGISTERED}", "hello")
        alice = connect("alice", f"/register {REGISTERED}", f"/register {CHANGED}", "/me waves")
        service.say(
            alice, f"/password {SHORT}", f"/password {CHANGED}", "/sessions", "/whois alice"
        )
        service.say(alice, "/join #dev", f"/mode key {KEY}", "/mode", "hello")
        connect("dave", f"/join #dev {KEY}", "/join #dev wrong", f"/login alice {WRONG}")
        service.reactor.turn(60)
        # Typed after a challenge, with blanks and slashes in it, until it is the right one.
        connect("alice", TYPED, SLASHED, f" {CHANGED} ", "/me is here", "/quit")
        connect("alice", TWICE_SLASHED, "/quit")
        service.reactor.turn(60)
        connect("alice", WRONG, f"/nick {REGISTERED[:3]}x", "/quit")
        # Too often.
        connect(*[f"/login nobody {WRONG}"] * 3, f"/login nobody {CHANGED}", f"/login {CHANGED}")
        connect("alice", CHANGED, f"/register {WRONG}", f"/login {WRONG}", f"/login alice {WRONG}")
        # With blanks where there must not be any.
        connect("erin", f"/register {REGISTERED} {CHANGED}", f"/login a {REGISTERED} {CHANGED}")
        connect(f"/login nobody {WRONG}", f"/password {CHANGED}", f"/register {CHANGED}")
        # A guest logs in, and becomes a further session of the user of the account.
        service.reactor.turn(60)
        connect("guest", f"/login alice {CHANGED}", "/unregister alice")
        for peer in peers:
            service.heard(peer)
        for peer in peers:
            peer.close()
        service.reactor.turn()
    # Everything above has happened.
    assert len(service.said) == 4
    told = "\n".join(service.told)
    for code in ("wrong-password", "too-many-attempts", "password-invalid", "nick-registered"):
        assert code in told
    assert any("wrong password" in eventAsText(event) for event in logged)
    requireNone(service.told)
    requireNone(seen(logged))
    requireNone(list(map(repr, service.said + service.kept())))


class Broken(Exception):
    """An unexpected exception."""


def _raise(*_: Any) -> Any:
    raise Broken


@pytest.mark.parametrize("answer", [_raise, lambda *_: fail(Broken())])
@pytest.mark.parametrize("line", ["/login alice {}", "/register {}", "/password {}"])
def test_noPasswordIsSeenWhereSomethingIsBroken(
    service: Watched, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any], line: str
) -> None:
    peer = service.connect("alice", f"/register {REGISTERED}")
    if line.startswith("/register"):
        peer = service.connect("bob")
    for name in ("login", "secretFor"):
        monkeypatch.setattr(service.server.authenticator, name, answer)
    with capturedLogs() as logged:
        service.say(peer, line.format(CHANGED))
        service.heard(peer)
    assert any("log_failure" in event for event in logged)
    assert peer.isEnded or service.told[-1].endswith("(internal-error)")
    requireNone(service.told)
    requireNone(seen(logged))


def test_noPasswordIsSeenWhereTheDiskFails(
    service: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryLedger, "put", lambda *_: Deferred())
    with capturedLogs() as logged:
        peer = service.connect("alice", f"/register {REGISTERED}", f"/password {CHANGED}")
        service.connect("alice", WRONG, CHANGED)
        service.heard(peer)
    requireNone(service.told)
    requireNone(seen(logged))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/register {}", Register(REGISTERED)),
        ("/password {}", Password(REGISTERED)),
        ("/login {}", Login("", REGISTERED)),
        ("/login alice {}", Login("alice", REGISTERED)),
    ],
)
def test_aCommandDoesNotShowItsPassword(line: str, command: object) -> None:
    parsed = parse(line.format(REGISTERED))
    assert parsed == command
    requireNone([repr(parsed), str(parsed), f"{parsed}"])


def test_aRecordDoesNotShowItsPassword() -> None:
    account = Account("alice", "alice", AT + timedelta(1), REGISTERED)
    room = RoomRecord("#dev", password=KEY)
    assert REGISTERED in astuple(account)
    requireNone([repr(account), str(account), repr(room), str(room)])
