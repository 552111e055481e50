"""Tests for L{chat.options}."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from io import StringIO
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword, UsernamePassword

from chat.options import LIMITS, MAX_MOTD, Options, limitsOf, readMOTD
from chat.vocabulary.errors import CannotRead
from chat.vocabulary.limits import UNLIMITED, Keepalive, Limits

DAY = 24 * 60 * 60

# The attribute of Limits that each option sets: max-line sets maxLine.
ATTRIBUTES = {
    limit.name: re.sub("-(.)", lambda match: match[1].upper(), limit.name) for limit in LIMITS
}


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def limits(*arguments: str, files: float = 1 << 20) -> Limits:
    """
    @param files: how many files may be open.
    """
    return limitsOf(parse(*arguments), files)


def wrong(act: Callable[[], object]) -> str:
    """
    @return: the one line that twistd prints.
    """
    with pytest.raises(SystemExit) as raised:
        act()
    code = raised.value.code
    assert isinstance(code, str), "a text is printed, and the exit status is 1"
    assert len(code.splitlines()) == 1
    assert code.startswith("twistd tcpchat: ")
    return code


@pytest.fixture(autouse=True)
def _withoutStateDirectory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def test_defaults() -> None:
    assert dict(parse()) == {
        "ports": ["8080"],
        "operators": [],
        "trusted": [],
        "reserved": [],
        "name": "tcpchat",
        "motd": None,
        "motdText": "",
        "language": "en",
        "registration-timeout": 60,
        "idle-timeout": 43200,
        "half-close": "close",
        "room": "#lobby",
        "announce-limit": 50,
        "max-rooms": 5000,
        "max-joined": 20,
        "max-owned": 20,
        "max-accounts": 100_000,
        "database": "tcpchat.sqlite3",
        "replay": 20,
        "keep": 30 * DAY,
        "keep-lines": 1_000_000,
        "keep-unused": 7 * DAY,
        "transcript": None,
        "metrics": None,
        "log-format": "text",
        "backlog": 1024,
        **{limit.name: limit.default for limit in LIMITS},
    }


def test_allOptions(tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.\n\x1b[31m你好\n", encoding="utf-8")
    options = parse(
        *("--port", "9000", "-p", "unix:/run/chat.sock", "--port=tcp:1"),
        *("--name", "the \x07pub", "--motd", str(motd), "--language", "zh-CN"),
        *("--registration-timeout", "1.5", "--idle-timeout", "0", "--half-close", "listen"),
        *("--room", "Pub", "--announce-limit", "0", "--max-rooms", "7", "--max-joined", "3"),
        *("--operator", "alice", "--operator", "李雷", "--database", "/var/chat.db"),
        *("--replay", "200", "--keep", "1d12h", "--keep-lines", "0", "--keep-unused", "12h"),
        *("--max-owned", "5", "--max-accounts", "0"),
        *("--transcript", "said.log", "--log-format", "json", "--metrics", "9100"),
        *("--trust", "192.0.2.0/24", "--trust", "2001:db8::1"),
        *("--reserve", "boss,老板", "--reserve", "Acme"),
    )
    assert dict(options) == {
        "ports": ["9000", "unix:/run/chat.sock", "tcp:1"],
        "operators": ["alice", "李雷"],
        "trusted": [IPv4Network("192.0.2.0/24"), IPv6Network("2001:db8::1/128")],
        "reserved": ["boss", "老板", "Acme"],
        "name": "the pub",
        "motd": str(motd),
        "motdText": "Be kind.\n你好",
        "language": "zh_CN",
        "registration-timeout": 1.5,
        "idle-timeout": 0,
        "half-close": "listen",
        "room": "#pub",
        "announce-limit": 0,
        "max-rooms": 7,
        "max-joined": 3,
        "max-owned": 5,
        "max-accounts": 0,
        "database": "/var/chat.db",
        "replay": 200,
        "keep": 1.5 * DAY,
        "keep-lines": 0,
        "keep-unused": DAY / 2,
        "transcript": "said.log",
        "metrics": "9100",
        "log-format": "json",
        "backlog": 1024,
        **{limit.name: limit.default for limit in LIMITS},
    }


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (["--room", "no such"], "--room no such: room-invalid"),
        (["--room", "#"], "--room #: room-invalid"),
        (["--operator", "bob 1"], "--operator bob 1: nick-invalid"),
        (["--operator", ""], "nick-invalid"),
        (["--operator", "x" * 21], "nick-too-long"),
        (["--keep", "soon"], "--keep must be a time span such as 12h or 30d"),
        (["--keep", "30"], "--keep must be a time span"),
        (["--keep", "-1d"], "--keep must be a time span"),
        (["--keep", "0d"], "--keep must be a time span"),
        (["--keep", ""], "--keep must be a time span"),
        (["--replay", "201"], "--replay must be a whole number, at most 200"),
        (["--trust", "192.0.2.1/24"], "--trust must be an address or a network such as"),
        (["--trust", "chat.example"], "such as 192.0.2.0/24, not chat.example"),
        (["--reserve", "a b"], "--reserve"),
        (["--reserve", "boss,"], "--reserve"),
        (["--trust", ""], "--trust must be an address or a network"),
        (["--max-line", "-1"], "--max-line must be a number of bytes"),
        (["--max-connections", "many"], "--max-connections must be a whole number"),
        (["--send-buffer", "2G"], "--send-buffer must be at most 1073741824 bytes"),
        (["--user-timeout", "1e7"], "--user-timeout must be at most 1000000 seconds"),
        (["--line-rate", "-1"], "--line-rate must be a number per second"),
        (["--keepalive", "60"], "--keepalive must be IDLE/INTERVAL/COUNT"),
        (["--backlog", "2147483648"], "--backlog must be a whole number, at most 2147483647"),
        (["--auth", "nonsense"], "nonsense"),
        (["--auth", "memory:alice"], "argstring"),
        (["--auth"], "--auth requires argument"),
    ],
)
def test_aWrongOptionIsOneLine(arguments: list[str], about: str) -> None:
    """Those of which C{tests/test_twistd_options.py} has not all that is printed."""
    assert about in wrong(lambda: parse(*arguments))


@pytest.mark.parametrize(
    "option",
    [
        *("announce-limit", "max-rooms", "max-joined", "max-owned", "max-accounts"),
        *("replay", "keep-lines"),
    ],
)
@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e3", "many", "²", "१", "9" * 20])
def test_aNumberIsAWholeOne(option: str, value: str) -> None:
    assert f"--{option} must be a whole number" in wrong(lambda: parse(f"--{option}", value))


@pytest.mark.parametrize("option", ["keep", "keep-unused"])
def test_zeroKeepsForEver(option: str) -> None:
    assert parse(f"--{option}", "0")[option] == 0


def test_aRoomHasOneSpelling() -> None:
    assert parse("--room", "#Ｐｕｂ")["room"] == "#pub"


def test_anOperatorIsNamedAsANicknameIs() -> None:
    assert parse("--operator", "Ａlice")["operators"] == ["Alice"]


# The database.


@pytest.mark.parametrize(
    ("directory", "path"),
    [
        ("/var/lib/tcpchat", "/var/lib/tcpchat/tcpchat.sqlite3"),
        ("/var/lib/a:/var/lib/b", "/var/lib/a/tcpchat.sqlite3"),
        ("", "tcpchat.sqlite3"),
    ],
)
def test_theServiceManagerSaysWhereTheDatabaseIs(
    monkeypatch: pytest.MonkeyPatch, directory: str, path: str
) -> None:
    """It may name several directories; the first is the one."""
    monkeypatch.setenv("STATE_DIRECTORY", directory)
    assert parse()["database"] == path


@pytest.mark.parametrize("path", [":memory:", "/elsewhere/chat.db"])
def test_theOperatorKnowsBetterWhereTheDatabaseIs(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/tcpchat")
    assert parse("--database", path)["database"] == path


# Passwords.


def test_passwordsMayBeCheckedElsewhere(tmp_path: Path) -> None:
    """In the order in which they are given."""
    users = tmp_path / "users"
    users.write_text("bob:secret\n")
    options = parse("--auth", "memory:alice:secret", "--auth", f"file:{users}")
    names = [type(checker).__name__ for checker in options["credCheckers"]]
    assert names == ["InMemoryUsernamePasswordDatabaseDontUse", "FilePasswordDB"]
    for checker in options["credCheckers"]:
        assert ICredentialsChecker.providedBy(checker)
        assert IUsernamePassword in checker.credentialInterfaces


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_passwordsOfTheCommandLineAreAccepted(name: str) -> None:
    """Twisted's plugin would compare text with bytes."""
    [checker] = parse("--auth", "memory:alice:secret:bob:secret")["credCheckers"]
    answers: list[bytes] = []
    checker.requestAvatarId(UsernamePassword(name.encode(), b"secret")).addCallback(answers.append)
    assert answers == [name.encode()]


