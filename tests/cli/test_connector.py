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
        self.told: list[str] = []
        self.finals: list[bool] = []
        self.clients: list[RelayClient] = []
        self.retries = False

    def reported(self, text: str) -> None:
        self.told.append(text)

    def connected(self, client: RelayClient) -> None:
        self.clients.append(client)

    def disconnected(self, client: RelayClient, why: str) -> bool:
        assert client is self.clients[-1]
        self.told.append(why)
        return self.retries

    def failed(self, why: str, isFinal: bool) -> bool:
        self.told.append(why)
        self.finals.append(isFinal)
        return self.retries

    def heard(self, client: RelayClient, event: Event) -> None:
        pass

    def heardText(self, line: str) -> None:
        pass

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


def start(target: Target | None = None, jitter: float = 1.0) -> tuple[World, Onlooker, Connector]:
    world, frontend = World(), Onlooker()
    world.nameResolver = TwoAddresses()
    options = ClientOptions(target or Target(path="/socket"), None, "en", False, False)
    connector = Connector(world, options, frontend, lambda: jitter)
    connector.start()
    return world, frontend, connector


def test_unixSocketIsConnectedTo() -> None:
    world, frontend, connector = start()
    assert frontend.take() == ["connecting to /socket"]
    assert world.unixClients[0][0] == "/socket"
    link = world.accept()
    assert frontend.clients == [link.client]
    assert connector.client is link.client
    assert link.transport.lines() == ["/format json", "/lang en"]


def test_addressesOfANameAreTriedOneAfterTheOther() -> None:
    world, frontend, _ = start(Target("chat.example", 8080))
    assert frontend.take() == ["looking up chat.example", "connecting to [::1]:8080"]
    world.refuse(error.ConnectionRefusedError())
    world.advance(0.1)
    assert frontend.take() == ["connecting to 127.0.0.1:8080"]
    world.refuse(error.ConnectionRefusedError())
    world.advance(0.1)
    assert frontend.take() == ["chat.example:8080 refuses: nothing listens there"]


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
def test_eachFailureHasItsWords(exception: Exception, words: str) -> None:
    world, frontend, _ = start()
    world.refuse(exception)
    assert words in frontend.take()[-1]
    assert frontend.finals == [False]


def test_aMistakeInTellingAFailureIsLogged() -> None:
    world, frontend, connector = start()
    logged: list[LogEvent] = []
    connector._log = Logger(observer=logged.append)
    del frontend.finals
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
    assert frontend.take()[-1].startswith("disconnected")
    assert world.getDelayedCalls() == []
    connector.start()
    assert world.attempts == 4


def test_pausesGrowToAMinuteAndAreTold() -> None:
    world, frontend, _ = start()
    frontend.retries = True
    pauses = []
    for _ in range(9):
        world.refuse(error.ConnectionRefusedError())
        before, attempts = world.seconds(), world.attempts
        assert frontend.take()[-1].startswith("reconnecting in ")
        while world.attempts == attempts:
            world.advance(0.5)
        pauses.append(world.seconds() - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE]


def test_jitterShortensAPause() -> None:
    world, frontend, _ = start(jitter=0.0)
    frontend.retries = True
    for _ in range(3):
        world.refuse(error.ConnectionRefusedError())
        world.advance(60)
    world.refuse(error.ConnectionRefusedError())
    assert frontend.take()[-1] == "reconnecting in 4 s"


def test_aNicknameMakesTheNextPauseShort() -> None:
    """A connection that has been made only does not."""
    world, frontend, _ = start()
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
        assert frontend.take()[-1] == f"reconnecting in {expected} s"
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
    assert frontend.take() == ["disconnected: /socket has closed the connection"]
    assert connector.client is None
    connector.start()
    link = world.accept()
    link.send(FormatSet("json"))
    frontend.take()
    link.lose(error.ConnectionLost("reset"))
    (told,) = frontend.take()
    assert told.startswith("disconnected: the connection is lost (")
    assert "reset" in told


