"""Tests for L{chat.cli.options}."""

from pathlib import Path

import pytest

from chat import __version__
from chat.cli.options import OK, USAGE, parseOptions
from chat.cli.target import Target


def test_defaultIsTheServiceOnThisMachine() -> None:
    options = parseOptions([], {})
    assert options.target == Target("localhost", 8080)
    assert (options.nick, options.language) == (None, "en")
    assert options.isColoured
    assert not options.hasBell


def test_everyOption() -> None:
    given = "--nick bob --tls --ca ca.pem --language zh-cn --no-colour --bell --quiet [::1] 9000"
    options = parseOptions(given.split(), {})
    assert options.target == Target("::1", 9000, tls=True, authority="ca.pem")
    assert (options.nick, options.language) == ("bob", "zh_CN")
    assert not options.isColoured
    assert options.hasBell
    assert options.isQuiet
    assert parseOptions(["--unix", "/s"], {}).target == Target(path="/s")
    assert parseOptions(["--tls", "--insecure"], {}).target == Target(tls=True, insecure=True)


@pytest.mark.parametrize(
    ("given", "host", "port"),
    [
        ("9000", "localhost", 9000),
        ("chat.example", "chat.example", 8080),
        ("chat.example:9000", "chat.example", 9000),
        ("chat.example 9000", "chat.example", 9000),
        ("127.0.0.1:9000", "127.0.0.1", 9000),
        ("::1", "::1", 8080),
        ("::1 9000", "::1", 9000),
        ("[::1]", "::1", 8080),
        ("[::1]:9000", "::1", 9000),
        ("[::1] 9000", "::1", 9000),
    ],
)
def test_whereTheServiceIs(given: str, host: str, port: int) -> None:
    assert parseOptions(given.split(), {}).target == Target(host, port)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh_CN"),
        ({}, "en"),
    ],
)
def test_languageOfTheEnvironment(environ: dict[str, str], language: str) -> None:
    """POSIX asks LC_ALL, LC_MESSAGES and LANG, in this order."""
    assert parseOptions([], environ).language == language
    assert parseOptions(["--language", "en"], environ).language == "en"


@pytest.mark.parametrize(
    ("charset", "language"),
    [("gb18030", "zh_CN"), ("gb2312", "zh_CN"), ("big5", "en"), ("iso8859-1", "en")],
)
def test_languageThatTheCharsetCannotShow(charset: str, language: str) -> None:
    """It would be question marks; whoever asks for it gets them."""
    environ = {"LANG": "zh_TW.BIG5"}
    assert parseOptions([], environ, charset).language == language
    assert parseOptions(["--language", "zh_CN"], environ, charset).language == "zh_CN"


@pytest.mark.parametrize(
    ("arguments", "environ", "what"),
    [
        (["--nick", "caf\udce9"], {}, "--nick"),
        (["caf\udce9"], {}, "HOST"),
        (["--nick", "bob"], {"TCPCHAT_PASSWORD": "s3cret\udce9"}, "TCPCHAT_PASSWORD"),
    ],
)
def test_argumentsAreInTheCharsetOfTheLocale(
    arguments: list[str], environ: dict[str, str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        parseOptions(arguments, environ, "gb18030")
    assert exit.value.code == USAGE
    said = capsys.readouterr().err
    assert f"error: {what} is not valid GB18030, the charset of the locale" in said
    assert "s3cret" not in said


def test_passwordFileIsInTheCharsetOfTheLocale(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes("密码1\n".encode("gb18030"))
    given = ["--nick", "bob", "--password-file", str(path)]
    assert parseOptions(given, {}, "gb18030").password == "密码1"


@pytest.mark.parametrize(("value", "isColoured"), [("1", False), ("", True)])
def test_noColourInTheEnvironment(value: str, isColoured: bool) -> None:
    """no-color.org: when the variable is there and not empty."""
    assert parseOptions([], {"NO_COLOR": value}).isColoured is isColoured


@pytest.mark.parametrize(
    "given",
    [
        "--nonsense",
        "host 0",
        "host 65536",
        "host port",
        "host 1 2",
        "host:1 2",
        "host:",
        "host:port",
        "host:65536",
        "0",
        "1 2",
        "--unix /s --tls",
        "--insecure",
        "--ca x",
        "--tls --ca x --insecure",
        "--language klingon",
        "--nick",
        "--ni bob",
        # All users of the machine could read it.
        "--nick bob --password s3cret",
    ],
)
def test_wrongArgumentsShowTheUsage(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        parseOptions(given.split(), {})
    assert exit.value.code == USAGE
    assert capsys.readouterr().err.startswith("usage: tcpchat ")


def test_passwordComesFromAFileOrTheEnvironment(tmp_path: Path) -> None:
    """It is shown nowhere."""
    path = tmp_path / "password"
    path.write_text("s3cret\nanother line\n")
    given = ["--nick", "bob", "--password-file", str(path)]
    assert parseOptions(given, {}).password == "s3cret"
    assert parseOptions(given, {"TCPCHAT_PASSWORD": "other"}).password == "s3cret"
    assert parseOptions(["--nick", "bob"], {"TCPCHAT_PASSWORD": "other"}).password == "other"
    assert parseOptions(["--nick", "bob"], {"TCPCHAT_PASSWORD": ""}).password is None
    # Without a nickname There is no account to log in to.
    assert parseOptions([], {"TCPCHAT_PASSWORD": "other"}).password is None
    assert "s3cret" not in repr(parseOptions(given, {}))


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\n", b"two words\n", b" s3cret\n", b"s3cret \xff"],
    ids=["missing", "empty", "blank", "two", "space", "not UTF-8"],
)
def test_wrongPasswordFileIsToldWithoutItsContent(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as exit:
        parseOptions(["--nick", "bob", "--password-file", str(path)], {})
    assert exit.value.code == USAGE
    said = capsys.readouterr().err
    assert str(path) in said
    assert "Errno" not in said
    assert "words" not in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--password-file", "x"], "--password-file requires --nick"),
        # This is a mistake in a script.
        (["--nick", " "], "--nick is empty"),
    ],
)
def test_aNicknameIsNeeded(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parseOptions(arguments, {})
    assert message in capsys.readouterr().err


def test_versionIsOneLine(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        parseOptions(["--version"], {})
    assert exit.value.code == OK
    assert capsys.readouterr().out == f"tcpchat {__version__}\n"


def test_helpExplainsKeysAndExitStatus(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parseOptions(["--help"], {})
    out = capsys.readouterr().out
    assert "Ctrl-Z" in out
    assert "Exit status:\n  0: success." in out


def test_helpIsInTheLanguageOfTheLocale(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parseOptions(["--help"], {"LANG": "zh_CN.UTF-8"})
    out = capsys.readouterr().out
    assert out.startswith("用法：tcpchat ")
    assert "\n登录：\n  --nick NAME " in out
