"""
How questions are answered: L{chat.store.reader}, L{chat.store.recent}, and
L{chat.store.sqlitehistory}, which uses them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from chat.interfaces import Extract
from chat.store import recent
from chat.store.files import DatabaseFiles
from chat.store.reader import MAX_WAITING, WITHIN, DatabaseReader, Questions
from chat.store.recent import RecentLines
from chat.store.sqlitehistory import AT_ONCE
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Said
from chat.vocabulary.records import Account
from tests.support.stores import AT, ROOM, HandWorker, SQLiteStage, ids, now, startedAnew, texts


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[SQLiteStage]:
    with startedAnew(tmp_path / "chat.sqlite3") as stage:
        yield stage


# When the disk is asked, and what is appended meanwhile.


def test_recentAsksTheDiskOnceForTheReplay(stage: SQLiteStage) -> None:
    asked = stage.history.recent(ROOM, 3)
    assert not asked.called
    stage.reads.work()
    assert ids(now(asked)) == [8, 9, 10]
    assert ids(now(stage.history.recent(ROOM, 3))) == [8, 9, 10]
    stage.say("hello")
    assert ids(now(stage.history.recent(ROOM, 3))) == [9, 10, 11]
    assert not stage.history.recent(ROOM, 4).called


def test_recentNeedsNoDiskForANewRoom(stage: SQLiteStage) -> None:
    assert now(stage.history.recent("#new", 3)) == Extract()
    said = [stage.say("hello", "#new") for _ in range(2)]
    assert now(stage.history.recent("#new", 3)) == Extract(tuple(said))
    assert now(stage.history.recent("#new", 1)) == Extract(tuple(said[1:]), more=True)


def test_recentNeedsNoDiskForAForgottenRoom(stage: SQLiteStage) -> None:
    stage.history.forget(ROOM)
    assert now(stage.history.recent(ROOM, 3)) == Extract()
    said = stage.say("hello")
    assert now(stage.history.recent(ROOM, 3)) == Extract((said,))


def test_recentNeedsNoDiskForARoomForgottenBeforeTheStart(tmp_path: Path) -> None:
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.chat(2)
    stage.history.forget(ROOM)
    stage = stage.again()
    stage.reads.isPrompt = False
    assert now(stage.history.recent(ROOM, 3)) == Extract()
    stage.reads.isPrompt = True
    stage.stop()


def test_linesSaidWhileTheDiskIsAskedAreInTheAnswerOnce(stage: SQLiteStage) -> None:
    """Whether they are written before the reader looks or after."""
    for isWritten in (False, True):
        for ask in (
            lambda: stage.history.after(ROOM, 8, 100),
            lambda: stage.history.since(ROOM, AT, 100),
            lambda: stage.history.recent(ROOM, 100),
        ):
            said = [stage.say("before")]
            asked = ask()
            said.append(stage.say("then"))
            if isWritten:
                stage.settle()
            tell = stage.reads.do()
            said.append(stage.say("meanwhile"))
            stage.settle()
            tell()
            found = ids(now(asked))
            assert found[-3:] == [line.id for line in said]
            assert found == list(range(found[0], found[-1] + 1))


def test_linesSaidWhileTheyAreSearchedForAreFoundOnce(stage: SQLiteStage) -> None:
    for isWritten in (False, True):
        stage.say("needle before")
        searching = stage.history.search("needle", [ROOM, ROOM], "", 3)
        stage.say("needle then")
        stage.say("needle elsewhere", "#dev")
        if isWritten:
            stage.settle()
        tell = stage.reads.do()
        stage.say("needle meanwhile")
        tell()
        assert texts(now(searching)) == ["needle meanwhile", "needle then", "needle before"]


def test_linesForgottenWhileTheyAreAskedForAreNotInTheAnswer(stage: SQLiteStage) -> None:
    asked = [stage.history.recent(ROOM, 5), stage.history.after(ROOM, 0, 5)]
    searching = stage.history.search("line", [ROOM], "", 5)
    tells = [stage.reads.do()]
    stage.history.forget(ROOM)
    said = stage.say("line of another kind")
    for tell in tells:
        tell()
    stage.reads.work()
    assert [ids(now(each)) for each in asked] == [[said.id], [said.id]]
    assert now(searching) == (said,)


def test_recordsThatChangeWhileTheyAreReadAreReadAsChanged(stage: SQLiteStage) -> None:
    alice, bob = Account("alice", "alice", AT), Account("bob", "bob", AT)
    stage.ledger.put(alice)
    stage.settle()
    loading = stage.ledger.load(Account)
    tell = stage.reads.do()
    stage.ledger.put(bob)
    stage.ledger.remove(alice)
    stage.settle()
    tell()
    assert now(loading) == (bob,)


# A crowd that asks for the same.


def test_aCrowdAsksTheDiskOnce(stage: SQLiteStage) -> None:
    """Each question has its own answer, even when it asks for fewer lines."""
    asked = [stage.history.recent(ROOM, count) for count in (3, 2, *[3] * MAX_WAITING)]
    other = stage.history.recent("#other", 3)
    assert len(set(map(id, asked))) == len(asked)
    assert len(stage.reads.waiting) == 1
    stage.reads.do()()
    assert stage.reads.waiting == []
    assert ids(now(other)) == []
    stage.clock.pump([0] * (len(asked) // AT_ONCE))
    assert [ids(now(each)) for each in asked] == [[8, 9, 10], [9, 10], *[[8, 9, 10]] * MAX_WAITING]


def test_theAnswersToACrowdAreSpreadOverTurns(stage: SQLiteStage) -> None:
    """In the order of asking; a question that comes meanwhile need not wait."""
    answered: list[tuple[int, bool]] = []

    def answer(_: Extract, number: int) -> None:
        clock = stage.clock
        isMoreToCome = any(call.getTime() <= clock.seconds() for call in clock.getDelayedCalls())
        answered.append((number, isMoreToCome))

    for number in range(2 * AT_ONCE + 1):
        stage.history.recent(ROOM, 3).addCallback(answer, number)
    stage.reads.do()()
    assert answered == [(number, True) for number in range(AT_ONCE)]
    assert ids(now(stage.history.recent(ROOM, 3))) == [8, 9, 10]
    stage.clock.advance(0)
    assert answered == [(number, number < 2 * AT_ONCE) for number in range(2 * AT_ONCE + 1)]


def test_theRestOfACrowdFailsWhenTheStoreStops(stage: SQLiteStage) -> None:
    asked = [stage.history.recent(ROOM, 3) for _ in range(AT_ONCE + 1)]
    stage.reads.do()()
    stage.reads.isPrompt = True
    stage.stop()
    stage.clock.advance(0)
    assert ids(now(asked[0])) == [8, 9, 10]
    with pytest.raises(HistoryUnavailable):
        now(asked[-1])


def test_whatTheFirstOfACrowdSaysIsToldToTheOthers(stage: SQLiteStage) -> None:
    """Like everything that is said before they have their answer."""
    asked = [stage.history.recent(ROOM, 3) for _ in range(3)]
    asked[0].addCallback(lambda found: (stage.say("hello"), found)[1])
    tell = stage.reads.do()
    stage.say("meanwhile")
    tell()
    assert [ids(now(each)) for each in asked] == [[9, 10, 11], *[[10, 11, 12]] * 2]


def test_theWholeCrowdFailsWhenTheDiskFails(stage: SQLiteStage) -> None:
    asked = [stage.history.recent(ROOM, 3) for _ in range(3)]
    with capturedLogs():
        stage.clock.advance(WITHIN)
    for each in asked:
        with pytest.raises(HistoryUnavailable):
            now(each)
    # The next one asks anew.
    further = stage.history.recent(ROOM, 3)
    stage.reads.work()
    assert ids(now(further)) == [8, 9, 10]


# The queue.


class ReaderStage:
    """Questions to a reader with an empty database."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.worker = HandWorker()
        self.worker.isPrompt = False
        self.files = DatabaseFiles(str(path))
        self.reader = DatabaseReader(self.files)
        self.reader._connection = sqlite3.connect(":memory:", isolation_level=None)
        self.questions = Questions(self.reader, self.worker, self.clock)

    def ask(self, answer: str) -> Deferred[str]:
        return self.questions.ask(lambda reader: answer)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ReaderStage]:
    desk = ReaderStage(tmp_path / "chat.sqlite3")
    yield desk
    desk.reader.close()
    desk.files.close()


