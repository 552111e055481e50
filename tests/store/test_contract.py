"""
The contract of L{chat.interfaces.History} and L{chat.interfaces.Ledger}, and of
L{chat.store.store.Store}, which has both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chat.interfaces import Extract
from chat.store.memory import MemoryStore
from chat.store.sqlite import SQLiteStore
from chat.store.store import Store
from chat.vocabulary.errors import NothingToFind
from chat.vocabulary.events import Acted, Line, Missed, Said
from chat.vocabulary.records import Account, Record, RoomRecord, Sanction, SanctionKind
from tests.support.stores import AT, ROOM, HandWorker, ids, lines, texts

NOW = AT + timedelta(hours=1)
"""The present time."""

KINDS = ["memory", "waiting", "written", "restarted", "threads"]


class Kept:
    """
    A store of some kind.

    @ivar loaded: The records that were there when it was started.
    """

    def __init__(self, kind: str, path: Path) -> None:
        self.kind = kind
        self.loaded: Sequence[Record] = ()
        self.clock: Any = Clock()
        self.store: Any = None
        self._path = str(path / "test.sqlite3")

    async def start(self) -> None:
        if self.store is not None:
            await self.store.stopService()
        self.store = self._made()
        self.store.startService()
        self.history, self.ledger = self.store.history, self.store.ledger

    def _made(self) -> Store:
        def onLoaded(records: Sequence[Record]) -> None:
            self.loaded = records

        if self.kind == "memory":
            return MemoryStore(self.clock, onLoaded, now=lambda: NOW)
        if self.kind == "threads":
            from twisted.internet import reactor

            self.clock = reactor
            return SQLiteStore(self._path, reactor, onLoaded, now=lambda: NOW)
        return SQLiteStore(
            self._path,
            self.clock,
            onLoaded,
            now=lambda: NOW,
            newWorker=lambda name: HandWorker(),
        )

    async def keep(self, *kept: Line) -> None:
        """
        Append lines, and wait until they are where this kind keeps them.
        """
        for line in kept:
            self.history.append(line)
        await self.settle()

    async def settle(self) -> None:
        match self.kind:
            case "written":
                self.clock.advance(0.1)
            case "restarted":
                await self.start()
            case "threads":
                # Records are written after the lines that were there before.
                self.ledger.put(RoomRecord("#settled"))
                await self.ledger.remove(RoomRecord("#settled"))

    async def change(self, changing: Deferred[None]) -> None:
        """
        Wait until a record is kept.
        """
        if self.kind != "threads":
            self.clock.advance(0.1)
        await changing

    async def search(
        self, words: str, rooms: Sequence[str] = (ROOM,), nick: str = "", count: int = 10
    ) -> list[str]:
        """
        @return: The texts that were found.
        """
        return texts(await self.history.search(words, rooms, nick, count))


@pytest_twisted.async_yield_fixture(params=KINDS)
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    """Each kind of store, empty."""
    made = Kept(request.param, tmp_path)
    await made.start()
    yield made
    await made.store.stopService()


def said(id: int, text: str, nick: str = "alice", room: str = ROOM) -> Said:
    return Said(room, id, AT + timedelta(seconds=id), nick, text)


# Lines.


@ensureDeferred
async def test_aNewStoreHasNoLines(kept: Kept) -> None:
    assert await kept.history.recent(ROOM, 10) == Extract()
    assert await kept.history.after(ROOM, 0, 10) == Extract()
    assert await kept.history.after(ROOM, 7, 10) == Extract()
    assert await kept.history.since(ROOM, AT, 10) == Extract()
    assert await kept.search("hello") == []


@ensureDeferred
async def test_keepsEveryFieldOfALine(kept: Kept) -> None:
    """Kind, id, time and text in any script."""
    first = Said(ROOM, 1, AT, "李雷", "你好 👍\u200d🚒 e\u0301 ' \" \\ %s")
    second = Acted(ROOM, 2, AT.replace(microsecond=0), "alice", "waves")
    await kept.keep(first, second)
    assert (await kept.history.recent(ROOM, 10)).lines == (first, second)
    assert (await kept.history.after(ROOM, 0, 10)).lines == (first, second)


@ensureDeferred
async def test_recentGivesTheNewestLines(kept: Kept) -> None:
    """Oldest first."""
    await kept.keep(*lines(1, 9))
    assert await kept.history.recent(ROOM, 9) == Extract(tuple(lines(1, 9)))
    assert await kept.history.recent(ROOM, 100) == Extract(tuple(lines(1, 9)))
    assert await kept.history.recent(ROOM, 2) == Extract(tuple(lines(8, 9)), more=True)
    assert await kept.history.recent(ROOM, 1) == Extract(tuple(lines(9, 9)), more=True)
    assert await kept.history.recent(ROOM, 0) == Extract(more=True)


@ensureDeferred
async def test_recentAndAfterOfManyLines(kept: Kept) -> None:
    await kept.keep(*lines(1, 2500))
    assert await kept.history.recent(ROOM, 1000) == Extract(tuple(lines(1501, 2500)), more=True)
    assert await kept.history.after(ROOM, 700, 1000) == Extract(tuple(lines(701, 1700)), more=True)


@ensureDeferred
async def test_afterGivesTheFirstLinesBehindAnId(kept: Kept) -> None:
    await kept.keep(*lines(1, 9))
    assert await kept.history.after(ROOM, 0, 100) == Extract(tuple(lines(1, 9)))
    assert await kept.history.after(ROOM, 4, 5) == Extract(tuple(lines(5, 9)))
    assert await kept.history.after(ROOM, 4, 4) == Extract(tuple(lines(5, 8)), more=True)
    assert await kept.history.after(ROOM, 9, 4) == Extract()
    assert await kept.history.after(ROOM, 100, 4) == Extract()
    assert await kept.history.after(ROOM, 8, 0) == Extract(more=True)


@ensureDeferred
async def test_afterTakesAnyNumber(kept: Kept) -> None:
    await kept.keep(*lines(1, 3))
    for id in (-1, -(10**30)):
        assert await kept.history.after(ROOM, id, 10) == Extract(tuple(lines(1, 3)))
    for id in (2**63, 10**30):
        assert await kept.history.after(ROOM, id, 10) == Extract()


@ensureDeferred
async def test_sinceGivesTheFirstLinesFromATimeOn(kept: Kept) -> None:
    await kept.keep(*lines(1, 9))
    assert await kept.history.since(ROOM, AT, 100) == Extract(tuple(lines(1, 9)))
    for seconds in range(1, 10):
        at = AT + timedelta(seconds=seconds)
        assert await kept.history.since(ROOM, at, 9) == Extract(tuple(lines(seconds, 9)))
    exactly = AT + timedelta(seconds=5)
    assert await kept.history.since(ROOM, exactly, 2) == Extract(tuple(lines(5, 6)), more=True)
    almost = exactly + timedelta(microseconds=1)
    assert await kept.history.since(ROOM, almost, 4) == Extract(tuple(lines(6, 9)))
    assert await kept.history.since(ROOM, AT + timedelta(days=1), 4) == Extract()


@ensureDeferred
async def test_sinceFindsItsPlaceAmongGaps(kept: Kept) -> None:
    chosen = [*lines(3, 4), *lines(100, 101), *lines(2000, 2000)]
    await kept.keep(*chosen)
    found = await kept.history.since(ROOM, AT + timedelta(seconds=50), 10)
    assert found == Extract(tuple(chosen[2:]), missed=(Missed(ROOM, 102, 1999, "lost"),))


# The times of lines, in minutes before the present time, when the clock is set; and the lines since
# two minutes before it.
CLOCKS = {
    "back and forth": ([5, 1, 61, 60, 0], [2, 3, 4, 5]),
    "back and forth twice": ([3, 1, 9, 1, 9, 1], [2, 3, 4, 5, 6]),
    "back, and not forth yet": ([3, 1, 61, 60], [2, 3, 4]),
    "back before": ([3, 61, 60, 1, 0], [4, 5]),
    "forth and back long ago": ([5, -9999, -9998, 4, 3, 1, 0], [6, 7]),
    "forth and back": ([5, -9999, -9998, 1, 0], [2, 3, 4, 5]),
    "forth and back, and nothing said since": ([5, -9999, -9998], [2, 3]),
    "forth, and said since": ([5, -9999, 4], []),
    "slowly": ([9, 8, 1, 0], [3, 4]),
    "always ahead": ([-5, -4], [1, 2]),
    "always behind": ([500, 400], []),
}


@pytest.mark.parametrize("clock", CLOCKS)
@ensureDeferred
async def test_sinceGivesEveryLineWhateverTheClockDid(kept: Kept, clock: str) -> None:
    """In the order of ids, each line with the time that it was given."""
    minutes, expected = CLOCKS[clock]
    said = [
        Said(ROOM, id, NOW - timedelta(minutes=each), "alice", "hi")
        for id, each in enumerate(minutes, 1)
    ]
    await kept.keep(*said[:2])
    await kept.keep(*said[2:])
    found = await kept.history.since(ROOM, NOW - timedelta(minutes=2), 10)
    assert found == Extract(tuple(line for line in said if line.id in expected))


@ensureDeferred
async def test_sinceFindsItsPlaceAmongManyLines(kept: Kept) -> None:
    """The clock was set back after each hundred."""
    await kept.keep(
        *(
            Said(ROOM, id, AT + timedelta(seconds=id % 100 + id // 100), "alice", "hi")
            for id in range(1, 1500)
        )
    )
    for seconds, first in ((99, 99), (100, 199), (105, 699), (113, 1499), (114, 0)):
        found = await kept.history.since(ROOM, AT + timedelta(seconds=seconds), 2000)
        assert ids(found) == (list(range(first, 1500)) if first else [])
        assert found.missed == ()


@ensureDeferred
async def test_roomsDoNotMix(kept: Kept) -> None:
    """Even when their lines come in turn."""
    lobby, dev = lines(1, 3), lines(1, 4, "#dev")
    for pair in zip(lobby, dev, strict=False):
        await kept.keep(*pair)
    await kept.keep(*dev[3:])
    assert await kept.history.recent(ROOM, 10) == Extract(tuple(lobby))
    assert await kept.history.recent("#dev", 10) == Extract(tuple(dev))
    assert await kept.history.recent("#other", 10) == Extract()
    assert await kept.history.after("#dev", 1, 10) == Extract(tuple(dev[1:]))
    assert await kept.history.since("#other", AT, 10) == Extract()


@ensureDeferred
async def test_askingTwiceChangesNothing(kept: Kept) -> None:
    """An answer stays as it is when more lines come."""
    await kept.keep(*lines(1, 3))
    first = await kept.history.recent(ROOM, 10)
    assert await kept.history.recent(ROOM, 10) == first
    await kept.keep(*lines(4, 4))
    assert ids(first) == [1, 2, 3]
    assert ids(await kept.history.recent(ROOM, 10)) == [1, 2, 3, 4]


@ensureDeferred
async def test_anAnswerHasEveryLineAppendedBeforeItFires(kept: Kept) -> None:
    await kept.keep(*lines(1, 30))
    asked = [
        kept.history.recent(ROOM, 100),
        kept.history.after(ROOM, 0, 100),
        kept.history.since(ROOM, AT, 100),
    ]
    searching = kept.history.search("line", [ROOM], "", 100)
    fired = [each.called for each in [*asked, searching]]
    kept.history.append(lines(31, 31)[0])
    for each, hadFired in zip(asked, fired, strict=False):
        assert ids(await each) == list(range(1, 31 if hadFired else 32))
    assert ids(await searching)[0] == (30 if fired[-1] else 31)


@ensureDeferred
async def test_linesWithoutAnIdAreNotKept(kept: Kept) -> None:
    await kept.keep(said(0, "hello"), said(1, "hi"), said(0, "hey"))
    assert texts(await kept.history.recent(ROOM, 10)) == ["hi"]
    assert await kept.search("hello") == []


# Missing lines.


@ensureDeferred
async def test_missingIdsAreToldAsLost(kept: Kept) -> None:
    await kept.keep(*lines(1, 2), *lines(5, 6), *lines(8, 8))
    lost = (Missed(ROOM, 3, 4, "lost"), Missed(ROOM, 7, 7, "lost"))
    assert (await kept.history.recent(ROOM, 10)).missed == lost
    assert (await kept.history.recent(ROOM, 2)).missed == lost[1:]
    assert (await kept.history.recent(ROOM, 1)).missed == ()
    assert (await kept.history.after(ROOM, 0, 10)).missed == lost
    assert (await kept.history.after(ROOM, 2, 10)).missed == lost
    assert (await kept.history.after(ROOM, 3, 10)).missed == (Missed(ROOM, 4, 4, "lost"), lost[1])
    assert (await kept.history.after(ROOM, 0, 4)).missed == lost[:1]
    assert (await kept.history.since(ROOM, AT, 10)).missed == lost


@ensureDeferred
async def test_aForgottenRoomHasOnlyLaterLines(kept: Kept) -> None:
    """The earlier ones are not read, replayed or found any more."""
    await kept.keep(*lines(1, 40), *lines(1, 2, "#dev"))
    await kept.history.recent(ROOM, 10)
    kept.history.forget(ROOM)
    for _ in range(2):
        forgotten = (Missed(ROOM, 6, 40, "expired"),)
        assert await kept.history.recent(ROOM, 10) == Extract()
        assert await kept.history.after(ROOM, 5, 10) == Extract(missed=forgotten)
        assert await kept.history.since(ROOM, AT, 10) == Extract()
        assert await kept.search("line") == []
        assert len(await kept.search("line", [ROOM, "#dev"])) == 2
        await kept.settle()
    await kept.keep(*lines(41, 42))
    assert await kept.history.recent(ROOM, 10) == Extract(tuple(lines(41, 42)))
    assert ids(await kept.history.after(ROOM, 5, 10)) == [41, 42]
    assert ids(await kept.history.since(ROOM, AT, 10)) == [41, 42]
    assert await kept.search("line") == ["line 42", "line 41"]


@ensureDeferred
async def test_allRoomsButSomeAreForgotten(kept: Kept) -> None:
    """Those in which nothing has been said since they were forgotten are left alone."""
    rooms = (ROOM, "#dev", "#ops")
    for room in rooms:
        await kept.keep(*(said(kept.store.nextId(room), "line", room=room) for _ in range(3)))
    kept.history.forget("#ops")
    for _ in range(2):
        kept.history.forgetOthers({ROOM, "#new"})
        assert [ids(await kept.history.recent(room, 10)) for room in rooms] == [[1, 2, 3], [], []]
        assert await kept.history.after("#dev", 0, 10) == Extract(
            missed=(Missed("#dev", 1, 3, "expired"),)
        )
        assert await kept.search("line", rooms) == ["line"] * 3
        assert [kept.store.lastId(room) for room in (*rooms, "#new")] == [3, 3, 3, 0]
        await kept.settle()
    await kept.keep(*lines(4, 4, "#dev"))
    assert ids(await kept.history.recent("#dev", 10)) == [4]


@ensureDeferred
async def test_forgettingReachesQuestionsThatAreBeingAnswered(kept: Kept) -> None:
    await kept.keep(*lines(1, 30))
    asked = kept.history.recent(ROOM, 100)
    searching = kept.history.search("line", [ROOM], "", 100)
    if not asked.called and not searching.called:
        kept.history.forget(ROOM)
        assert await asked == Extract()
        assert await searching == ()
    else:
        await asked
        await searching


@ensureDeferred
async def test_forgettingAnUnknownRoomDoesNothing(kept: Kept) -> None:
    kept.history.forget("#unknown")
    await kept.settle()
    assert await kept.history.recent("#unknown", 10) == Extract()
    assert kept.store.lastId("#unknown") == 0


@ensureDeferred
async def test_idsGoOnAfterForgetting(kept: Kept) -> None:
    for number in range(1, 4):
        assert kept.store.nextId(ROOM) == number
        kept.history.append(said(number, "hi"))
    kept.history.forget(ROOM)
    assert kept.store.lastId(ROOM) == 3
    assert kept.store.nextId(ROOM) == 4


# Searching.


@ensureDeferred
async def test_searchFindsWholeWords(kept: Kept) -> None:
    """All of them, in any order; case and width do not matter."""
    await kept.keep(
        said(1, "The quick brown fox"),
        said(2, "a quick look"),
        said(3, "QUICK, Ｂｒｏｗｎ!"),
        said(4, "quickly"),
    )
    assert await kept.search("quick") == [
        "QUICK, Ｂｒｏｗｎ!",
        "a quick look",
        "The quick brown fox",
    ]
    assert await kept.search("Brown  quick") == ["QUICK, Ｂｒｏｗｎ!", "The quick brown fox"]
    assert await kept.search("quick slow") == []
    assert await kept.search("quic") == []
    assert (await kept.search("quic*"))[0] == "quickly"
    assert await kept.search("quickl*") == ["quickly"]
    assert await kept.search("q* f*") == ["The quick brown fox"]


@ensureDeferred
async def test_searchFindsChineseAnywhereInAText(kept: Kept) -> None:
    """One character, or several that follow one another."""
    await kept.keep(
        said(1, "大家你好啊"),
        said(2, "你说得好"),
        said(3, "说你好，你好吗abc吧"),
        said(4, "カタカナ"),
    )
    assert await kept.search("你好") == ["说你好，你好吗abc吧", "大家你好啊"]
    for character in "大家你好啊":
        assert "大家你好啊" in await kept.search(character)
    assert await kept.search("好") == ["说你好，你好吗abc吧", "你说得好", "大家你好啊"]
    assert await kept.search("家你好") == ["大家你好啊"]
    assert await kept.search("你家好") == []
    assert await kept.search("大家你好啊") == ["大家你好啊"]
    assert await kept.search("大你") == []
    assert await kept.search("说你") == ["说你好，你好吗abc吧"]
    assert await kept.search("吗abc") == ["说你好，你好吗abc吧"]
    assert await kept.search("吗ab") == []
    assert await kept.search("好 家") == ["大家你好啊"]
    assert await kept.search("ｶﾀ") == ["カタカナ"]


@ensureDeferred
async def test_searchLooksOnlyInTheGivenRooms(kept: Kept) -> None:
    """The lines of all of them are in one order, newest first."""
    await kept.keep(
        said(1, "hello one"),
        said(1, "hello two", room="#dev"),
        said(2, "hello three"),
        said(1, "hello four", room="#secret"),
    )
    assert await kept.search("hello", [ROOM, "#dev", ROOM]) == [
        "hello three",
        "hello two",
        "hello one",
    ]
    assert await kept.search("hello", ["#dev"]) == ["hello two"]
    assert await kept.search("hello", ["#nowhere"]) == []
    assert await kept.search("hello", []) == []


@ensureDeferred
async def test_searchFindsTheLinesOfANickname(kept: Kept) -> None:
    await kept.keep(
        said(1, "hello", nick="Alice"), said(2, "hello", nick="bob"), said(3, "hi", nick="ALICE")
    )
    for nick in ("alice", "Ａlice", "ALICE"):
        assert await kept.search("hello", nick=nick) == ["hello"]
    assert await kept.search("h*", nick="alice") == ["hi", "hello"]
    assert await kept.search("hello", nick="ali") == []
    assert await kept.search("alice") == []


@ensureDeferred
async def test_searchGivesTheNewestLines(kept: Kept) -> None:
    await kept.keep(*lines(1, 30))
    assert await kept.search("line", count=3) == ["line 30", "line 29", "line 28"]
    assert await kept.search("line", count=0) == []
    assert await kept.search("line", count=30) == [f"line {number}" for number in range(30, 0, -1)]


ODD = [
    "",
    " ",
    "!",
    "* **",
    '"',
    "'; DROP TABLE line; --",
    '" OR "',
    "AND",
    "NEAR(a b)",
    "tokens:x",
    "^hello",
    "-hello",
    "(",
    "\0",
    "hel\0lo",
    "\ud800",
    "👍",
    "%",
    "hello" * 200,
    " ".join(f"w{number}" for number in range(300)),
    "你" * 500,
    "好 " * 300,
]


@ensureDeferred
async def test_searchTakesAnyText(kept: Kept) -> None:
    await kept.keep(said(1, "hello ' \" * AND tokens"))
    for words in ODD:
        with suppress(NothingToFind):
            await kept.search(words)
        await kept.search(words + " hello", nick=words)
        await kept.search("hello", [words.replace("\ud800", ""), ROOM])
    assert await kept.search("and '\"* tokens") == ["hello ' \" * AND tokens"]
    assert await kept.search('"hello"') == ["hello ' \" * AND tokens"]


@pytest.mark.parametrize("words", ["🍐", "*", "\u0301", "、 ?"])
@ensureDeferred
async def test_searchForNoWordIsRefused(kept: Kept, words: str) -> None:
    with pytest.raises(NothingToFind) as raised:
        await kept.search(words)
    assert raised.value.about == words


# Ids.


@ensureDeferred
async def test_idsCountUpInEachRoom(kept: Kept) -> None:
    assert kept.store.lastId(ROOM) == 0
    assert [kept.store.nextId(ROOM) for _ in range(3)] == [1, 2, 3]
    assert [kept.store.nextId("#dev") for _ in range(2)] == [1, 2]
    assert (kept.store.lastId(ROOM), kept.store.lastId("#dev")) == (3, 2)


@ensureDeferred
async def test_idsGoOnBehindLinesThatCameWithTheirOwn(kept: Kept) -> None:
    await kept.keep(*lines(1, 7))
    if kept.kind != "waiting":
        assert kept.store.nextId(ROOM) == 8


# Records.

ALICE = Account("Alice", "alice", AT, "$argon2id$secret", True, ("bob", "李雷"))
BOB = Account("bob", "bob", AT.replace(microsecond=0))
DEV = RoomRecord("#dev", "a topic", "Alice", "a key", True, True, ("alice", "bob"))
BAN = Sanction(SanctionKind.BAN, "192.0.2.0/24", "192.0.2.0/24", "Alice", AT, "spam", AT)
MUTE = Sanction(SanctionKind.MUTE, "bob", "bob", "Alice", AT)


@ensureDeferred
async def test_aNewStoreHasNoRecords(kept: Kept) -> None:
    assert kept.loaded == ()
    assert await kept.ledger.load(Account) == ()


@ensureDeferred
async def test_keepsRecordsWithAllFields(kept: Kept) -> None:
    """They are read in the order of their keys."""
    for record in (MUTE, BOB, DEV, ALICE, BAN):
        await kept.change(kept.ledger.put(record))
    await kept.settle()
    assert await kept.ledger.load(Account) == (ALICE, BOB)
    assert await kept.ledger.load(RoomRecord) == (DEV,)
    assert await kept.ledger.load(Sanction) == (BAN, MUTE)


@ensureDeferred
async def test_replacesAndRemovesRecords(kept: Kept) -> None:
    changed = Account("ALICE", "alice", AT)
    await kept.change(kept.ledger.put(ALICE))
    await kept.change(kept.ledger.put(changed))
    await kept.change(kept.ledger.put(BOB))
    await kept.settle()
    assert await kept.ledger.load(Account) == (changed, BOB)
    await kept.change(kept.ledger.remove(ALICE))
    await kept.change(kept.ledger.remove(MUTE))
    await kept.settle()
    assert await kept.ledger.load(Account) == (BOB,)


@ensureDeferred
async def test_recordsAreReadWithChangesThatAreNotOnTheDiskYet(kept: Kept) -> None:
    await kept.change(kept.ledger.put(ALICE))
    changing = [kept.ledger.put(BOB), kept.ledger.remove(ALICE)]
    loading = kept.ledger.load(Account)
    last = kept.ledger.put(BOB)
    assert await loading == (BOB,)
    for each in [*changing, last]:
        await kept.change(each)
    assert await kept.ledger.load(Account) == (BOB,)
