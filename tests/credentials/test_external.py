"""Tests for L{chat.credentials.external}."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.cred.checkers import ANONYMOUS, FilePasswordDB
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import LoginDenied, UnauthorizedLogin
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.credentials.external import PATIENCE, ExternalChecker
from tests.support.credentials import seenIn, seenInLog

PASSWORD = "correct horse"
CREDENTIALS = UsernamePassword("李雷".encode(), PASSWORD.encode())


class Answering:
    """
    A checker that answers as the test says.
    """

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.requestAvatarId = answer


class FileInThread(FilePasswordDB):
    """
    A checker that reads a file.

    @ivar threads: The thread of each question.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.threads: list[int] = []

    def requestAvatarId(self, credentials: Any) -> Any:
        self.threads.append(threading.get_ident())
        return super().requestAvatarId(credentials)


def never(work: Callable[[], Any]) -> Deferred[Any]:
    raise AssertionError("no thread is needed")


def asked(answer: Callable[[Any], Any], clock: Clock | None = None) -> list[Any]:
    """
    @return: The name that comes of an answer, or the failure.
    """
    results: list[Any] = []
    checker = ExternalChecker(Answering(answer), clock or Clock(), never)
    checker.nameFor(CREDENTIALS).addBoth(results.append)
    return results


@pytest.mark.parametrize("answer", ["李雷".encode(), "李雷", succeed("李雷".encode())])
def test_theAnswerIsAName(answer: Any) -> None:
    with capturedLogs() as logged:
        assert asked(lambda _: answer) == ["李雷"]
    assert logged == []


@pytest.mark.parametrize("error", [UnauthorizedLogin, LoginDenied])
def test_refusalsAreNotLogged(error: type[Exception]) -> None:
    def refuse(_: Any) -> Any:
        raise error

    with capturedLogs() as logged:
        for answer in (refuse, lambda _: fail(error())):
            [failure] = asked(answer)
            assert failure.type is UnauthorizedLogin
    assert logged == []


@pytest.mark.parametrize("answer", [ANONYMOUS, None, 0])
def test_anonymousUsersAreRefused(answer: Any) -> None:
    [failure] = asked(lambda _: answer)
    assert failure.type is UnauthorizedLogin


def test_aFaultIsLoggedWithoutThePassword() -> None:
    def connect(credentials: Any) -> Any:
        password = credentials.password.decode()
        raise ConnectionError(f"cannot bind as {password!r}")

    with capturedLogs() as logged:
        [failure] = asked(connect)
        asked(lambda _: b"\xff")
    assert failure.type is UnauthorizedLogin
    assert [event["kind"] for event in logged] == [
        "builtins.ConnectionError",
        "builtins.UnicodeDecodeError",
    ]
    assert "Answering" in logged[0]["checker"]
    assert "connect (test_external.py:" in logged[0]["trace"]
    assert PASSWORD not in seenInLog(logged) + seenIn(failure)


def test_aCheckerThatNeverAnswersRefuses() -> None:
    clock = Clock()
    with capturedLogs() as logged:
        results = asked(lambda _: Deferred(), clock)
        clock.advance(PATIENCE - 1)
        assert results == []
        clock.advance(1)
    assert results[0].type is UnauthorizedLogin
    assert [event["kind"].split(".")[-1] for event in logged] == ["TimeoutError"]


def test_aCheckerThatIsDownIsLoggedOnce() -> None:
    answers: Iterator[Any] = iter([OSError, OSError, b"alice", OSError, LoginDenied, b"alice"])

    def answer(_: Any) -> Any:
        match next(answers):
            case type() as error:
                raise error
            case name:
                return name

    checker = ExternalChecker(Answering(answer), Clock(), never)
    with capturedLogs() as logged:
        for _ in range(6):
            checker.nameFor(CREDENTIALS).addErrback(lambda _: None)
    # A checker that refuses works.
    assert [event.get("count") for event in logged] == [None, 2, None, 1]


def test_anAnswerLeavesNoTimer() -> None:
    clock = Clock()
    asked(lambda _: b"alice", clock)
    assert clock.getDelayedCalls() == []


@ensureDeferred
async def test_filesAreReadInAThread(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    path.write_text(f"李雷:{PASSWORD}\n")
    file = FileInThread(str(path))
    checker = ExternalChecker(file, Clock(), deferToThread)
    assert await checker.nameFor(CREDENTIALS) == "李雷"
    with pytest.raises(UnauthorizedLogin):
        await checker.nameFor(UsernamePassword("李雷".encode(), b"wrong"))
    path.unlink()
    with pytest.raises(UnauthorizedLogin), capturedLogs() as logged:
        await checker.nameFor(CREDENTIALS)
    assert len(file.threads) == 3
    assert threading.get_ident() not in file.threads
    assert PASSWORD not in seenInLog(logged)


def test_aFailingThreadRefuses() -> None:
    results: list[Failure] = []
    file = FilePasswordDB("passwords")
    with capturedLogs() as logged:
        checker = ExternalChecker(file, Clock(), lambda work: fail(RuntimeError(PASSWORD)))
        checker.nameFor(CREDENTIALS).addErrback(results.append)
    assert results[0].type is UnauthorizedLogin
    assert [event["kind"] for event in logged] == ["builtins.RuntimeError"]
    assert PASSWORD not in seenInLog(logged)