def test_questionsAreAnsweredOneAfterTheOther(desk: ReaderStage) -> None:
    asked = [desk.ask(f"{number}") for number in range(3)]
    for number in range(3):
        assert len(desk.worker.waiting) == 1
        desk.worker.do()()
        assert now(asked[number]) == f"{number}"
    assert desk.worker.waiting == []
    assert desk.clock.getDelayedCalls() == []


def test_tooManyQuestionsAreRefused(desk: ReaderStage) -> None:
    asked = [desk.ask("x") for _ in range(1 + MAX_WAITING)]
    with pytest.raises(TryLater):
        now(desk.ask("x"))
    desk.worker.do()()
    assert not desk.ask("x").called
    desk.worker.work()
    assert [now(each) for each in asked] == ["x"] * (1 + MAX_WAITING)


def test_aQuestionThatTakesTooLongIsGivenUp(desk: ReaderStage) -> None:
    """So are those that waited as long behind it; the next one is answered."""
    first, second = desk.ask("first"), desk.ask("second")
    desk.clock.advance(WITHIN / 2)
    third = desk.ask("third")
    with capturedLogs() as logged:
        desk.clock.advance(WITHIN / 2)
    assert len(logged) == 1
    for each in (first, second):
        with pytest.raises(HistoryUnavailable):
            now(each)
    desk.worker.do()()
    desk.worker.do()()
    assert now(third) == "third"
    assert desk.worker.waiting == []


