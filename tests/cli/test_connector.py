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
from twisted.logger import LogEvent, Logger, LogLevel
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from chat.cli.connector import ANSWER_WITHIN, LONGEST_PAUSE, Connector, Frontend, RelayClient
from chat.cli.options import ClientOptions
from chat.cli.reasons import Reasons
from chat.cli.target import Target, endpointFor
from chat.vocabulary.events import Event, FormatSet, Welcomed
from chat.vocabulary.i18n import LANGUAGES, translation
from tests.support.clients import World


class Onlooker(Frontend):
    """
    Remembers what it is told.

    @ivar retries: whether it wants another attempt when one has failed.
    """

    def __init__(self) -> None:
        self.connector: Connector = cast("Connector", None)
        self.told: list[str] = []
        self.pauses: list[int] = []
        self.hopeless: list[bool] = []
        self.clients: list[RelayClient] = []
        self.retries = False

    def statusChanged(self) -> None:
        if (pause := self.connector.pause) is not None:
            self.pauses.append(pause)

    def connected(self, client: RelayClient) -> None:
        self.clients.append(client)

    def disconnected(self, client: RelayClient, why: str) -> bool:
        assert client is self.clients[-1]
        self.told.append(why)
        return self.retries

    def failed(self, why: str, isHopeless: bool) -> bool:
        self.told.append(why)
        self.hopeless.append(isHopeless)
        return self.retries

    def heard(self, client: RelayClient, event: Event) -> None:
        pass

    def heardText(self, line: str) -> None:
        pass

    def take(self) -> list[str]:
        told, self.told = self.told, []
        return told

    def paused(self) -> int:
        """How many seconds the newest pause takes."""
        pauses, self.pauses = self.pauses, []
        return max(pauses)


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


class NoAnswer(TwoAddresses):
    """Still looks for the addresses."""

    def resolveHostName(
        self, resolutionReceiver: IResolutionReceiver, *arguments: object, **keywords: object
    ) -> IHostResolution:
        return cast("IHostResolution", None)


def start(
    target: Target | None = None, jitter: float = 1.0, resolver: TwoAddresses | None = None
) -> tuple[World, Onlooker, Connector]:
    world, frontend = World(), Onlooker()
    world.nameResolver = resolver or TwoAddresses()
    options = ClientOptions(target or Target(path="/socket"), None, "en", False, False)
    connector = frontend.connector = Connector(world, options, frontend, lambda: jitter)
    connector.start()
    return world, frontend, connector


def test_unixSocketIsConnectedTo() -> None:
    world, frontend, connector = start()
    assert connector.isConnecting
    assert world.unixClients[0][0] == "/socket"
    link = world.accept()
    assert frontend.clients == [link.client]
    assert connector.client is link.client
    assert not connector.isConnecting
    assert link.transport.lines() == ["/format json", "/lang en"]


def test_addressesOfANameAreTriedOneAfterTheOther() -> None:
    world, frontend, _ = start(Target("chat.example", 8080))
    for address in ("::1", "127.0.0.1"):
        assert world.tcpClients[-1][:2] == (address, 8080)
        world.refuse(error.ConnectionRefusedError())
        world.advance(0.1)
    assert frontend.take() == ["connection to chat.example:8080 refused (is the server running?)"]


@pytest.mark.parametrize(
    ("exception", "words"),
    [
        (
            error.ConnectionRefusedError(),
            "connection to /socket refused (is the server running?)",
        ),
        (error.TimeoutError(), "/socket does not answer"),
        (error.NoRouteError(), "no route to /socket (are you online?)"),
        (error.DNSLookupError(), "host localhost not found"),
        (error.ConnectError(2, "X"), "/socket does not exist (is the server running?)"),
        (error.ConnectError(13, "X"), "no permission to connect to /socket"),
        (error.ConnectError(113, "X"), "no route to /socket (are you online?)"),
        (error.ConnectError(105, "X"), "cannot connect to /socket (ENOBUFS)"),
        (error.ConnectError(string="X"), "cannot connect to /socket (ConnectError)"),
        (error.ConnectBindError(string="X"), "cannot connect to /socket (ConnectBindError)"),
    ],
)
def test_eachFailureHasItsWords(exception: Exception, words: str) -> None:
    """Those of Twisted and of the C library are not shown."""
    world, frontend, _ = start()
    world.refuse(exception)
    assert frontend.take() == [words]
    assert frontend.hopeless == [True]


def test_aServiceThatWasReachedIsNeverHopeless() -> None:
    world, frontend, _ = start()
    frontend.retries = True
    link = world.accept()
    link.send(FormatSet("json"))
    link.lose()
    for _ in range(2):
        world.advance(100)
        world.refuse(error.ConnectionRefusedError())
    assert frontend.hopeless == [False, False]


def test_aMistakeInTellingAFailureIsLogged() -> None:
    world, frontend, connector = start()
    logged: list[LogEvent] = []
    connector._log = Logger(observer=logged.append)
    del frontend.hopeless
    world.refuse(error.ConnectionRefusedError())
    assert [event["log_level"] for event in logged] == [LogLevel.critical]


# The next attempt.


