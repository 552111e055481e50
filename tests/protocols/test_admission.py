"""Tests for L{chat.protocols.admission}."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.protocols import admission
from chat.protocols.admission import Admission
from chat.vocabulary.endings import Ending
from chat.vocabulary.limits import UNLIMITED, Limits


class AdmissionStage:
    """
    A door, and connections that come to it.
    """

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.admission = Admission(Limits(**limits), self.clock.seconds)

    def comes(self, address: str = "unix") -> Ending | None:
        return self.admission.enter(self.admission.originOf(address))

    def come(self, count: int, address: str = "unix") -> None:
        """
        Let in so many.
        """
        for _ in range(count):
            assert self.comes(address) is None

    def goes(self, address: str = "unix", isNamed: bool = False) -> None:
        self.admission.leave(self.admission.originOf(address), isNamed)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1%1", "192.0.2.1"),
        ("unix", ""),
        ("", ""),
    ],
)
def test_theOriginOfAnAddress(address: str, origin: str) -> None:
    assert AdmissionStage().admission.originOf(address) == origin


@pytest.mark.parametrize(
    ("address", "isTrusted"),
    [
        ("192.0.2.1", True),
        ("192.0.2.255", True),
        ("192.0.3.0", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::1", True),
        ("2001:db8::2", False),
        ("unix", True),
    ],
)
def test_aTrustedAddressHasNoOrigin(address: str, isTrusted: bool) -> None:
    stage = AdmissionStage(trusted=(ip_network("192.0.2.0/24"), ip_network("2001:db8::1")))
    assert (stage.admission.originOf(address) == "") is isTrusted


def test_thereIsRoomForSoMany() -> None:
    stage = AdmissionStage(maxConnections=3)
    stage.come(3)
    assert stage.comes() is Ending.SERVICE_FULL
    assert stage.admission.connections == 3
    stage.goes()
    stage.come(1)


def test_soManyMayHaveNoNickname() -> None:
    stage = AdmissionStage(maxNameless=2)
    stage.come(2)
    assert stage.comes() is Ending.NAMELESS_FULL
    assert (stage.admission.connections, stage.admission.nameless) == (2, 2)
    stage.admission.named()
    stage.come(1)
    assert stage.comes() is Ending.NAMELESS_FULL
    stage.goes(isNamed=True)
    assert stage.comes() is Ending.NAMELESS_FULL
    stage.goes()
    stage.come(1)
    assert (stage.admission.connections, stage.admission.nameless) == (2, 2)


def test_howManyMayComeByDefault() -> None:
    stage = AdmissionStage(maxNameless=UNLIMITED)
    stage.come(10_000)
    assert stage.comes() is Ending.SERVICE_FULL
    stage = AdmissionStage()
    stage.come(512)
    assert stage.comes() is Ending.NAMELESS_FULL


def test_connectionsOfOneAddressAreLimited() -> None:
    stage = AdmissionStage()
    stage.come(16, "192.0.2.1")
    assert stage.comes("192.0.2.1") is Ending.ADDRESS_FULL
    stage.come(1, "192.0.2.2")
    stage.goes("192.0.2.1")
    stage.come(1, "192.0.2.1")
    assert stage.comes("::ffff:192.0.2.1") is Ending.ADDRESS_FULL


def test_anIPv6NetworkOfASubscriberIsOneOrigin() -> None:
    stage = AdmissionStage(maxPerAddress=2)
    stage.come(1, "2001:db8::1")
    stage.come(1, "2001:db8::ffff")
    assert stage.comes("2001:db8::2") is Ending.ADDRESS_FULL
    stage.come(1, "2001:db8:0:1::1")


def test_theRateOfOneAddressIsLimited() -> None:
    """The burst is a minute's worth, and then one comes in each second."""
    stage = AdmissionStage(maxPerAddress=UNLIMITED)
    stage.clock.advance(1000)
    stage.come(60, "192.0.2.1")
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST
    stage.come(1, "192.0.2.2")
    stage.clock.advance(0.75)
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST
    stage.clock.advance(0.25)
    stage.come(1, "192.0.2.1")
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST
    stage.clock.advance(10_000)
    stage.come(60, "192.0.2.1")
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST


