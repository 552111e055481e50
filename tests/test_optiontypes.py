"""Tests for L{chat.optiontypes}."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from twisted.python.usage import UsageError

from chat.optiontypes import (
    COUNT,
    KEEPALIVE_TIMES,
    LANGUAGE,
    NETWORK,
    PER_SECOND,
    SECONDS,
    SERVICE_NAME,
    SIZE,
    OptionType,
    countUpTo,
    keepaliveFrom,
    oneOf,
    sizeUpTo,
)
from chat.vocabulary.limits import Keepalive
from chat.vocabulary.names import roomname


def it(kind: OptionType) -> OptionType:
    """
    @return: the type of an option that is called so.
    """
    return replace(kind, option="it")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (SECONDS, "0", 0),
        (SECONDS, "30", 30),
        (SECONDS, "1.5", 1.5),
        (PER_SECOND, "0", 0),
        (PER_SECOND, "2", 2),
        (PER_SECOND, "0.00001", 1e-5),
        (PER_SECOND, "1e9", 1e9),
        (COUNT, "0", 0),
        (COUNT, "1000000000000", 10**12),
        (SIZE, "0", 0),
        (SIZE, "1000", 1000),
        (SIZE, "64K", 65536),
        (SIZE, "128M", 134217728),
        (SIZE, "1024G", 2**40),
        (sizeUpTo(1024), "1K", 1024),
        (KEEPALIVE_TIMES, "0", "0"),
        (KEEPALIVE_TIMES, "60/15/4", "60/15/4"),
    ],
)
def test_theTextBecomesAValue(kind: OptionType, text: str, value: object) -> None:
    assert it(kind)(text) == value


# What each kind of value is not, and what is told then.
OTHERS: list[tuple[OptionType, str, list[str]]] = [
    (
        SECONDS,
        "must be a number of seconds, or 0 for no limit",
        ["", "soon", "-1", "nan", "inf", "1e400", "1s"],
    ),
    (
        PER_SECOND,
        "must be a number per second, or 0 for no limit",
        ["", "often", "-1", "nan", "inf", "1e-6", "1.1e9"],
    ),
    (
        countUpTo(200),
        "must be a whole number, at most 200",
        ["", "many", "-1", "1.5", "1e3", "²", "१", "201"],
    ),
    (
        SIZE,
        "must be a number of bytes such as 64K, or 0 for no limit",
        ["", "K", "64k", "64KB", "64KK", "1.5M", "-1", "²", "M1", "1 K"],
    ),
    (sizeUpTo(1024), "must be at most 1024 bytes", ["1025", "2K", "1G"]),
    (
        KEEPALIVE_TIMES,
        "must be IDLE/INTERVAL/COUNT such as 60/15/4, or 0 for never",
        [
            *("", "60", "60/15", "60/15/4/1", "60,15,4", "soon/15/4", "-1/15/4", "0/15/4"),
            *("60/0/4", "60/15/0", "32768/15/4", "60/32768/4", "60/15/128"),
        ],
    ),
    (
        NETWORK,
        "must be an address or a network such as 192.0.2.0/24, not {}",
        ["", "all", "192.0.2.1/24", "192.0.2.0/33", "256.0.0.1"],
    ),
]


@pytest.mark.parametrize(
    ("kind", "message", "text"),
    [(kind, message, text) for kind, message, texts in OTHERS for text in texts],
)
def test_otherTextsAreRefused(kind: OptionType, message: str, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        it(kind)(text)
    assert str(raised.value) == f"--it {message.format(text)}"


def test_keepalive() -> None:
    assert keepaliveFrom("0") is None
    assert keepaliveFrom("60/15/4") == Keepalive(idle=60, interval=15, probes=4)
    assert keepaliveFrom("32767/32767/127") == Keepalive(32767, 32767, 127)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::1", "::1/128"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_anAddressIsANetworkOfOne(text: str, network: str) -> None:
    assert it(NETWORK)(text) == ip_network(network)


@pytest.mark.parametrize("kind", [SECONDS, PER_SECOND, COUNT, SIZE, KEEPALIVE_TIMES])
def test_theHelpSaysWhatAValueIs(kind: OptionType) -> None:
    assert kind.value.isupper()


def test_choices() -> None:
    kind = it(oneOf("text", "json"))
    assert kind("json") == "json"
    with pytest.raises(UsageError, match=r"^--it must be one of text, json$"):
        kind("JSON")


def test_aLanguageHasManyNames() -> None:
    kind = it(LANGUAGE)
    assert [kind(text) for text in ("en", "English", "zh-cn", "中文")] == [
        "en",
        "en",
        "zh_CN",
        "zh_CN",
    ]
    with pytest.raises(UsageError, match=r"^--it must be one of en, zh_CN$"):
        kind("tlh")


def test_theNameOfTheServiceIsSafeForTerminals() -> None:
    assert it(SERVICE_NAME)(" the \x07pub\n") == "the pub"
    with pytest.raises(UsageError, match=r"^--it must not be empty$"):
        it(SERVICE_NAME)(" \x1b[1m ")


def test_aNameIsParsedAsUsersWriteIt() -> None:
    kind = it(OptionType(roomname))
    assert kind("Ｐub") == "#pub"
    with pytest.raises(UsageError, match=r"^--it no such: room-invalid$"):
        kind("no such")