def test_noAttemptFollowsUnlessTheFrontendWantsOne() -> None:
    world, frontend, connector = start()
    for attempts in (1, 2):
        world.refuse(error.ConnectionRefusedError())
        world.advance(100)
        assert world.attempts == attempts
        connector.start()
    link = world.accept()
    link.send(FormatSet("json"))
    link.lose()
    world.advance(100)
    assert world.attempts == 3
    assert frontend.take()[-1] == "/socket closed the connection"
    assert world.getDelayedCalls() == []
    connector.start()
    assert world.attempts == 4


def test_pausesGrowToAMinute() -> None:
    world, frontend, _ = start()
    frontend.retries = True
    pauses = []
    for _ in range(9):
        world.refuse(error.ConnectionRefusedError())
        before, attempts = world.seconds(), world.attempts
        while world.attempts == attempts:
            world.advance(0.5)
        pauses.append(world.seconds() - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE]


def test_jitterShortensAPause() -> None:
    world, frontend, connector = start(jitter=0.0)
    frontend.retries = True
    for _ in range(3):
        world.refuse(error.ConnectionRefusedError())
        world.advance(60)
    world.refuse(error.ConnectionRefusedError())
    assert connector.pause == 4


def test_aPauseIsCountedDown() -> None:
    world, frontend, connector = start()
    frontend.retries = True
    for _ in range(3):
        frontend.pauses.clear()
        world.refuse(error.ConnectionRefusedError())
        world.pump([0.5] * 8)
    assert frontend.pauses == [4, 3, 2, 1]
    assert connector.pause is None
    assert connector.isConnecting
    world.refuse(error.ConnectionRefusedError())
    connector.stop()
    assert connector.pause is None
    assert world.getDelayedCalls() == []


def test_aNicknameMakesTheNextPauseShort() -> None:
    """A connection that has been made only does not."""
    world, frontend, connector = start()
    frontend.retries = True
    for welcome in (False, True):
        for _ in range(4):
            world.refuse(error.ConnectionRefusedError())
            world.advance(60)
        link = world.accept()
        link.send(FormatSet("json"))
        if welcome:
            link.send(Welcomed("#lobby", "alice"))
        link.lose()
        expected = 1 if welcome else 16
        assert connector.pause == expected
        world.advance(expected)


def test_startingEndsThePause() -> None:
    world, frontend, connector = start()
    frontend.retries = True
    world.refuse(error.ConnectionRefusedError())
    connector.start()
    assert world.attempts == 2
    world.advance(100)
    assert world.attempts == 2


def test_startingTwiceMakesOneAttempt() -> None:
    world, _, connector = start()
    connector.start()
    assert world.attempts == 1
    world.accept()
    connector.start()
    assert world.attempts == 1


def test_stopCancelsThePauseAndTheAttempt() -> None:
    world, frontend, connector = start()
    frontend.retries = True
    world.refuse(error.ConnectionRefusedError())
    connector.stop()
    world.advance(100)
    assert world.attempts == 1
    connector.start()
    assert world.attempts == 2
    frontend.take()
    connector.stop()
    assert world.connectors[-1].stoppedConnecting
    assert frontend.take() == []
    assert world.getDelayedCalls() == []


def test_stopWhileTheHostIsLookedUpTellsNothing() -> None:
    world, frontend, connector = start(Target("chat.example", 8080), resolver=NoAnswer())
    connector.stop()
    assert frontend.told == []
    assert not connector.isConnecting
    assert world.getDelayedCalls() == []


def test_stopClosesTheConnection() -> None:
    world, frontend, connector = start()
    frontend.retries = True
    link = world.accept()
    link.send(FormatSet("json"))
    connector.stop()
    assert link.transport.disconnecting
    link.lose()
    world.advance(100)
    assert world.attempts == 1


# The connection.


def test_theReasonOfALossIsTold() -> None:
    world, frontend, connector = start()
    link = world.accept()
    link.send(FormatSet("json"))
    frontend.take()
    link.lose()
    assert frontend.take() == ["/socket closed the connection"]
    assert connector.client is None
    connector.start()
    link = world.accept()
    link.send(FormatSet("json"))
    frontend.take()
    link.lose(error.ConnectionLost("reset"))
    assert frontend.take() == ["connection to /socket lost"]


def test_aServiceThatDoesNotSpeakJSONInTimeIsNoChatService() -> None:
    world, frontend, connector = start()
    link = world.accept()
    link.send(b"220 mail.example ESMTP\r\n")
    world.advance(ANSWER_WITHIN)
    assert link.transport.aborted
    link.lose(error.ConnectionAborted())
    assert frontend.take()[-1] == "/socket does not seem to be a tcpchat service"
    assert frontend.hopeless == [True]
    assert connector.client is None


def test_aServiceThatSpeaksJSONInTimeIsLeftAlone() -> None:
    world, _, _ = start()
    link = world.accept()
    link.send(FormatSet("json"))
    world.advance(ANSWER_WITHIN)
    assert not link.transport.aborted


