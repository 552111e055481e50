"""Tests for L{chat.session.replaycache}."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.interfaces import Extract, Rendering
from chat.rendering import renderingFor
from chat.session import replaycache
from chat.session.replaycache import Replays
from chat.vocabulary.events import Missed, Said
from chat.vocabulary.style import Style
from tests.support.hubs import AT

TEXT, JSON = renderingFor(Style()), renderingFor(Style("json"))


def said(*ids: int) -> Extract:
    return Extract(tuple(Said("#lobby", id, AT, "bob", "hello") for id in ids))


class Shelf:
    """
    Replays whose bytes are a number: the first to be rendered is 1.
    """

    def __init__(self, size: int = 0) -> None:
        self.replays = Replays()
        self._size = size
        self._count = 0

    def tell(self, extract: Extract, room: str = "#lobby", rendering: Rendering = TEXT) -> int:
        """
        @return: The number of the replay that is told.
        """
        return int(self.replays.bytesOf(rendering, room, extract, self._render))

    def _render(self) -> bytes:
        self._count += 1
        return b"%0*d" % (self._size, self._count)


def test_theSameReplayIsRenderedOnce() -> None:
    shelf = Shelf()
    assert [shelf.tell(said(1, 2)) for _ in range(3)] == [1, 1, 1]


def test_eachRoomAndRenderingHasItsOwnReplay() -> None:
    shelf = Shelf()
    for _ in range(2):
        assert shelf.tell(said(1)) == 1
        assert shelf.tell(said(1), "#dev") == 2
        assert shelf.tell(said(1), rendering=JSON) == 3


@pytest.mark.parametrize(
    "other",
    [
        said(2, 3, 5, 6),
        said(3, 5),
        said(2, 3, 4, 5),
        said(),
        replace(said(2, 3, 5), more=True),
        replace(said(2, 3, 5), missed=(Missed("#lobby", 4, 4, "lost"),)),
    ],
)
def test_anotherExtractIsRenderedAgain(other: Extract) -> None:
    shelf = Shelf()
    assert shelf.tell(said(2, 3, 5)) == 1
    assert [shelf.tell(other) for _ in range(2)] == [2, 2]
    # The replay before is not kept.
    assert shelf.tell(said(2, 3, 5)) == 3


def test_theReplaysUsedLongestAgoAreDropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaycache, "MAX_COUNT", 3)
    shelf = Shelf()
    for room in ("#a", "#b", "#c", "#a", "#d"):
        shelf.tell(said(1), room)
    assert [shelf.tell(said(1), room) for room in ("#c", "#a", "#d")] == [3, 1, 4]
    assert shelf.tell(said(1), "#b") == 5


def test_theSizeOfAllReplaysIsBounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaycache, "MAX_SIZE", 300)
    shelf = Shelf(100)
    for room in ("#a", "#b", "#c"):
        shelf.tell(said(1), room)
    # A replay that replaces another counts once.
    assert [shelf.tell(said(2), room) for room in ("#a", "#b", "#c")] == [4, 5, 6]
    assert [shelf.tell(said(2), room) for room in ("#a", "#b", "#c")] == [4, 5, 6]
    assert shelf.tell(said(1), "#d") == 7
    assert [shelf.tell(said(2), room) for room in ("#b", "#c")] == [5, 6]
    assert shelf.tell(said(2), "#a") == 8


def test_aReplayThatIsTooLargeIsNotKept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaycache, "MAX_SIZE", 99)
    shelf = Shelf(100)
    assert [shelf.tell(said(1)) for _ in range(2)] == [1, 2]
