"""Tests for L{chat.client.window}: how many lines are on their way."""

from __future__ import annotations

from collections import deque
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from chat.client.window import SIZE, Window


class Way:
    """What is on its way, and a service at its end that has no hurry."""

    def __init__(self) -> None:
        tokens = (f"own-{number}" for number in count())
        self.window = Window(lambda line: self.lines.append(line.decode()), lambda: next(tokens))
        self.lines: deque[str] = deque()
        self.done: list[str] = []
        self.others: list[str] = []

    def send(self, *lines: str) -> None:
        for line in lines:
            word, _, token = line.partition(" ")
            self.window.send(line.encode(), token if word == "/ping" else "")

    def work(self, lines: int = 1) -> None:
        """Do some lines."""
        for _ in range(min(lines, len(self.lines))):
            line = self.lines.popleft()
            if not line.startswith("/ping"):
                self.done.append(line)
            elif not self.window.answered(line.removeprefix("/ping ")):
                self.others.append(line)


def test_few() -> None:
    """They are sent as they are."""
    way = Way()
    way.send("one", "/ping x", "two")
    assert list(way.lines) == ["one", "/ping x", "two"]
    assert way.window.held == 0
    way.work(3)
    assert (way.done, way.others) == (["one", "two"], ["/ping x"])


def test_many() -> None:
    """The last that is on its way is a ping; the rest follows when it is answered."""
    way = Way()
    lines = [str(number) for number in range(2 * SIZE + 1)]
    way.send(*lines)
    assert list(way.lines) == [*lines[:SIZE], "/ping own-0"]
    assert way.window.held == SIZE + 1
    way.work(SIZE)
    assert not way.lines or way.lines[0] == "/ping own-0"
    way.work()
    assert list(way.lines) == [*lines[SIZE : 2 * SIZE], "/ping own-1"]
    way.work(SIZE + 1)
    way.work()
    assert (way.done, way.others, way.window.held) == (lines, [], 0)


def test_pingsOfOthers() -> None:
    """They make room, too, and there is none of ours besides one that is the last."""
    way = Way()
    for _ in range(10):
        way.send(*["x"] * (SIZE - 1), "/ping y")
        assert len(way.lines) == SIZE
        way.work(SIZE)
    way.send(*["x"] * 20, "/ping y", *["x"] * 60)
    assert len(way.lines) == SIZE + 1
    way.work(21)
    assert len(way.lines) == SIZE + 1
    assert list(way.lines).count("/ping own-1") == 1


def test_answersToNobody() -> None:
    """A token that was not asked for says nothing."""
    way = Way()
    way.send(*["x"] * (SIZE + 1))
    assert not way.window.answered("y")
    assert way.window.held == 1


def test_whenSent() -> None:
    """Somebody can wait until there is room."""
    way = Way()
    fired: list[str] = []
    way.window.whenSent().addCallback(lambda _: fired.append("empty"))
    way.send(*["x"] * (SIZE + 2))
    way.window.whenSent().addCallback(lambda _: fired.append("one"))
    way.window.whenSent().addCallback(lambda _: fired.append("two"))
    way.window.whenSent().addCallback(lambda _: way.send("y"))
    assert fired == ["empty"]
    way.work(SIZE + 1)
    assert fired == ["empty", "one", "two"]
    assert list(way.lines) == ["x", "x", "y"]


def test_close() -> None:
    """Whoever waits is told when it is in vain."""
    way = Way()
    way.send(*["x"] * (SIZE + 1))
    waiting: Deferred[None] = way.window.whenSent()
    way.window.close(Failure(ConnectionDone()))
    with pytest.raises(ConnectionDone):
        waiting.result.raiseException()  # type: ignore[attr-defined]
    waiting.addErrback(lambda _: None)
    assert way.window.held == 0


@given(st.lists(st.one_of(st.integers(1, 3 * SIZE), st.just(0), st.just(-1)), max_size=40))
def test_neitherLostNorTooMany(steps: list[int]) -> None:
    """
    Whatever is sent and done: all of it, in order, and never too much at once.

    @param steps: how many lines to send, 0 for a ping, -1 for some work.
    """
    way, sent = Way(), []
    pings = 0
    for number, step in enumerate(steps):
        if step < 0:
            way.work(SIZE // 3)
        elif step == 0:
            way.send(f"/ping {number}")
            pings += 1
        else:
            lines = [f"{number}-{n}" for n in range(step)]
            way.send(*lines)
            sent += lines
        assert len(way.lines) <= SIZE + 1
    while way.lines:
        way.work()
        assert len(way.lines) <= SIZE + 1
    assert (way.done, len(way.others), way.window.held) == (sent, pings, 0)