def test_aConnectionThatEndsBeforeTheServiceIsUnderstoodHasFailed() -> None:
    world, frontend, _ = start()
    world.accept().lose()
    assert frontend.take() == ["/socket closed the connection at once (does it need --tls?)"]
    assert frontend.hopeless == [True]


@pytest.mark.parametrize("code", ["too-many-nameless", "x"])
def test_aRejectionIsToldAndThePausesGrow(code: str) -> None:
    world, frontend, connector = start()
    frontend.retries = True
    for pause in (1, 2, 4):
        link = world.accept()
        link.send(f"!!! nein ({code})\r\n".encode())
        link.lose()
        (told,) = frontend.take()
        assert told.endswith(f"({code})")
        assert connector.pause == pause
        assert frontend.hopeless.pop() is False
        world.advance(pause)


def test_connectingTooFastPausesAMinuteAndMore() -> None:
    """After another failure the pause is no longer than usual."""
    world, frontend, connector = start()
    frontend.retries = True
    for pause in (61, 62, 64):
        link = world.accept()
        link.send(b"!!! x (connecting-too-fast)\r\n")
        link.lose(error.ConnectionLost())
        assert frontend.take() == [
            "You are connecting too often; try again in a minute (connecting-too-fast)"
        ]
        assert connector.pause == pause
        world.advance(pause)
    world.refuse(error.ConnectionRefusedError())
    assert connector.pause == 8


@pytest.mark.parametrize(
    "line", ["!!! no code", "--- no (warning)", "!!! (x)", "!!! x (X)", "!!! x (a) y", "!!! x (a-)"]
)
def test_aLastLineThatIsNoRejectionIsNotTold(line: str) -> None:
    world, frontend, _ = start()
    link = world.accept()
    link.send(line.encode() + b"\r\n")
    link.lose()
    assert frontend.take() == ["/socket closed the connection at once (does it need --tls?)"]


# The reasons.


def reject(exception: Exception, tls: bool = True) -> str:
    target = Target("chat.example", 8080, tls=tls)
    return Reasons(target, translation("en")).rejected(Failure(exception))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "certificate verify failed",
            "the certificate of chat.example:8080 is not trusted"
            " (--ca FILE trusts one, --insecure trusts any)",
        ),
        ("wrong version number", "chat.example:8080 does not speak TLS; leave out --tls"),
        ("record layer failure", "chat.example:8080 does not speak TLS; leave out --tls"),
        (
            "tlsv1 alert protocol version",
            "chat.example:8080 and this client have no version of TLS in common",
        ),
        ("unexpected eof while reading", "chat.example:8080 closed the connection at once"),
        ("a new reason", "TLS with chat.example:8080 failed (a-new-reason)"),
    ],
)
def test_eachFailureOfTLSHasItsWords(reason: str, words: str) -> None:
    """Those of OpenSSL are not shown."""
    assert reject(SSL.Error([("SSL routines", "", reason)])) == words


def test_otherFailuresOfTLSHaveTheirWords() -> None:
    assert reject(VerificationError([])) == (
        "the certificate of chat.example:8080 is not for chat.example"
    )
    assert reject(error.ConnectionDone()) == "chat.example:8080 closed the connection at once"
    assert reject(SSL.SysCallError(-1, "X")) == "TLS with chat.example:8080 failed (SysCallError)"


def test_aPortThatMayNeedTLSSaysSo() -> None:
    words = "chat.example:8080 closed the connection at once (does it need --tls?)"
    assert reject(error.ConnectionLost(), tls=False) == words


def test_anAddressWithColonsHasBrackets() -> None:
    assert str(Target("::1", 8080)) == "[::1]:8080"


BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("content", [None, "nothing", BROKEN])
def test_anAuthorityWithoutCertificatesIsTold(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    world, frontend, _ = start(Target("localhost", 1, tls=True, authority=str(file)))
    world.advance(0)
    assert world.attempts == 0
    assert frontend.take() == [f"cannot read a certificate from {file}"]
    assert world.getDelayedCalls() == []


def test_aNameThatNoHostCanHaveIsTold() -> None:
    world, frontend, _ = start(Target("a" * 300, 1))
    world.advance(0)
    assert frontend.take() == [f"“{'a' * 300}” is not a valid host name"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrasesCanBeFormattedInEveryLanguage(language: str) -> None:
    target = Target("chat.example", 8080, tls=True)
    reasons = Reasons(target, translation(language))
    spoken: list[Any] = [
        reasons.connecting(),
        reasons.silent(),
        reasons.lost(Failure(error.ConnectionDone())),
        reasons.lost(Failure(error.ConnectionLost())),
        reasons.rejected(Failure(error.ConnectionDone())),
        reasons.failed(Failure(error.TimeoutError())),
        reasons.failed(Failure(ValueError("x"))),
    ]
    assert all(spoken)
    assert not any("{" in phrase for phrase in spoken)


@pytest.mark.parametrize(
    "target",
    [Target(), Target(path="/socket"), Target(tls=True), Target(tls=True, insecure=True)],
)
def test_eachKindOfTargetHasAnEndpoint(target: Target) -> None:
    endpoint = endpointFor(World(), target)
    assert verifyObject(IStreamClientEndpoint, endpoint)
