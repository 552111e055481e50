"""
Tests for L{chat.delivery.fanout}: outlets that keep up, outlets that do not, and the way between.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from chat.delivery.fanout import Fan
from chat.delivery.outlet import BoundedOutlet
from chat.delivery.slowreaders import SlowReaders
from chat.vocabulary.limits import Limits
from tests.delivery.test_outlet import Line, SecureTransport
from tests.support.doubles import HandReactor, RecordingOutlet

LINE = b"hello\r\n"


class FanoutStage:
    """
    A fan with some outlets in it.

    @ivar lines: Each with an outlet in the fan.
    """

    def __init__(self, reactor: HandReactor, count: int = 3) -> None:
        self.reactor = reactor
        self.fan = Fan()
        self.lines = [Line(reactor) for _ in range(count)]
        for line in self.lines:
            line.outlet.join(self.fan)


@pytest.fixture
def reactor() -> Iterator[HandReactor]:
    with closing(HandReactor()) as made:
        yield made


def _stuck(line: Line) -> bytes:
    """
    @return: What waits in an outlet, and what waits to be read by its peer.
    """
    return line.fill()


def test_allOutletsGetTheBytes(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    recording = RecordingOutlet()
    recording.join(stage.fan)
    stage.fan.write(LINE)
    assert [line.readAll() for line in stage.lines] == [LINE] * 3
    assert recording.writes == [LINE]


def test_anOutletThatKeepsUpIsDirect(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    assert len(stage.fan.direct) == 3
    assert not stage.fan.others


def test_anOutletThatHasLeftGetsNothing(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    stage.lines[1].outlet.leave(stage.fan)
    stage.fan.write(LINE)
    assert [line.readAll() for line in stage.lines] == [LINE, b"", LINE]


def test_anOutletThatFallsBehindInTheFan(reactor: HandReactor) -> None:
    """
    It gets every byte once and in order, and the others do not wait for it.
    """
    stage = FanoutStage(reactor)
    big = b"x" * 60_000 + b"\r\n"
    for _ in range(3):
        stage.fan.write(big)
        assert stage.lines[0].readAll() == big
        assert stage.lines[2].readAll() == big
    slow = stage.lines[1]
    assert slow.outlet.waiting
    assert list(stage.fan.others) == [slow.outlet]
    stage.fan.write(LINE)
    assert slow.readAll() == big * 3 + LINE


def test_anOutletForWhichTheKernelTakesNothing(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    slow = stage.lines[1]
    filled = 0
    with suppress(BlockingIOError):
        while True:
            filled += os.write(slow.owner.transport.fileno(), LINE)
    stage.fan.write(LINE)
    assert list(stage.fan.others) == [slow.outlet]
    assert slow.readAll() == LINE * (filled // len(LINE) + 1)


def test_anOutletThatCatchesUpIsDirectAgain(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    slow = stage.lines[1]
    written = _stuck(slow)
    assert list(stage.fan.others) == [slow.outlet]
    assert slow.readAll() == written
    assert not stage.fan.others
    assert len(stage.fan.direct) == 3
    stage.fan.write(LINE)
    assert slow.readAll() == LINE


def test_anOutletThatFallsBehindDoesSoInAllFans(reactor: HandReactor) -> None:
    """
    Else what another fan has would overtake what waits.
    """
    stage = FanoutStage(reactor)
    other = Fan()
    slow = stage.lines[1]
    slow.outlet.join(other)
    written = _stuck(slow)
    other.write(LINE)
    stage.fan.write(LINE.upper())
    assert slow.readAll() == written + LINE + LINE.upper()


def test_anOutletThatIsBehindLeavesAndJoins(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    slow = stage.lines[1]
    written = _stuck(slow)
    slow.outlet.leave(stage.fan)
    stage.fan.write(LINE)
    slow.outlet.join(stage.fan)
    stage.fan.write(LINE.upper())
    assert slow.readAll() == written + LINE.upper()


def test_aClosedSocketIsNotWrittenTo(reactor: HandReactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its number may be that of another socket by then.
    """
    stage = FanoutStage(reactor)
    gone = stage.lines[1]
    number = gone.owner.transport.fileno()
    gone.owner.transport.abortConnection()
    reactor.turn()
    assert gone.owner.calls[-1] == "gone"
    numbers: list[int] = []
    monkeypatch.setattr(os, "write", lambda at, data: numbers.append(at) or len(data))
    stage.fan.write(LINE)
    assert number not in numbers
    assert len(numbers) == 2
    gone.outlet.leave(stage.fan)


def test_aPeerThatHasGoneCostsOthersNothing(reactor: HandReactor) -> None:
    stage = FanoutStage(reactor)
    stage.lines[1].peer.close()
    for _ in range(3):
        stage.fan.write(LINE)
        reactor.turn()
    assert stage.lines[0].readAll() == LINE * 3
    assert stage.lines[2].readAll() == LINE * 3


def test_whatIsWrittenIsCounted(reactor: HandReactor) -> None:
    """
    Whichever way they went, and whether the outlet is in the fan or has left it.
    """
    stage = FanoutStage(reactor)
    line = stage.lines[1]
    stage.fan.write(LINE)
    line.outlet.write(LINE)
    assert line.outlet.written == 2 * len(LINE)
    line.outlet.leave(stage.fan)
    stage.fan.write(LINE)
    assert line.outlet.written == 2 * len(LINE)
    line.outlet.join(stage.fan)
    stage.fan.write(LINE)
    assert line.outlet.written == 3 * len(LINE)
    written = _stuck(line)
    stage.fan.write(LINE)
    assert line.outlet.written == 4 * len(LINE) + len(written)
    line.readAll()
    stage.fan.write(LINE)
    assert line.outlet.written == 5 * len(LINE) + len(written)


def test_TLSIsNotBypassed(reactor: HandReactor) -> None:
    transport = SecureTransport(1000)
    outlet = BoundedOutlet(
        transport, SlowReaders(reactor, Limits()), lambda limit: None, lambda: None, isLayered=True
    )
    fan = Fan()
    outlet.join(fan)
    assert not fan.direct
    fan.write(LINE)
    assert transport.value() == LINE
    assert outlet.written == len(LINE)