def test_aQuestionThatTakesTooLongIsInterrupted(desk: ReaderStage) -> None:
    """In the middle of a statement, and between two statements."""

    def longQuestion(reader: DatabaseReader) -> object:
        # The reactor gives the question up meanwhile.
        connection = reader._connection
        assert connection is not None
        connection.create_function("wait", 0, lambda: desk.clock.advance(WITHIN))
        return list(
            reader._rows(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + wait() * 0 + 1 FROM n)"
                " SELECT max(i) FROM n",
                (),
            )
        )

    def manyQuestions(reader: DatabaseReader) -> object:
        for _ in range(10):
            list(reader._rows("SELECT 1", ()))
            desk.clock.advance(WITHIN)
        pytest.fail("it went on")

    for question in (longQuestion, manyQuestions):
        asked = desk.questions.ask(question)
        with capturedLogs():
            desk.worker.do()()
        with pytest.raises(HistoryUnavailable):
            now(asked)
        desk.reader._connection = sqlite3.connect(":memory:", isolation_level=None)
    fine = desk.questions.ask(lambda reader: list(reader._rows("SELECT 1", ())))
    desk.worker.work()
    assert now(fine) == [(1,)]


def test_anUnexpectedErrorFailsOneQuestion(desk: ReaderStage) -> None:
    """It is logged, and the next question is answered."""
    first = desk.questions.ask(lambda reader: 1 / 0)
    second = desk.ask("second")
    with capturedLogs() as logged:
        desk.worker.work()
    assert any("log_failure" in event for event in logged)
    with pytest.raises(HistoryUnavailable):
        now(first)
    assert now(second) == "second"


