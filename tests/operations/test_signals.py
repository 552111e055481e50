"""Tests for L{chat.operations.signals}."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactor

from chat.operations.signals import Signals, endOnceRunning, hold
from tests.support.signals import signalsKept


@pytest.fixture
def signals() -> Iterator[Signals]:
    with signalsKept():
        yield Signals(signal.SIGHUP, signal.SIGUSR1)


def test_eachSignalHasItsOwnAct(signals: Signals) -> None:
    done: list[str] = []
    signals.upon(signal.SIGHUP, lambda: done.append("read"))
    signals.upon(signal.SIGUSR1, lambda: done.append("rotated"))
    for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGHUP):
        signal.raise_signal(number)
    assert done == ["rotated", "read", "read"]


def test_whatIsAskedForDuringTheStartIsDoneAfterItOnce(signals: Signals) -> None:
    done: list[str] = []
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)
    signals.upon(signal.SIGUSR1, lambda: done.append("rotated"))
    assert done == []
    signals.upon(signal.SIGHUP, lambda: done.append("read"))
    assert done == ["read"]
    signals.upon(signal.SIGHUP, lambda: done.append("read otherwise"))
    assert done == ["read"]


def test_aJobInTheBackgroundIsNotStoppedByItsTerminal(signals: Signals) -> None:
    assert signal.getsignal(signal.SIGTTOU) is signal.SIG_IGN


def test_otherSignalsAreLeftAlone() -> None:
    with signalsKept():
        before = signal.getsignal(signal.SIGUSR1)
        Signals(signal.SIGHUP)
        assert signal.getsignal(signal.SIGUSR1) is before


def test_signalsThatAreHeldComeOnceTheyAreHeeded() -> None:
    with signalsKept():
        hold()
        signal.raise_signal(signal.SIGHUP)
        signals = Signals(signal.SIGHUP, signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
        done: list[str] = []
        signals.upon(signal.SIGHUP, lambda: done.append("read"))
        signals.upon(signal.SIGUSR1, lambda: done.append("rotated"))
        assert done == ["read", "rotated"]


@pytest.mark.parametrize(
    ("before", "held"),
    [(signal.default_int_handler, signal.SIG_DFL), (signal.SIG_IGN, signal.SIG_IGN)],
)
def test_whileSignalsAreHeldSIGINTNeedsNoTraceback(before: Any, held: Any) -> None:
    """A shell may have it ignored."""
    with signalsKept():
        signal.signal(signal.SIGINT, before)
        hold()
        assert signal.getsignal(signal.SIGINT) is held
        endOnceRunning(MemoryReactor())
        assert (signal.getsignal(signal.SIGINT) is signal.SIG_IGN) is (before is signal.SIG_IGN)


class StoppableReactor(MemoryReactor):
    """
    A reactor that is stopped by signals, as those of Twisted are.

    @ivar stops: The signals.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stops: list[int] = []

    def run(self) -> None:
        # It takes SIGINT only from Python itself.
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        signal.signal(signal.SIGTERM, self.sigInt)
        super().run()

    def sigInt(self, number: int, frame: object = None) -> None:
        self.stops.append(number)


@pytest.fixture
def reactor() -> Iterator[StoppableReactor]:
    with signalsKept():
        # A shell has it ignored in what runs in the background.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        reactor = StoppableReactor()
        endOnceRunning(reactor)
        yield reactor


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_theEndIsAskedForAtAnyTime(reactor: StoppableReactor, number: int) -> None:
    """During the start it waits until the reactor runs."""
    signal.raise_signal(number)
    assert reactor.stops == []
    reactor.run()
    assert reactor.stops == [number]
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    assert reactor.stops == [number, signal.SIGINT, signal.SIGTERM]


def test_askedTwiceDuringTheStartTheProcessEndsAtOnce(
    reactor: StoppableReactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.raise_signal(signal.SIGINT)
    raised: list[tuple[int, object]] = []
    asked = signal.raise_signal
    monkeypatch.setattr(
        signal, "raise_signal", lambda number: raised.append((number, signal.getsignal(number)))
    )
    asked(signal.SIGTERM)
    assert raised == [(signal.SIGTERM, signal.SIG_DFL)]


def test_anotherHandlerOfSIGINTIsLeftAlone(reactor: StoppableReactor) -> None:
    """As that of a debugger."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reactor.run()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
