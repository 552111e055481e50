"""Tests for L{chat.optiontypes}."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from twisted.python.usage import UsageError

from chat.optiontypes import (
    Count,
    KeepaliveTimes,
    Language,
    Named,
    NetworkAddress,
    OneOf,
    PerSecond,
    Seconds,
    ServiceName,
    Size,
    keepaliveFrom,
)
from chat.vocabulary.limits import Keepalive
from chat.vocabulary.names import roomname


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Seconds, "0", 0),
        (Seconds, "30", 30),
        (Seconds, "1.5", 1.5),
        (PerSecond, "0", 0),
        (PerSecond, "2", 2),
        (PerSecond, "0.00001", 1e-5),
        (PerSecond, "1e9", 1e9),
        (Count, "0", 0),
        (Count, "1000000000000", 10**12),
        (Size, "0", 0),
        (Size, "1000", 1000),
        (Size, "64K", 65536),
        (Size, "128M", 134217728),
        (Size, "1024G", 2**40),
        (KeepaliveTimes, "0", "0"),
        (KeepaliveTimes, "60/15/4", "60/15/4"),
    ],
)
def test_theTextBecomesAValue(kind: Any, text: str, value: object) -> None:
    assert kind("it")(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf", "1e400", "1s"])
def test_otherTextsAreNoSeconds(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--it is a number of seconds, 0 for no limit$"):
        Seconds("it")(text)


@pytest.mark.parametrize("text", ["", "often", "-1", "nan", "inf", "1e-6", "1.1e9"])
def test_otherTextsAreNoRate(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--it is a number a second, 0 for no limit$"):
        PerSecond("it")(text)


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "1e3", "²", "१", "201"])
def test_otherTextsAreNoCount(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--it is a whole number, at most 200$"):
        Count("it", 200)(text)


@pytest.mark.parametrize("text", ["", "K", "64k", "64KB", "64KK", "1.5M", "-1", "²", "M1", "1 K"])
def test_otherTextsAreNoSize(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--it is a number of bytes such as 64K"):
        Size("it")(text)


@pytest.mark.parametrize("text", ["1025", "2K", "1G"])
def test_aSizeHasALimit(text: str) -> None:
    assert Size("it", 1024)("1K") == 1024
    with pytest.raises(UsageError, match=r"^--it is at most 1024 bytes$"):
        Size("it", 1024)(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "60", "60/15", "60/15/4/1", "60,15,4", "soon/15/4", "-1/15/4", "0/15/4", "60/0/4"),
        *("60/15/0", "32768/15/4", "60/32768/4", "60/15/128"),
    ],
)
def test_otherTextsAreNoKeepalive(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--it is IDLE/INTERVAL/COUNT such as 60/15/4, 0 for"):
        KeepaliveTimes("it")(text)


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
    assert NetworkAddress("it")(text) == ip_network(network)


@pytest.mark.parametrize("text", ["", "all", "192.0.2.1/24", "192.0.2.0/33", "256.0.0.1"])
def test_otherTextsAreNoNetwork(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--it is an address or a network such as 192.0.2.0/24"):
        NetworkAddress("it")(text)


@pytest.mark.parametrize("kind", [Seconds, PerSecond, Count, Size, KeepaliveTimes])
def test_theHelpSaysWhatAValueIs(kind: Any) -> None:
    assert kind.coerceDoc.endswith(".")


def test_choices() -> None:
    kind = OneOf("it", ("text", "json"))
    assert kind("json") == "json"
    with pytest.raises(UsageError, match=r"^--it is one of text, json$"):
        kind("JSON")


def test_aLanguageHasManyNames() -> None:
    kind = Language("it", ("en", "zh_CN"))
    assert [kind(text) for text in ("en", "English", "zh-cn", "中文")] == [
        "en",
        "en",
        "zh_CN",
        "zh_CN",
    ]
    with pytest.raises(UsageError, match=r"^--it is one of en, zh_CN$"):
        kind("tlh")


def test_theNameOfTheServiceIsSafeForTerminals() -> None:
    assert ServiceName("it")(" the \x07pub\n") == "the pub"
    with pytest.raises(UsageError, match=r"^--it needs a name$"):
        ServiceName("it")(" \x1b[1m ")


def test_aNameIsParsedAsUsersWriteIt() -> None:
    kind = Named("it", roomname)
    assert kind("Ｐub") == "#pub"
    with pytest.raises(UsageError, match=r"^--it no such: room-invalid$"):
        kind("no such")