def test_aHistoryThatCannotBeReadIsLoggedOnce(desk: ReaderStage) -> None:
    def fails(reader: DatabaseReader) -> str:
        raise sqlite3.OperationalError("disk I/O error")

    with capturedLogs() as logged:
        for _ in range(3):
            asked = desk.questions.ask(fails)
            desk.worker.work()
            with pytest.raises(HistoryUnavailable):
                now(asked)
            desk.reader._connection = sqlite3.connect(":memory:", isolation_level=None)
        for _ in range(2):
            desk.ask("fine")
            desk.worker.work()
    assert [event.get("count") for event in logged] == [None, 3]


def test_anAnswerMayAskAgain(desk: ReaderStage) -> None:
    asked = desk.ask("first")
    further: list[Deferred[str]] = []
    asked.addCallback(lambda _: further.append(desk.ask("third")))
    second = desk.ask("second")
    desk.worker.work()
    assert now(second) == "second"
    assert now(further[0]) == "third"


def test_closingFailsAllQuestions(desk: ReaderStage) -> None:
    first, second = desk.ask("first"), desk.ask("second")
    with capturedLogs():
        closing = desk.questions.close()
    for each in (first, second, desk.ask("third")):
        with pytest.raises(HistoryUnavailable):
            now(each)
    assert not closing.called
    desk.worker.work()
    now(closing)
    assert desk.reader._connection is None
    assert desk.clock.getDelayedCalls() == []


# Recent lines.


def said(id: int, room: str = ROOM) -> Said:
    return Said(room, id, AT, "alice", "hi")


def found(memory: RecentLines, count: int, room: str = ROOM) -> list[int] | None:
    there = memory.find(room, count)
    return None if there is None else ids(there.lines)


def test_recentLinesOfARoomThatHasMoreOnTheDisk() -> None:
    memory = RecentLines(3, [ROOM])
    assert found(memory, 1) is None
    memory.append(said(4))
    assert found(memory, 1) is None
    memory.found(ROOM, [said(3), said(4)], False)
    assert found(memory, 2) == [3, 4]
    assert found(memory, 3) is None
    memory.append(said(5))
    memory.append(said(6))
    assert found(memory, 3) == [4, 5, 6]
    assert found(memory, 0) == []


def test_recentLinesThatAreAllARoomHas() -> None:
    memory = RecentLines(3, [ROOM])
    assert found(memory, 9, "#new") == []
    memory.found(ROOM, [said(1), said(2)], True)
    assert found(memory, 9) == [1, 2]
    memory.append(said(3))
    assert found(memory, 9) == [1, 2, 3]
    memory.append(said(4))
    assert found(memory, 9) is None
    assert found(memory, 3) == [2, 3, 4]
    memory.found("#many", [said(id) for id in range(1, 9)], True)
    assert found(memory, 3, "#many") == [6, 7, 8]
    assert found(memory, 4, "#many") is None


def test_recentLinesExpire() -> None:
    memory = RecentLines(3)
    for id in range(1, 6):
        memory.append(said(id))
    memory.expired(ROOM, 1)
    assert found(memory, 9) is None
    memory.expired(ROOM, 2)
    assert found(memory, 9) == [3, 4, 5]
    memory.expired(ROOM, 4)
    assert found(memory, 9) == [5]
    memory.expired(ROOM, 5)
    memory.expired("#other", 5)
    assert found(memory, 9) == []


def test_recentLinesOfQuietRoomsAreDropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MAX_ROOMS", 3)
    memory = RecentLines(2)
    for room in ("#a", "#b", "#c"):
        memory.append(said(1, room))
    memory.find("#a", 1)
    memory.append(said(2, "#b"))
    memory.append(said(1, "#d"))
    assert found(memory, 1, "#c") is None
    assert [found(memory, 1, room) for room in ("#a", "#b", "#d")] == [[1], [2], [1]]
    memory.append(said(2, "#c"))
    assert found(memory, 1, "#c") is None
