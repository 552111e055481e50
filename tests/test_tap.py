"""Tests for L{chat.tap}."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import Application
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import ILogObserver, Logger
from twisted.python.threadpool import ThreadPool

from chat import __version__
from chat.events import Greeted, NickAsked, Noticed
from chat.operations.serving import CannotStart
from chat.rendering.choice import renderingFor
from chat.tap import BACKLOG, Options, makeService
from twisted import internet


class Reactor(MemoryReactorClock):
    """
    One that opens ports in memory, and has no threads.
    """

    def getThreadPool(self) -> ThreadPool:
        return ThreadPool()


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch) -> Reactor:
    """
    What the service finds for its reactor.
    """
    reactor = Reactor()
    monkeypatch.setattr(internet, "reactor", reactor)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    return reactor


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def start(*arguments: str) -> Any:
    service: Any = makeService(parse(*arguments))
    service.privilegedStartService()
    return service


def wrong(act: Callable[[], object]) -> str:
    """
    @return: The one line that is all a wrong option gives.
    """
    with pytest.raises(SystemExit) as raised:
        act()
    code = raised.value.code
    assert isinstance(code, str), "a text is printed, and the exit status is 1"
    assert len(code.splitlines()) == 1
    assert code.startswith("twistd tcpchat: ")
    return code


def test_defaults() -> None:
    options = parse()
    assert options["ports"] == ["8080"]
    assert {name: options[name] for name in options if name != "ports"} == {
        "name": "tcpchat",
        "motd": "",
        "language": "en",
        "registration-timeout": 60,
        "idle-timeout": 1800,
        "half-close": "close",
        "transcript": None,
        "log-format": "text",
    }


def test_allOptions(tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.\n\x1b[31m你好\n", encoding="utf-8")
    options = parse(
        *("--port", "9000", "-p", "unix:/run/chat.sock", "--port=tcp:1"),
        *("--name", "the \x07pub", "--motd", str(motd), "--language", "zh-CN"),
        *("--registration-timeout", "1.5", "--idle-timeout", "0", "--half-close", "listen"),
        *("--transcript", "said.log", "--log-format", "json"),
    )
    assert options["ports"] == ["9000", "unix:/run/chat.sock", "tcp:1"]
    assert options["name"] == "the pub"
    assert options["motd"] == "Be kind.\n你好"
    assert options["language"] == "zh_CN"
    assert (options["registration-timeout"], options["idle-timeout"]) == (1.5, 0)
    assert options["half-close"] == "listen"
    assert options["transcript"] == "said.log"


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (["--nonsense"], "nonsense"),
        (["extra"], "Wrong number of arguments"),
        (["--port"], "port"),
        (["--language", "klingon"], "--language is one of en, zh_CN"),
        (["--half-close", "maybe"], "--half-close is one of close, listen"),
        (["--log-format", "xml"], "--log-format is one of text, json"),
        (["--name", " \x1b[1m "], "--name needs a name"),
        (["--registration-timeout", "soon"], "a number of seconds"),
        (["--registration-timeout", "-1"], "a number of seconds"),
        (["--idle-timeout", "nan"], "a number of seconds"),
        (["--idle-timeout", "inf"], "a number of seconds"),
        (["--motd", "/nonexistent/motd"], "/nonexistent/motd: No such file"),
        (["--motd", "/"], "Is a directory"),
    ],
)
def test_aWrongOptionIsOneLine(arguments: list[str], about: str) -> None:
    assert about in wrong(lambda: parse(*arguments))


def test_aMessageOfTheDayIsUTF8(tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_bytes(b"caf\xe9")
    assert f"{motd}: not UTF-8" in wrong(lambda: parse("--motd", str(motd)))


def test_theVersionIsPrinted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse("--version")
    assert raised.value.code == 0
    assert capsys.readouterr().out == f"tcpchat {__version__}\n"


def test_theHelpNamesEveryOption() -> None:
    text = str(Options())
    for name in ["port", "name", "motd", "language", "registration-timeout", "idle-timeout"]:
        assert f"--{name}" in text
    for name in ["half-close", "transcript", "log-format", "version"]:
        assert f"--{name}" in text


@pytest.mark.parametrize(
    ("port", "number", "backlog", "interface"),
    [
        ("8080", 8080, BACKLOG, ""),
        ("tcp:8081:interface=127.0.0.1", 8081, BACKLOG, "127.0.0.1"),
        ("tcp:8082:backlog=7", 8082, 7, ""),
        ("haproxy:tcp:8083", 8083, BACKLOG, ""),
    ],
)
def test_aPortMayBeANumberOrAnEndpoint(
    reactor: Reactor, port: str, number: int, backlog: int, interface: str
) -> None:
    start("--port", port)
    [opened] = reactor.tcpServers
    assert (opened[0], *opened[2:]) == (number, backlog, interface)


def test_portsOfAllKindsAreOpenedSideBySide(reactor: Reactor) -> None:
    start("--port", "8080", "--port", "unix:/run/chat.sock:mode=660", "--port", "8081")
    assert [opened[0] for opened in reactor.tcpServers] == [8080, 8081]
    assert [opened[0] for opened in reactor.unixServers] == ["/run/chat.sock"]


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("", ""),
        ("nonsense:1", "nonsense"),
        ("tcp:many", "many"),
        ("haproxy:nonsense:1", "nonsense"),
        ("systemd:domain=INET:name=chat", ""),
        ("ssl:8443:privateKey=/nonexistent/key.pem", "No such file or directory (/nonexistent/key"),
    ],
)
def test_anEndpointThatIsNoneIsOneLine(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch, port: str, reason: str
) -> None:
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    options = parse("--port", port)
    line = wrong(lambda: makeService(options))
    assert line.startswith(f"twistd tcpchat: cannot use --port {port}: ")
    assert reason in line


def test_aCertificateThatIsNoneIsOneLine(reactor: Reactor, tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.write_text("no certificate")
    options = parse("--port", f"ssl:8443:privateKey={certificate}:certKey={certificate}")
    wrong(lambda: makeService(options))


def test_aConversation(reactor: Reactor, tmp_path: Path) -> None:
    """The parts fit together, and the settings arrive."""
    motd = tmp_path / "motd"
    motd.write_text("Be kind.")
    start("--name", "the pub", "--motd", str(motd), "--language", "zh_CN")
    [opened] = reactor.tcpServers
    protocol = opened[1].buildProtocol(IPv4Address("TCP", "192.0.2.1", 54321))
    transport = StringTransport()
    protocol.makeConnection(transport)
    while transport.producer.waiting:
        transport.producer.resumeProducing()
    greeting = Greeted("the pub", 0), Noticed("Be kind."), NickAsked()
    render = renderingFor("text", "zh_CN").render
    assert transport.value() == b"".join(map(render, greeting))


def test_aTranscriptThatCannotBeWrittenPreventsTheStart(reactor: Reactor) -> None:
    service = start("--transcript", "/nonexistent/said.log")
    with pytest.raises(CannotStart, match=r"cannot write /nonexistent/said\.log"):
        service.startService()


def test_whatTheOperatorMustMendIsPrintedWithoutATraceback(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: others.append(error))
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", stderr)
    makeService(parse())
    sys.excepthook(CannotStart, CannotStart("cannot listen on 8080"), None)
    assert stderr.getvalue() == "twistd tcpchat: cannot listen on 8080\n"
    error = ValueError("a bug")
    sys.excepthook(ValueError, error, None)
    assert others == [(ValueError, error, None)]


def jsonOptions(**twistd: object) -> Options:
    options = Options()
    options.parent = {"logger": None, "syslog": None, "logfile": None, "nodaemon": True, **twistd}
    options.parseOptions(["--log-format", "json"])
    return options


def logger(options: Options) -> Logger:
    """
    @return: One that logs to where twistd would be told to.
    """
    application = Application("tcpchat")
    makeService(options).setServiceParent(application)
    return Logger("chat.test", observer=application.getComponent(ILogObserver))


def test_theLogIsJSON(reactor: Reactor, tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = logger(jsonOptions(logfile=str(path)))
    log.info("hello {nick}", nick="李雷")
    # In a real process it stays open to the end.
    log.observer._outFile.close()
    [line] = path.read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert (event["log_format"], event["nick"]) == ("hello {nick}", "李雷")


def test_aLogInTheForegroundGoesToStandardOutput(
    reactor: Reactor, capsys: pytest.CaptureFixture[str]
) -> None:
    logger(jsonOptions()).info("hello")
    assert json.loads(capsys.readouterr().out)["log_format"] == "hello"


@pytest.mark.parametrize("other", ["logger", "syslog"])
def test_aLogInJSONGoesWithNoOtherLogger(other: str) -> None:
    assert "does not go with" in wrong(lambda: jsonOptions(**{other: "x"}))