def test_onlyCheckersOfPasswordsAreOffered() -> None:
    options = Options()
    options.authOutput = StringIO()
    with pytest.raises(SystemExit) as raised:
        options.parseOptions(["--help-auth"])
    assert raised.value.code == 0
    assert "memory" in options.authOutput.getvalue()
    assert "sshkey" not in options.authOutput.getvalue()
    wrong(lambda: parse("--auth", "sshkey"))


# The message of the day.


@pytest.fixture
def motd(tmp_path: Path) -> Path:
    return tmp_path / "motd"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"Be kind.", "Be kind."),
        (b"Be kind.\n", "Be kind."),
        (b"Be kind.\r\n\r\nRules:\n", "Be kind.\n\nRules:"),
        ("你好\n\x1b[31mred\x07\tink\n".encode(), "你好\nred ink"),
    ],
)
def test_theLinesOfTheMessageOfTheDayMayBeShown(motd: Path, data: bytes, text: str) -> None:
    motd.write_bytes(data)
    assert readMOTD(str(motd)) == text


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfeB\x00", "你".encode()[:2]])
def test_theMessageOfTheDayIsUTF8(motd: Path, data: bytes) -> None:
    motd.write_bytes(data)
    with pytest.raises(CannotRead) as raised:
        readMOTD(str(motd))
    assert str(raised.value) == f"{motd}: not UTF-8"


