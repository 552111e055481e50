"""Tests for L{chat.core.sanctions}."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from chat.core.sanctions import Sanctions
from chat.vocabulary.errors import HistoryUnavailable, NoSuchBan
from chat.vocabulary.records import Sanction, SanctionKind
from tests.support.hubs import now, refusal

BAN, MUTE = SanctionKind.BAN, SanctionKind.MUTE

START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


class SlowLedger:
    """
    A ledger that answers when the test says so.

    @ivar calls: The calls that wait, each with its Deferred.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, Deferred[Any]]] = []

    def put(self, record: Any) -> Deferred[None]:
        return self._call("put", record)

    def remove(self, record: Any) -> Deferred[None]:
        return self._call("remove", record)

    def load(self, kind: Any) -> Deferred[Any]:
        return self._call("load", kind)

    def _call(self, what: str, about: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.calls.append((what, about, done))
        return done

    def store(self) -> list[tuple[str, Any]]:
        """
        @return: What is stored now.
        """
        calls, self.calls = self.calls, []
        for _, _, done in calls:
            done.callback(None)
        return [(what, record) for what, record, _ in calls]


class SanctionsStage:
    """Sanctions, with a clock and a ledger that the test drives."""

    def __init__(self) -> None:
        self.now = START
        self.ledger = SlowLedger()
        self.sanctions = Sanctions(self.ledger, lambda: self.now)

    def ban(self, target: str, seconds: float | None = None) -> Sanction:
        return self._impose(BAN, target, seconds)

    def mute(self, target: str, seconds: float | None = None) -> Sanction:
        return self._impose(MUTE, target, seconds)

    def _impose(self, kind: SanctionKind, target: str, seconds: float | None) -> Sanction:
        sanction = made(kind, target, self.now, seconds)
        self.sanctions.impose(sanction)
        return sanction


def made(
    kind: SanctionKind, target: str, since: datetime = START, seconds: float | None = None
) -> Sanction:
    until = None if seconds is None else since + timedelta(seconds=seconds)
    return Sanction(kind, target, target, "carol", since, "spam", until)


@pytest.fixture
def stage() -> SanctionsStage:
    return SanctionsStage()


# Names.


def test_aNetworkIsMutedOrBannedByItself(stage: SanctionsStage) -> None:
    mute = stage.mute("192.0.2.0/24")
    assert stage.sanctions.ofAddress("192.0.2.7", MUTE) is mute
    assert stage.sanctions.ofAddress("192.0.2.7") is None
    ban = stage.ban("192.0.2.0/24")
    stage.sanctions.lift(MUTE, "192.0.2.0/24")
    assert stage.sanctions.ofAddress("192.0.2.7", MUTE) is None
    assert stage.sanctions.ofAddress("192.0.2.7") is ban


def test_aSanctionMayMoveToAnotherNickname(stage: SanctionsStage) -> None:
    mute = stage.mute("mallory")
    moved: list[object] = []
    stage.sanctions.move(mute, "mal", "Mal").addCallback(moved.append)
    assert stage.sanctions.ofName(MUTE, "mallory") is None
    new = replace(mute, target="mal", shown="Mal")
    assert stage.sanctions.ofName(MUTE, "mal") == new
    assert not moved
    assert stage.ledger.store()[-2:] == [("remove", mute), ("put", new)]
    assert moved == [None]


def test_aBanAppliesAtOnceAndIsStoredLater(stage: SanctionsStage) -> None:
    ban = made(BAN, "bob")
    imposed = stage.sanctions.impose(ban)
    assert stage.sanctions.ofName(BAN, "bob") is ban
    assert not imposed.called
    assert stage.ledger.store() == [("put", ban)]
    assert imposed.called


def test_aBanIsNoMute(stage: SanctionsStage) -> None:
    ban, mute = stage.ban("bob"), stage.mute("alice")
    assert stage.sanctions.ofName(BAN, "bob") is ban
    assert stage.sanctions.ofName(MUTE, "bob") is None
    assert stage.sanctions.ofName(BAN, "alice") is None
    assert stage.sanctions.ofName(MUTE, "alice") is mute


def test_aLaterSanctionReplacesTheEarlier(stage: SanctionsStage) -> None:
    stage.ban("bob")
    later = stage.ban("bob", 60)
    assert stage.sanctions.active() == (later,)
    stage.ban("192.0.2.0/24")
    later = stage.ban("192.0.2.0/24", 60)
    assert stage.sanctions.ofAddress("192.0.2.7") is later


def test_aLiftedBanEndsAtOnce(stage: SanctionsStage) -> None:
    ban, network = stage.ban("bob"), stage.ban("192.0.2.0/24")
    stage.ledger.store()
    lifted = stage.sanctions.lift(BAN, "bob")
    stage.sanctions.lift(BAN, "192.0.2.0/24")
    assert stage.sanctions.active() == ()
    assert stage.sanctions.ofAddress("192.0.2.7") is None
    assert not lifted.called
    assert stage.ledger.store() == [("remove", ban), ("remove", network)]
    assert now(lifted) == ban


@pytest.mark.parametrize(("kind", "target"), [(BAN, "alice"), (MUTE, "bob"), (BAN, "192.0.2.7/32")])
def test_anUnknownSanctionCannotBeLifted(
    stage: SanctionsStage, kind: SanctionKind, target: str
) -> None:
    stage.ban("bob")
    stage.ban("192.0.2.0/24")
    with pytest.raises(NoSuchBan) as raised:
        stage.sanctions.lift(kind, target)
    assert raised.value.about == target


# Time.


def test_aSanctionEndsToTheSecond(stage: SanctionsStage) -> None:
    bans = {stage.ban("bob", 60), stage.mute("bob", 60), stage.ban("192.0.2.0/24", 60)}
    stage.ledger.store()
    stage.now = START + timedelta(seconds=60, microseconds=-1)
    assert set(stage.sanctions.active()) == bans
    stage.now = START + timedelta(seconds=60)
    assert stage.sanctions.ofName(BAN, "bob") is None
    assert stage.sanctions.ofName(MUTE, "bob") is None
    assert stage.sanctions.ofAddress("192.0.2.7") is None
    assert stage.sanctions.active() == ()
    removed = stage.ledger.store()
    assert {record for _, record in removed} == bans
    assert [what for what, _ in removed] == ["remove"] * 3


def test_anExpiredBanCannotBeLifted(stage: SanctionsStage) -> None:
    stage.ban("bob", 60)
    stage.now += timedelta(seconds=60)
    with pytest.raises(NoSuchBan):
        stage.sanctions.lift(BAN, "bob")


def test_anExpiredBanIsRemovedOnce(stage: SanctionsStage) -> None:
    stage.ban("bob", 60)
    stage.ledger.store()
    stage.now += timedelta(seconds=60)
    for _ in range(3):
        stage.sanctions.active()
        stage.sanctions.ofName(BAN, "bob")
    assert len(stage.ledger.store()) == 1


def test_theOldestSanctionIsFirst(stage: SanctionsStage) -> None:
    ages = {"alice": 1, "bob": 3, "192.0.2.0/24": 2}
    records = [made(BAN, name, START - timedelta(days=age)) for name, age in ages.items()]
    stage.sanctions.load(records)
    assert [ban.target for ban in stage.sanctions.active()] == ["bob", "192.0.2.0/24", "alice"]


# Addresses.


@pytest.mark.parametrize(
    ("network", "covered", "others"),
    [
        ("192.0.2.7/32", ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"], ["192.0.2.8"]),
        ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
        ("0.0.0.0/0", ["203.0.113.9", "::ffff:203.0.113.9"], ["::1", "2001:db8::1"]),
        ("2001:db8::/32", ["2001:db8::1", "2001:DB8:ffff::"], ["2001:db9::1", "32.1.13.184"]),
        ("::/0", ["::1", "fe80::1%eth0"], ["192.0.2.7", "::ffff:192.0.2.7"]),
        ("fe80::1/128", ["fe80::1", "fe80::1%eth0"], ["fe80::2%eth0"]),
    ],
)
def test_aNetworkIsBanned(
    stage: SanctionsStage, network: str, covered: list[str], others: list[str]
) -> None:
    ban = stage.ban(network)
    assert [stage.sanctions.ofAddress(address) for address in covered] == [ban] * len(covered)
    assert [stage.sanctions.ofAddress(address) for address in others] == [None] * len(others)


@pytest.mark.parametrize("address", ["", "unix", "bob", "dead", "192.0.2", "192.0.2.7/32", "%eth0"])
def test_anInvalidAddressIsNotBanned(stage: SanctionsStage, address: str) -> None:
    for target in ("0.0.0.0/0", "::/0", "bob", "dead", "unix"):
        stage.ban(target)
    assert stage.sanctions.ofAddress(address) is None


def test_aMuteIsNoBan(stage: SanctionsStage) -> None:
    stage.mute("192.0.2.0/24")
    assert stage.sanctions.ofAddress("192.0.2.7") is None


@pytest.mark.parametrize(
    ("durations", "longest"),
    [((10, 30, 20), 1), ((10, None, 20), 1), ((None, 10, 20), 0), ((10, 20, 30), 2)],
)
def test_theBanThatLastsLongestCounts(
    stage: SanctionsStage, durations: tuple[float | None, ...], longest: int
) -> None:
    networks = ("192.0.0.0/8", "192.0.2.0/24", "192.0.2.7/32")
    bans = [stage.ban(*each) for each in zip(networks, durations, strict=True)]
    assert stage.sanctions.ofAddress("192.0.2.7") is bans[longest]


def test_theLongerBanRemainsWhenTheShorterEnds(stage: SanctionsStage) -> None:
    stage.ban("192.0.2.0/24", 10)
    ban = stage.ban("192.0.2.7/32", 20)
    stage.now += timedelta(seconds=10)
    assert stage.sanctions.ofAddress("192.0.2.7") is ban
    assert stage.sanctions.ofAddress("192.0.2.8") is None


def test_aLookupCostsTheSameWithManyNetworks(
    stage: SanctionsStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only networks that match are asked whether they have ended."""
    stage.sanctions.load([made(BAN, f"10.{n >> 8}.{n & 255}.0/24") for n in range(10_000)])
    asked: list[Sanction] = []
    hasEnded = Sanctions._hasEnded

    def counting(sanctions: Sanctions, sanction: Sanction) -> bool:
        asked.append(sanction)
        return hasEnded(sanctions, sanction)

    monkeypatch.setattr(Sanctions, "_hasEnded", counting)
    ban = stage.sanctions.ofAddress("10.4.7.9")
    assert ban is not None
    assert ban.target == "10.4.7.0/24"
    assert asked == [ban]


@st.composite
def _networks(draw: st.DrawFn) -> str:
    # Few bits, so that they meet.
    if draw(st.booleans()):
        bits, length, width = draw(st.integers(0, 15)), draw(st.integers(24, 32)), 4
    else:
        bits, length, width = draw(st.integers(0, 15)) << 8, draw(st.integers(112, 128)), 6
    address = ip_address(bits + (0xC0000200 if width == 4 else 0x20010DB8 << 96))
    return str(ip_network(f"{address}/{length}", strict=False))


@given(
    bans=st.dictionaries(_networks(), st.none() | st.integers(1, 5), max_size=12),
    lifted=st.lists(_networks(), max_size=4),
    passed=st.integers(0, 5),
)
def test_aLookupFindsWhatAScanFinds(
    bans: dict[str, int | None], lifted: list[str], passed: int
) -> None:
    stage = SanctionsStage()
    made = {network: stage.ban(network, seconds) for network, seconds in bans.items()}
    for network in lifted:
        if made.pop(network, None) is not None:
            stage.sanctions.lift(BAN, network)
    stage.now += timedelta(seconds=passed)
    for address in ("192.0.2.0", "192.0.2.9", "192.0.2.16", "2001:db8::", "2001:db8::900"):
        ends = [
            float("inf") if bans[network] is None else bans[network]
            for network in made
            if ip_address(address) in ip_network(network)
            and (bans[network] is None or bans[network] > passed)
        ]
        found = stage.sanctions.ofAddress(address)
        if found is None:
            assert ends == []
        else:
            end = float("inf") if found.until is None else (found.until - START).seconds
            assert end == max(ends)


# The ledger.


def test_loadingReplacesAll(stage: SanctionsStage) -> None:
    stage.ban("bob")
    stage.ban("192.0.2.0/24")
    mute, network = made(MUTE, "alice"), made(BAN, "2001:db8::/32")
    stage.ledger.store()
    stage.sanctions.load([mute, network])
    assert stage.sanctions.active() == (mute, network)
    assert stage.sanctions.ofName(BAN, "bob") is None
    assert stage.sanctions.ofAddress("192.0.2.7") is None
    assert stage.sanctions.ofAddress("2001:db8::7") is network
    assert stage.ledger.calls == []


def test_expiredSanctionsAreRemovedWhenLoading(stage: SanctionsStage) -> None:
    ended = [made(BAN, "bob", START - timedelta(60), 60), made(BAN, "10.0.0.0/8", START, 0)]
    left = made(BAN, "alice", START, 1)
    stage.sanctions.load([*ended, left])
    assert stage.sanctions.active() == (left,)
    assert stage.ledger.store() == [("remove", record) for record in ended]


def test_twoSpellingsOfANetworkDoNoHarm(stage: SanctionsStage) -> None:
    """The service itself writes only one of them."""
    other, usual = made(BAN, "192.0.2.7"), made(BAN, "192.0.2.7/32", START, 1)
    stage.sanctions.load([other, usual])
    stage.sanctions.lift(BAN, other.target)
    assert stage.sanctions.ofAddress("192.0.2.7") is usual
    stage.sanctions.load([made(BAN, "192.0.2.7", START, 1), usual])
    stage.now += timedelta(seconds=1)
    assert stage.sanctions.active() == ()
    assert stage.sanctions.ofAddress("192.0.2.7") is None


def test_theLedgerIsReadAgain(stage: SanctionsStage) -> None:
    stage.ban("bob")
    stage.ledger.store()
    read = stage.sanctions.readAgain()
    [(_, kind, loading)] = stage.ledger.calls
    assert kind is Sanction
    assert stage.sanctions.ofName(BAN, "bob") is not None
    alice = made(BAN, "alice")
    loading.callback((alice,))
    assert stage.sanctions.active() == (alice,)
    assert read.called


def test_readingAgainKeepsWhatIsOnItsWay(stage: SanctionsStage) -> None:
    """The ledger may have been read before any of it was stored."""
    stage.ban("stored")
    stage.ban("lifted before")
    stage.ban("lifted meanwhile")
    stage.ledger.store()
    stage.ban("imposed before")
    stage.sanctions.lift(BAN, "lifted before")
    waiting, stage.ledger.calls = stage.ledger.calls, []
    stage.sanctions.readAgain()
    [(_, _, loading)] = stage.ledger.calls
    stage.ledger.calls = []
    stage.ban("imposed meanwhile")
    stage.sanctions.lift(BAN, "lifted meanwhile")
    stage.ledger.store()
    for _, _, done in waiting:
        done.callback(None)
    names = ("stored", "lifted before", "lifted meanwhile", "new")
    loading.callback(tuple(made(BAN, name) for name in names))
    active = {ban.target for ban in stage.sanctions.active()}
    assert active == {"stored", "new", "imposed before", "imposed meanwhile"}
    # The next time the ledger is right.
    stage.sanctions.readAgain()
    [(_, _, loading)] = stage.ledger.calls
    loading.callback(())
    assert stage.sanctions.active() == ()


def test_aFailureToReadAgainChangesNothing(stage: SanctionsStage) -> None:
    ban = stage.ban("bob")
    stage.ledger.store()
    read = stage.sanctions.readAgain()
    [(_, _, loading)] = stage.ledger.calls
    loading.errback(HistoryUnavailable())
    assert isinstance(refusal(read), HistoryUnavailable)
    assert stage.sanctions.active() == (ban,)
