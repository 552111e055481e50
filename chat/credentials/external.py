"""
Checkers from elsewhere (C{--auth}). Others wrote them, so nothing is relied on but what
L{ICredentialsChecker} promises, and nothing that they raise is logged with its message: the message
may quote the password.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from typing import Any

from twisted.cred.checkers import FilePasswordDB, ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import LoginFailed, UnauthorizedLogin
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.plugins.cred_unix import UNIXChecker
from twisted.python.failure import Failure
from twisted.python.reflect import qual

from chat.vocabulary.outages import Outage

PATIENCE = 10.0
"""How many seconds a checker may take."""

BLOCKING = (FilePasswordDB, UNIXChecker)
"""
Checkers of Twisted that read files before they return. They need no reactor, so a thread can ask
them.
"""

InThread = Callable[[Callable[[], list[Any]]], Deferred[list[Any]]]
"""Calls a function in a thread, as C{deferToThread} does."""


class ExternalChecker:
    """
    A checker from elsewhere, kept within bounds: it may block, fail or never answer.
    """

    _log = Logger()

    def __init__(
        self, checker: ICredentialsChecker, clock: IReactorTime, inThread: InThread
    ) -> None:
        """
        @param checker: One for L{IUsernamePassword}.
        """
        self._checker = checker
        self._clock = clock
        self._inThread = inThread
        self._outage = Outage()

    def nameFor(self, credentials: IUsernamePassword) -> Deferred[str]:
        """
        @return: Fires with the name by which the checker knows the user; fails with
            L{UnauthorizedLogin}, also if the checker breaks or takes longer than L{PATIENCE}, which
            is logged when it begins and when it is over.
        """
        answer = self._ask(credentials).addTimeout(PATIENCE, self._clock)
        return answer.addCallback(_nameOf).addCallbacks(self._answered, self._failed)

    def _ask(self, credentials: IUsernamePassword) -> Deferred[Any]:
        if not isinstance(self._checker, BLOCKING):
            return maybeDeferred(self._checker.requestAvatarId, credentials)
        asked = self._inThread(lambda: self._answers(credentials))
        return asked.addCallback(lambda answers: answers[0])

    def _answers(self, credentials: IUsernamePassword) -> list[Any]:
        """
        @return: The one answer of a checker that has it when it returns.
        """
        answers: list[Any] = []
        maybeDeferred(self._checker.requestAvatarId, credentials).addBoth(answers.append)
        return answers

    def _answered(self, name: str) -> str:
        self._worked()
        return name

    def _worked(self) -> None:
        if failures := self._outage.worked():
            self._log.info(
                "the checker {checker} answers again, after {count} failures",
                event="checker-recovered",
                checker=type(self._checker).__name__,
                count=failures,
            )

    def _failed(self, failure: Failure) -> Failure:
        if failure.check(LoginFailed) is not None:
            self._worked()
        elif self._outage.failed(kindOf(failure)):
            self._log.error(
                "the checker {checker} failed: {kind} in {trace}",
                event="checker-failed",
                checker=type(self._checker).__name__,
                kind=kindOf(failure),
                trace=traceOf(failure),
            )
        # A new failure refers to nothing that the checker had at hand.
        return Failure(UnauthorizedLogin())


def _nameOf(avatarId: bytes | str | tuple[()]) -> str:
    match avatarId:
        case bytes():
            return avatarId.decode()
        case str():
            # Against the contract, but the checker of --auth unix does it.
            return avatarId
        case _:
            raise UnauthorizedLogin


def kindOf(failure: Failure) -> str:
    """
    @return: The name of the exception, with its module.
    """
    return qual(type(failure.value))


def traceOf(failure: Failure) -> str:
    """
    @return: The calls that led to the exception, the outermost first, as C{function (file:line)};
        empty if they are not known.
    """
    return ", ".join(
        f"{function} ({os.path.basename(path)}:{line})"
        for function, path, line, *_ in failure.frames
    )