def test_theLengthOfTheMessageOfTheDayHasALimit(motd: Path) -> None:
    motd.write_bytes(b"x" * MAX_MOTD)
    assert len(readMOTD(str(motd))) == MAX_MOTD
    motd.write_bytes(b"x" * (MAX_MOTD + 1))
    with pytest.raises(CannotRead) as raised:
        readMOTD(str(motd))
    assert str(raised.value) == f"{motd}: longer than 65536 bytes"


def test_aFileWithoutAnEndIsNotReadToIt() -> None:
    with pytest.raises(CannotRead, match="longer than"):
        readMOTD("/dev/zero")


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")]
)
def test_whyTheMessageOfTheDayCannotBeReadIsTold(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(CannotRead) as raised:
        readMOTD(f"{tmp_path}/{name}")
    assert str(raised.value) == f"{tmp_path}/{name}: {reason}"


def test_theMessageOfTheDayIsFoundFromAnywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read again when the process is in another directory."""
    (tmp_path / "motd").write_text("Be kind.")
    monkeypatch.chdir(tmp_path)
    assert parse("--motd", "motd")["motd"] == str(tmp_path / "motd")


# What is printed.


def test_theHelpNamesEveryOption() -> None:
    text = str(Options())
    for name in [*parse(), "port", "operator", "reserve", "trust", "auth", "version"]:
        if name not in ("ports", "operators", "reserved", "trusted", "motdText"):
            assert f"--{name}" in text


# The limits.


def test_everyLimitHasAnOption() -> None:
    assert {*ATTRIBUTES.values(), "trusted"} == {field.name for field in fields(Limits)}


def test_limitsHaveTheirDefaults() -> None:
    assert limits() == Limits()


@pytest.mark.parametrize("option", ATTRIBUTES)
def test_zeroTurnsALimitOff(option: str) -> None:
    chosen = limits(f"--{option}", "0")
    attribute = ATTRIBUTES[option]
    assert getattr(chosen, attribute) == (None if option == "keepalive" else UNLIMITED)
    others = {name for name in ATTRIBUTES.values() if name != attribute}
    assert all(getattr(chosen, name) == getattr(Limits(), name) for name in others)


@pytest.mark.parametrize("option", sorted({*ATTRIBUTES} - {"keepalive"}))
def test_everyLimitMayBeChosen(option: str) -> None:
    assert getattr(limits(f"--{option}", "7"), ATTRIBUTES[option]) == 7


def test_sizesHaveUnits() -> None:
    chosen = limits("--max-waiting-all", "1G", "--max-waiting", "1M", "--max-line", "2K")
    assert (chosen.maxWaitingAll, chosen.maxWaiting, chosen.maxLine) == (2**30, 2**20, 2**11)


def test_keepaliveHasThreeNumbers() -> None:
    assert limits("--keepalive", "1/2/3").keepalive == Keepalive(idle=1, interval=2, probes=3)


def test_addressesAndNetworksMayBeTrusted() -> None:
    chosen = limits("--trust", "192.0.2.0/24", "--trust", "::1")
    assert chosen.trusted == (ip_network("192.0.2.0/24"), ip_network("::1"))


@pytest.mark.parametrize(
    ("files", "count"),
    [(100, 1), (129, 1), (130, 2), (1024, 896), (10_127, 9999), (10_128, 10_000), (1e9, 10_000)],
)
def test_thereAreAsManyConnectionsAsFilesAllow(files: float, count: int) -> None:
    assert limits(files=files).maxConnections == count
    assert limits("--max-connections", "auto", files=files).maxConnections == count


def test_theOperatorKnowsBetterHowManyConnectionsThereMayBe() -> None:
    assert limits("--max-connections", "20000", files=1024).maxConnections == 20_000