def test_goingDoesNotHelpWhoComesTooOften() -> None:
    stage = AdmissionStage()
    for _ in range(60):
        stage.come(1, "192.0.2.1")
        stage.goes("192.0.2.1")
        stage.come(1, "192.0.2.2")
        stage.goes("192.0.2.2")
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST
    assert stage.admission.connections == 0


def test_aRefusedConnectionCountsForTheRate() -> None:
    """Otherwise a peer could go on for ever, at the cost of an answer each time."""
    stage = AdmissionStage(maxPerAddress=1, connectRate=3)
    stage.come(1, "192.0.2.1")
    assert stage.comes("192.0.2.1") is Ending.ADDRESS_FULL
    assert stage.comes("192.0.2.1") is Ending.ADDRESS_FULL
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST


@pytest.mark.parametrize("address", ["unix", "192.0.2.1"])
def test_trustedAddressesAreNotLimited(address: str) -> None:
    """But also for them there is only so much room."""
    stage = AdmissionStage(trusted=(ip_network("192.0.2.0/24"),))
    stage.come(512, address)
    assert stage.comes(address) is Ending.NAMELESS_FULL


@pytest.mark.parametrize(
    ("limit", "count"), [("maxPerAddress", 60), ("connectRate", 16), ("maxNameless", 16)]
)
def test_aLimitThatIsOffLeavesTheOthers(limit: str, count: int) -> None:
    stage = AdmissionStage(**{limit: UNLIMITED})
    stage.come(count, "192.0.2.1")
    assert stage.comes("192.0.2.1") is not None


def test_withoutLimitsAllComeIn() -> None:
    names = ("maxConnections", "maxNameless", "maxPerAddress", "connectRate")
    stage = AdmissionStage(**dict.fromkeys(names, UNLIMITED))
    stage.come(20_000, "192.0.2.1")


def test_countsGoBackToNothing() -> None:
    stage = AdmissionStage()
    connections = [(f"192.0.2.{number % 7}", bool(number % 3)) for number in range(50)]
    for address, isNamed in connections:
        stage.come(1, address)
        if isNamed:
            stage.admission.named()
    for address, isNamed in connections:
        stage.goes(address, isNamed)
    assert (stage.admission.connections, stage.admission.nameless) == (0, 0)
    stage.clock.advance(60)
    for number in range(7):
        stage.come(16, f"192.0.2.{number}")
        assert stage.comes(f"192.0.2.{number}") is Ending.ADDRESS_FULL


# What is kept of connections that have gone.


def origins(stage: AdmissionStage) -> int:
    return len(stage.admission._origins)


def fromEverywhere(stage: AdmissionStage, count: int) -> None:
    """
    Let connections come and go, each from another address.
    """
    for number in range(count):
        assert stage.admission.enter(f"origin {number}") is None
        stage.admission.leave(f"origin {number}", isNamed=False)


def test_anOriginIsForgottenInTime() -> None:
    stage = AdmissionStage()
    fromEverywhere(stage, 1000)
    stage.clock.advance(60)
    for _ in range(1001):
        stage.come(1, "192.0.2.1")
        stage.goes("192.0.2.1")
        stage.clock.advance(1)
    assert origins(stage) == 1


def test_anOriginThatComesTooOftenIsNotForgotten() -> None:
    stage = AdmissionStage(connectRate=3)
    for _ in range(3):
        stage.come(1, "192.0.2.1")
        stage.goes("192.0.2.1")
    fromEverywhere(stage, 100)
    assert stage.comes("192.0.2.1") is Ending.CONNECTING_TOO_FAST


@pytest.mark.parametrize("staying", [0, 30, 300])
def test_anAttackFromEverywhereFillsNoMemory(monkeypatch: pytest.MonkeyPatch, staying: int) -> None:
    """However many connections there are, each from an address of its own."""
    monkeypatch.setattr(admission, "MAX_ORIGINS", 100)
    stage = AdmissionStage()
    for number in range(staying):
        stage.come(1, f"198.51.{number >> 8}.{number & 255}")
    fromEverywhere(stage, 20_000)
    assert origins(stage) <= 100 + 2 * staying + 1
    if staying:
        stage.come(15, "198.51.0.0")
        assert stage.comes("198.51.0.0") is Ending.ADDRESS_FULL
