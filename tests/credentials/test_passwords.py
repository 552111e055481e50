"""Tests for L{chat.credentials.passwords}."""

from __future__ import annotations

import pytest

from chat.credentials.passwords import prepare, refusal


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "x" * 128,
        "correct horse battery",
        "  spaces  ",
        "密码密码密码密码",
        "👍" * 8,
        "PaßWÖRTER",
    ],
)
def test_passwords(password: str) -> None:
    assert prepare(password) == password.encode()


@pytest.mark.parametrize(
    "password",
    [
        "",
        "1234567",
        "x" * 129,
        "x" * 100_000,
        # Seven to the reader.
        "e\u0301" * 7,
        "tab\tinside",
        "null\0inside",
        "bell\ainside",
        "\ud800" * 8,
    ],
)
def test_noPasswords(password: str) -> None:
    assert prepare(password) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("e\u0301" * 8, "é" * 8),
        ("e\u0301" * 128, "é" * 128),
        ("non\u00a0breaking", "non breaking"),
        ("全角\u3000空格密码密码", "全角 空格密码密码"),
    ],
)
def test_theSamePassword(one: str, other: str) -> None:
    assert prepare(one) == prepare(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [("password", "Password"), ("password", "ｐａｓｓｗｏｒｄ"), ("password", "password ")],
)
def test_notTheSamePassword(one: str, other: str) -> None:
    assert prepare(one) != prepare(other)


def test_refusalTellsTheLengths() -> None:
    assert refusal().about == "8–128"