def test_aServiceThatDoesNotSpeakJSONInTimeIsNoChatService() -> None:
    world, frontend, connector = start()
    link = world.accept()
    link.send(b"220 mail.example ESMTP\r\n")
    world.advance(ANSWER_WITHIN)
    assert link.transport.aborted
    link.lose(error.ConnectionAborted())
    assert frontend.take()[-1] == "/socket does not answer as a chat service does"
    assert frontend.finals == [False]
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
    assert frontend.take()[-1] == "/socket has closed the connection without a word"
    assert frontend.finals == [False]


@pytest.mark.parametrize("code", ["too-many-nameless", "x"])
def test_aRejectionIsToldAndThePausesGrow(code: str) -> None:
    world, frontend, _ = start()
    frontend.retries = True
    for pause in (1, 2, 4):
        link = world.accept()
        link.send(f"!!! nein ({code})\r\n".encode())
        link.lose()
        told, again = frontend.take()[-2:]
        assert told.endswith(f"({code})")
        assert again == f"reconnecting in {pause} s"
        assert frontend.finals.pop() is False
        world.advance(pause)


def test_connectingTooFastPausesAMinuteAndMore() -> None:
    """After another failure the pause is no longer than usual."""
    world, frontend, _ = start()
    frontend.retries = True
    for pause in (61, 62, 64):
        link = world.accept()
        link.send(b"!!! x (connecting-too-fast)\r\n")
        link.lose(error.ConnectionLost())
        assert frontend.take()[-2:] == [
            "your address connects too often; try again in a minute (connecting-too-fast)",
            f"reconnecting in {pause} s",
        ]
        world.advance(pause)
    world.refuse(error.ConnectionRefusedError())
    assert frontend.take()[-1] == "reconnecting in 8 s"


@pytest.mark.parametrize(
    "line", ["!!! no code", "--- no (warning)", "!!! (x)", "!!! x (X)", "!!! x (a) y", "!!! x (a-)"]
)
def test_aLastLineThatIsNoRejectionIsNotTold(line: str) -> None:
    world, frontend, _ = start()
    link = world.accept()
    link.send(line.encode() + b"\r\n")
    link.lose()
    assert frontend.take()[-1] == "/socket has closed the connection without a word"


# The reasons.


def reject(exception: Exception, tls: bool = True) -> tuple[str, bool]:
    target = Target("chat.example", 8080, tls=tls)
    return Reasons(target, translation("en")).rejected(Failure(exception))


def test_aCertificateThatIsRefusedIsFinal() -> None:
    """It will not do later either; the user is told what can be done."""
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


@pytest.mark.parametrize("content", [None, "nothing"])
def test_anAuthorityWithoutCertificatesIsFinal(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    world, frontend, _ = start(Target("localhost", 1, tls=True, authority=str(file)))
    world.advance(0)
    assert world.attempts == 0
    told = frontend.take()[-1]
    assert told.startswith("cannot connect to localhost:1: ")
    assert str(file) in told
    assert frontend.finals == [True]
    assert world.getDelayedCalls() == []


def test_aNameThatNoHostCanHaveIsFinal() -> None:
    world, frontend, _ = start(Target("a" * 300, 1))
    world.advance(0)
    assert frontend.take()[-1].startswith("cannot connect to ")
    assert frontend.finals == [True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrasesCanBeFormattedInEveryLanguage(language: str) -> None:
    target = Target("chat.example", 8080, tls=True)
    reasons = Reasons(target, translation(language))
    spoken: list[Any] = [
        reasons.lookingUp(),
        reasons.connecting("::1"),
        reasons.reconnecting(3),
        reasons.silent(),
        reasons.lost(Failure(error.ConnectionDone())),
        reasons.lost(Failure(error.ConnectionLost())),
        reasons.rejected(Failure(error.ConnectionDone()))[0],
        reasons.failed(Failure(error.TimeoutError()))[0],
        reasons.failed(Failure(ValueError("x")))[0],
    ]
    assert all(spoken)
    assert not any("{" in phrase for phrase in spoken)


@pytest.mark.parametrize(
    "target",
    [Target(), Target(path="/socket"), Target(tls=True), Target(tls=True, insecure=True)],
)
def test_eachKindOfTargetHasAnEndpoint(target: Target) -> None:
    endpoint = endpointFor(World(), target, lambda _: None)
    assert verifyObject(IStreamClientEndpoint, endpoint)
