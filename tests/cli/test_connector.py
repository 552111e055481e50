"""Tests for L{chat.cli.connector}, L{chat.cli.reasons} and L{chat.cli.target}."""

from pathlib import Path
from typing import Any, cast

import pytest
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IHostnameResolver,
    IHostResolution,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from chat.cli.connector import ANSWER_WITHIN, LONGEST_PAUSE, Connector
from chat.cli.reasons import Reasons
from chat.cli.target import Target, endpointFor
from chat.client.protocol import ChatClient, ChatFactory
from chat.vocabulary.events import FormatSet, Welcomed
from chat.vocabulary.i18n import LANGUAGES, translation
from tests.support.clients import World


class Owner:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.finals: list[bool] = []
        self.clients: list[ChatClient] = []

    def reported(self, text: str) -> None:
        self.told.append(text)

    def connected(self, client: ChatClient) -> None:
        self.clients.append(client)

    def disconnected(self, client: ChatClient, why: str) -> None:
        assert client is self.clients[-1]
        self.told.append(why)

    def failed(self, why: str, isFinal: bool) -> None:
        self.told.append(why)
        self.finals.append(isFinal)

    def take(self) -> list[str]:
        told, self.told = self.told, []
        return told


@implementer(IHostnameResolver)
class TwoAddresses:
    """Finds two addresses of everything, at once."""

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: object = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        resolution = cast("IHostResolution", None)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(IPv6Address("TCP", "::1", portNumber))
        resolutionReceiver.addressResolved(IPv4Address("TCP", "127.0.0.1", portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution


def start(target: Target | None = None, jitter: float = 1.0) -> tuple[World, Owner, Connector]:
    world, owner = World(), Owner()
    target = target or Target(path="/socket")
    connector = Connector(
        world,
        target,
        ChatFactory(),
        owner,
        Reasons(target, translation("en")),
        lambda: jitter,
    )
    connector.connect()
    return world, owner, connector


def test_unix() -> None:
    """It connects to a unix socket, and tells so."""
    world, owner, connector = start()
    assert owner.take() == ["connecting to /socket"]
    assert world.unixClients[0][0] == "/socket"
    link = world.accept()
    assert owner.clients == [link.client]
    assert connector.client is link.client
    assert link.transport.lines() == ["/format json"]


def test_eachAddressIsTold() -> None:
    """A name is looked up, and its addresses are tried one after the other."""
    target = Target("chat.example", 8080)
    world, owner = World(), Owner()
    connector = Connector(world, target, ChatFactory(), owner, Reasons(target, translation("en")))
    world.nameResolver = TwoAddresses()
    connector.connect()
    assert owner.take() == ["looking up chat.example", "connecting to [::1]:8080"]
    world.refuse(error.ConnectionRefusedError())
    world.advance(0.1)
    assert owner.take() == ["connecting to 127.0.0.1:8080"]
    world.refuse(error.ConnectionRefusedError())
    world.advance(0.1)
    assert owner.take() == ["chat.example:8080 refuses: nothing listens there"]


@pytest.mark.parametrize(
    ("exception", "words"),
    [
        (error.ConnectionRefusedError(), "refuses"),
        (error.TimeoutError(), "timed out"),
        (error.NoRouteError(), "no route"),
        (error.DNSLookupError(), "no host localhost"),
        (error.ConnectError(2, "No such file or directory"), "No such file or directory"),
        (error.ConnectError(string="odd"), "odd"),
    ],
)
def test_failures(exception: Exception, words: str) -> None:
    """Each failure has its words."""
    world, owner, _ = start()
    world.refuse(exception)
    assert words in owner.take()[-1]
    assert owner.finals == [False]


def test_growingPauses() -> None:
    """Each further attempt waits twice as long, up to a minute, and says how long."""
    world, owner, connector = start()
    pauses = []
    for _ in range(9):
        world.refuse(error.ConnectionRefusedError())
        connector.retry()
        connector.retry()
        before, attempts = world.seconds(), world.attempts
        assert owner.take()[-1].startswith("reconnecting in ")
        while world.attempts == attempts:
            world.advance(0.5)
        pauses.append(world.seconds() - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE]


def test_jitter() -> None:
    """Not everybody comes back at once."""
    world, owner, connector = start(jitter=0.0)
    for _ in range(3):
        world.refuse(error.ConnectionRefusedError())
        connector.retry()
        world.advance(60)
    world.refuse(error.ConnectionRefusedError())
    connector.retry()
    assert owner.take()[-1] == "reconnecting in 4 s"


def test_pausesBeginAnew() -> None:
    """When it has worked, the next pause is short; being let in only is not enough."""
    world, owner, connector = start()
    for welcome in (False, True):
        for _ in range(4):
            world.refuse(error.ConnectionRefusedError())
            connector.retry()
            world.advance(60)
        link = world.accept()
        link.send(FormatSet("json"))
        if welcome:
            link.send(Welcomed("#lobby", "alice"))
        link.lose()
        connector.retry()
        expected = 1 if welcome else 16
        assert owner.take()[-1] == f"reconnecting in {expected} s"
        world.advance(expected)


def test_lost() -> None:
    """A connection that worked and ends is told with the reason."""
    world, owner, connector = start()
    link = world.accept()
    link.send(FormatSet("json"))
    owner.take()
    link.lose()
    assert owner.take() == ["disconnected: /socket has closed the connection"]
    assert connector.client is None
    connector.connect()
    link = world.accept()
    link.send(FormatSet("json"))
    owner.take()
    link.lose(error.ConnectionLost("reset"))
    (told,) = owner.take()
    assert told.startswith("disconnected: the connection is lost (")
    assert "reset" in told


def test_silent() -> None:
    """Who does not speak JSON in time is no chat service."""
    world, owner, connector = start()
    link = world.accept()
    link.send(b"220 mail.example ESMTP\r\n")
    world.advance(ANSWER_WITHIN)
    assert link.transport.aborted
    link.lose(error.ConnectionAborted())
    assert owner.take()[-1] == "/socket does not answer as a chat service does"
    assert owner.finals == [False]
    assert connector.client is None


def test_answers() -> None:
    """Who does is left alone."""
    world, _, _ = start()
    link = world.accept()
    link.send(FormatSet("json"))
    world.advance(ANSWER_WITHIN)
    assert not link.transport.aborted


def test_closedWithoutAWord() -> None:
    """A connection that ends before it was understood has failed."""
    world, owner, _ = start()
    world.accept().lose()
    assert owner.take()[-1] == "/socket has closed the connection without a word"
    assert owner.finals == [False]


@pytest.mark.parametrize(("code", "pauses"), [("too-many-nameless", [1, 2, 4]), ("x", [1, 2, 4])])
def test_turnedAway(code: str, pauses: list[int]) -> None:
    """Why is told, and each further attempt waits longer."""
    world, owner, connector = start()
    for pause in pauses:
        link = world.accept()
        link.send(f"!!! nein ({code})\r\n".encode())
        link.lose()
        assert owner.take()[-1].endswith(f"({code})")
        assert owner.finals.pop() is False
        connector.retry()
        assert owner.take() == [f"reconnecting in {pause} s"]
        world.advance(pause)


def test_connectingTooFast() -> None:
    """A minute is waited, and more; for another reason after that no longer than usual."""
    world, owner, connector = start()
    for pause in (61, 62, 64):
        link = world.accept()
        link.send(b"!!! x (connecting-too-fast)\r\n")
        link.lose(error.ConnectionLost())
        connector.retry()
        assert owner.take()[-2:] == [
            "your address connects too often; try again in a minute (connecting-too-fast)",
            f"reconnecting in {pause} s",
        ]
        world.advance(pause)
    world.refuse(error.ConnectionRefusedError())
    connector.retry()
    assert owner.take()[-1] == "reconnecting in 8 s"


@pytest.mark.parametrize(
    "line", ["!!! no code", "--- no (warning)", "!!! (x)", "!!! x (X)", "!!! x (a) y", "!!! x (a-)"]
)
def test_noReason(line: str) -> None:
    """Not everything that is said before the end is one."""
    world, owner, _ = start()
    link = world.accept()
    link.send(line.encode() + b"\r\n")
    link.lose()
    assert owner.take()[-1] == "/socket has closed the connection without a word"


def test_stop() -> None:
    """No more attempts: neither one that waits nor one that is on its way."""
    world, owner, connector = start()
    world.refuse(error.ConnectionRefusedError())
    connector.retry()
    connector.stop()
    world.advance(100)
    assert world.attempts == 1
    connector.connect()
    connector.connect()
    assert world.attempts == 2
    owner.take()
    connector.stop()
    assert world.connectors[-1].stoppedConnecting
    assert owner.take() == []


def test_connectNow() -> None:
    """One need not wait for the pause to end."""
    world, _, connector = start()
    world.refuse(error.ConnectionRefusedError())
    connector.retry()
    connector.connect()
    assert world.attempts == 2
    world.advance(100)
    assert world.attempts == 2


def reject(exception: Exception, tls: bool = True) -> tuple[str, bool]:
    target = Target("chat.example", 8080, tls=tls)
    return Reasons(target, translation("en")).rejected(Failure(exception))


def test_certificates() -> None:
    """A certificate that will not do will not do later either, and it says what can be done."""
    untrusted = SSL.Error([("SSL routines", "", "certificate verify failed")])
    assert reject(untrusted) == (
        "TLS failed: the certificate of chat.example is not trusted"
        " (--ca FILE trusts one, --insecure trusts any)",
        True,
    )
    assert reject(VerificationError([])) == (
        "TLS failed: the certificate is not for chat.example",
        True,
    )
    assert reject(SSL.Error([("SSL routines", "", "wrong version number")])) == (
        "TLS failed: wrong version number",
        False,
    )
    assert "without a word" in reject(error.ConnectionDone())[0]
    assert "without a word" in reject(untrusted, tls=False)[0]


def test_authority(tmp_path: Path) -> None:
    """A file without certificates is found out before the first attempt, for good."""
    file = tmp_path / "ca.pem"
    for content in (None, "nothing"):
        if content is not None:
            file.write_text(content)
        world, owner, _ = start(Target("localhost", 1, tls=True, authority=str(file)))
        assert world.attempts == 0
        assert owner.take()[-1].startswith("cannot connect to localhost:1: ")
        assert owner.finals == [True]


def test_hostname() -> None:
    """Neither is a host that cannot be one tried twice."""
    _, owner, _ = start(Target("a" * 300, 1))
    assert owner.take()[-1].startswith("cannot connect to ")
    assert owner.finals == [True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everyLanguage(language: str) -> None:
    """The phrases can be formatted in every language."""
    target = Target("chat.example", 8080, tls=True)
    reasons = Reasons(target, translation(language))
    spoken: list[Any] = [
        reasons.lookingUp(),
        reasons.connecting("::1"),
        reasons.reconnecting(3),
        reasons.silent(),
        reasons.unusable(ValueError("x")),
        reasons.lost(Failure(error.ConnectionDone())),
        reasons.lost(Failure(error.ConnectionLost())),
        reasons.rejected(Failure(error.ConnectionDone()))[0],
        reasons.failed(Failure(error.TimeoutError()))[0],
    ]
    assert all(spoken)
    assert not any("{" in phrase for phrase in spoken)


def test_endpoints() -> None:
    """TLS, with any certificate or with trusted ones, is a wrapped endpoint."""
    world = World()
    for target in (
        Target(),
        Target(path="/socket"),
        Target(tls=True),
        Target(tls=True, insecure=True),
    ):
        assert verifyObject(IStreamClientEndpoint, endpointFor(world, target, lambda _: None))
