"""Tests for L{chat.limitoptions}."""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_network

import pytest

from chat.limitoptions import LIMIT_OPTIONS, limitsOf
from chat.options import Options
from chat.vocabulary.limits import UNLIMITED, Keepalive, Limits

ATTRIBUTES = {
    "max-line": "maxLine",
    "max-unended": "maxUnended",
    "turn-lines": "turnLines",
    "turn-bytes": "turnBytes",
    "soft-waiting": "softWaiting",
    "max-waiting": "maxWaiting",
    "max-waiting-all": "maxWaitingAll",
    "stall-timeout": "stallTimeout",
    "send-buffer": "sendBuffer",
    "keepalive": "keepalive",
    "user-timeout": "userTimeout",
    "max-connections": "maxConnections",
    "max-nameless": "maxNameless",
    "max-per-address": "maxPerAddress",
    "connect-rate": "connectRate",
    "line-burst": "lineBurst",
    "line-rate": "lineRate",
    "max-behind": "maxBehind",
    "nick-rate": "nickRate",
    "join-rate": "joinRate",
}


def limits(*arguments: str, files: float = 1 << 20) -> Limits:
    """
    @return: What the operator has chosen.
    """
    options = Options()
    options.parseOptions(arguments)
    return limitsOf(options, files)


def test_everyLimitHasAnOption() -> None:
    assert {*ATTRIBUTES, "backlog"} == {option[0] for option in LIMIT_OPTIONS}
    assert {*ATTRIBUTES.values(), "trusted"} == {field.name for field in fields(Limits)}


def test_whereNothingIsChosenTheDefaultsHold() -> None:
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


def test_whoIsTrusted() -> None:
    chosen = limits("--trust", "192.0.2.0/24", "--trust", "::1")
    assert chosen.trusted == (ip_network("192.0.2.0/24"), ip_network("::1"))


@pytest.mark.parametrize(
    ("files", "count"),
    [(100, 1), (129, 1), (130, 2), (1024, 896), (10_127, 9999), (10_128, 10_000), (1e9, 10_000)],
)
def test_asManyConnectionsAsFilesAllow(files: float, count: int) -> None:
    assert limits(files=files).maxConnections == count
    assert limits("--max-connections", "auto", files=files).maxConnections == count


def test_theOperatorKnowsBetterHowManyConnectionsThereMayBe() -> None:
    assert limits("--max-connections", "20000", files=1024).maxConnections == 20_000


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("max-line", "-1", "--max-line is a number of bytes"),
        ("max-connections", "many", "--max-connections is a whole number"),
        ("send-buffer", "2G", "--send-buffer is at most 1073741824 bytes"),
        ("stall-timeout", "inf", "--stall-timeout is a number of seconds"),
        ("line-rate", "-1", "--line-rate is a number a second"),
        ("keepalive", "60", "--keepalive is IDLE/INTERVAL/COUNT"),
        ("backlog", "2147483648", "--backlog is a whole number, at most 2147483647"),
    ],
)
def test_aWrongValueIsOneLine(option: str, value: str, complaint: str) -> None:
    with pytest.raises(SystemExit) as raised:
        limits(f"--{option}", value)
    assert str(raised.value).startswith(f"twistd tcpchat: {complaint}")


def test_theHelpSaysWhatHolds() -> None:
    text = " ".join(str(Options()).split())
    for option, _, default, _, _ in LIMIT_OPTIONS:
        assert f"--{option}=" in text
        assert f"[default: {default}]" in text
