"""Tests for L{chat.operations.signals}."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from chat.operations.signals import Signals
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
