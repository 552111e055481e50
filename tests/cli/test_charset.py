"""Tests for L{chat.cli.charset}."""

import locale

import pytest

from chat.cli.charset import codecNamed, encoded, localeCharset


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        # As glibc spells them.
        ("UTF-8", "utf-8"),
        ("GB18030", "gb18030"),
        ("GBK", "gbk"),
        ("GB2312", "gb2312"),
        ("BIG5", "big5"),
        ("BIG5-HKSCS", "big5hkscs"),
        ("EUC-JP", "euc_jp"),
        ("EUC-KR", "euc_kr"),
        ("KOI8-R", "koi8-r"),
        ("ISO-8859-1", "iso8859-1"),
        # The C locale says nothing about the terminal.
        ("ANSI_X3.4-1968", "utf-8"),
        # Of these Python has none.
        ("EUC-TW", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_codecOfACharset(charset: str, codec: str) -> None:
    assert codecNamed(charset) == codec


def test_charsetOfTheLocale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _setsLocale: "BIG5")
    assert localeCharset() == "big5"


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("utf-8", "é 你好 👍".encode()),
        ("gb18030", "é 你好 👍".encode("gb18030")),
        ("gbk", b"\xa8\xa6 \xc4\xe3\xba\xc3 ?"),
        ("iso8859-1", b"\xe9 ?? ?"),
        ("koi8-r", b"? ?? ?"),
    ],
)
def test_whatACharsetLacksIsAQuestionMark(charset: str, data: bytes) -> None:
    assert encoded("é 你好 👍", charset) == data
