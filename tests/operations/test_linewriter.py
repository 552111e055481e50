"""Tests for L{chat.operations.linewriter}."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType
from typing import Any

import pytest

from chat.operations import linewriter
from chat.operations.linewriter import LineWriter, Watch, writeTo


class Sheet:
    """
    A sink that a test breaks.

    @ivar text: What was written.
    @ivar room: How many bytes may still be written.
    """

    def __init__(self) -> None:
        self.text = ""
        self.room = sys.maxsize

    def write(self, data: memoryview) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.text += taken.decode()
        return len(taken)


class Told(Watch):
    """
    @ivar heard: All that the watch was told.
    """

    def __init__(self) -> None:
        self.heard: list[object] = []

    def failing(self, reason: str) -> None:
        self.heard.append(reason)

    def recovered(self, lost: int) -> None:
        self.heard.append(lost)


class WriterStage:
    """
    A writer whose thread has not begun: C{flush} does its work, here and now.
    """

    def __init__(self, sink: Any = None) -> None:
        self.sheet = Sheet()
        self.told = Told()
        self.writer = LineWriter(
            "test", sink or self.sheet, lambda count: b"-%d\n" % count, self.told
        )

    def say(self, *lines: str) -> None:
        for line in lines:
            self.writer.write(f"{line}\n".encode())

    def sayEach(self, *lines: str) -> None:
        """Say the next line when the one before has been written."""
        for line in lines:
            self.say(line)
            self.writer.flush(0)


@pytest.fixture
def stage() -> WriterStage:
    return WriterStage()


FULL = "No space left on device"
SLOW = "it takes lines too slowly"


def test_linesAreWrittenInTheirOrder(stage: WriterStage) -> None:
    stage.say("one", "two")
    assert stage.sheet.text == ""
    stage.say("three")
    stage.writer.flush(0)
    assert stage.sheet.text == "one\ntwo\nthree\n"
    assert stage.told.heard == []


def test_theRestIsWrittenAfterAPart(stage: WriterStage) -> None:
    class Sips:
        def write(_self, data: memoryview) -> int:
            return stage.sheet.write(data[:3])

    it = WriterStage(Sips())
    it.say("one line", "two")
    it.writer.flush(0)
    assert stage.sheet.text == "one line\ntwo\n"


def test_anActComesAfterWhatWasWrittenBefore(stage: WriterStage) -> None:
    seen: list[str] = []
    stage.say("one")
    stage.writer.then(lambda: seen.append(stage.sheet.text))
    stage.say("two")
    stage.writer.flush(0)
    assert seen == ["one\n"]
    assert stage.sheet.text == "one\ntwo\n"


def test_aFileThatFailsIsToldOnceAndLostLinesAreCounted(stage: WriterStage) -> None:
    stage.sheet.room = 0
    stage.sayEach("one", "two", "three")
    assert stage.told.heard == [FULL]
    assert stage.writer.lost == 3
    stage.sheet.room = sys.maxsize
    stage.sayEach("four", "five")
    assert stage.sheet.text == "-3\nfour\nfive\n"
    assert stage.told.heard == [FULL, 3]
    # It may happen again.
    stage.sheet.room = 0
    stage.sayEach("six")
    stage.sheet.room = sys.maxsize
    stage.sayEach("seven")
    assert stage.told.heard == [FULL, 3, FULL, 1]
    assert stage.writer.lost == 4


def test_aLineThatWasCutIsLostAndTheNextBeginsALine(stage: WriterStage) -> None:
    stage.sheet.room = len("one\ntw")
    stage.say("one", "two", "three")
    stage.writer.flush(0)
    stage.sheet.room = sys.maxsize
    stage.sayEach("four")
    assert stage.sheet.text == "one\ntw\n-2\nfour\n"
    assert stage.told.heard == [FULL, 2]


def test_roomForTheGapAloneIsNoRecovery(stage: WriterStage) -> None:
    stage.sheet.room = 0
    stage.sayEach("one")
    stage.sheet.room = len("-1\n")
    stage.sayEach("two", "three")
    stage.sheet.room = sys.maxsize
    stage.sayEach("four")
    assert stage.sheet.text == "-1\n-2\nfour\n"
    assert stage.told.heard == [FULL, 3]


def test_waitingBytesAreBounded(stage: WriterStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linewriter, "MAX_WAITING", 12)
    stage.say("one", "two", "four", "5", "six")
    assert stage.told.heard == [SLOW]
    stage.writer.flush(0)
    # All that waits goes first: there is one gap.
    assert stage.sheet.text == "one\ntwo\n"
    stage.say("seven")
    stage.writer.flush(0)
    assert stage.sheet.text == "one\ntwo\n-3\nseven\n"
    assert stage.told.heard == [SLOW, 3]
    assert stage.writer.lost == 3


def test_theEndTellsOfLostLines(stage: WriterStage) -> None:
    stage.sheet.room = 0
    stage.sayEach("one")
    stage.sheet.room = sys.maxsize
    stage.writer.stop(lambda: None)
    stage.writer.flush(0)
    assert stage.sheet.text == "-1\n"


def test_aThreadWritesUntilTheEnd(stage: WriterStage) -> None:
    threads: list[threading.Thread] = []
    ended = Event()
    stage.say("before")
    stage.writer.start()
    stage.say("after")
    stage.writer.then(lambda: threads.append(threading.current_thread()))
    stage.writer.flush(10)
    assert stage.sheet.text == "before\nafter\n"
    stage.writer.stop(ended.set)
    assert ended.wait(10)
    [thread] = threads
    assert thread is not threading.current_thread()
    # It would keep the process from ending.
    assert thread.daemon
    thread.join(10)


@contextmanager
def interrupted(handler: Any) -> Iterator[None]:
    """
    Call a function wherever a signal handler could run: before each line of Python, in whatever
    function.
    """
    isHandling = False

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal isHandling
        if not isHandling and frame.f_code is not interrupted.__code__:
            isHandling = True
            handler()
            isHandling = False
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_aSignalHandlerMayWriteAtAnyMoment(stage: WriterStage) -> None:
    """With a C{queue.Queue}, or a plain lock, this never ends."""
    stage.writer.start()
    handled = 0

    def handler() -> None:
        nonlocal handled
        handled += 1
        stage.say("handled")

    def write() -> None:
        with interrupted(handler):
            for _ in range(10):
                stage.say("line")

    # The test must end in any case.
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "it waits for itself"
    stage.writer.flush(10)
    lines = stage.sheet.text.splitlines()
    assert (lines.count("line"), lines.count("handled")) == (10, handled)
    assert handled > 50
    stage.writer.stop(lambda: None)


def test_aPipeThatDoesNotBlockIsWaitedFor() -> None:
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    with suppress(BlockingIOError):
        while os.write(sink, bytes(4096)):
            pass
    done: list[int] = []
    writing = threading.Thread(
        target=lambda: done.append(writeTo(sink, memoryview(b"x"))), daemon=True
    )
    writing.start()
    os.read(source, 4096)
    writing.join(10)
    assert done == [1]
    for each in (source, sink):
        os.close(each)
