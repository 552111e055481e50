"""
Passwords to what is kept of them, and back to yes or no.

Hashing is made to be slow, so it happens in two threads of its own.  argon2
gives up the interpreter's lock meanwhile, so they run beside the reactor and
beside each other.  Nothing is raised where a password is at hand: a traceback
would lead to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError
from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from chat.credentials.passwords import prepare, refusal
from chat.vocabulary.errors import TryLater

THREADS = 2

MAX_WAITING = 16
"""How many passwords may wait for a thread."""

OWASP = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
"""
argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat
Sheet recommends
(U{https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html}).
"""

_T = TypeVar("_T", str, bool)


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why there is no answer."""

    reason: str


class Hashing(Service):
    """
    Hashes passwords.  Before it is started and after it is stopped, every
    Deferred fails with L{TryLater}.
    """

    _log = Logger()

    def __init__(self, reactor: IReactorFromThreads, hasher: PasswordHasher = OWASP) -> None:
        """
        @param reactor: in whose thread every Deferred fires.
        """
        self._reactor = reactor
        self._hasher = hasher
        self._pool: ThreadPool | None = None
        self._unfinished = 0
        self._whenIdle: Deferred[None] | None = None

    def startService(self) -> None:
        """
        Make the threads; twistd has forked by now.
        """
        super().startService()
        self._pool = ThreadPool(0, THREADS, "hashing")
        self._pool.start()

    def stopService(self) -> Deferred[None]:
        """
        @return: fires when all that was asked for has been answered, and the
            threads have ended.
        """
        super().stopService()
        self._whenIdle = Deferred()
        stopped = self._whenIdle.addCallback(lambda _: self._endThreads())
        self._look()
        return stopped

    def hash(self, password: str) -> Deferred[str]:
        """
        @return: fires with what is to be kept of a password; fails with
            L{chat.vocabulary.errors.PasswordInvalid}, or with L{TryLater} when too many
            wait.
        """
        prepared = prepare(password)
        if prepared is None:
            return fail(refusal())
        return self._inThread(lambda: self._hasher.hash(prepared))

    def verify(self, secret: str, password: str) -> Deferred[bool]:
        """
        @param secret: what is kept of a password.  Where it is empty no password
            is the right one, but to say so takes as long.
        @return: fires with whether this is the password; fails with L{TryLater}
            when too many wait, or when the secret cannot be read.
        """
        prepared = prepare(password)
        if prepared is None:
            return succeed(False)
        return self._inThread(lambda: self._matches(secret, prepared))

    def needsRehash(self, secret: str) -> bool:
        """
        @return: whether a secret was made with other parameters than those that
            are used now.
        """
        try:
            return self._hasher.check_needs_rehash(secret)
        except InvalidHashError:
            return True

    def _matches(self, secret: str, prepared: bytes) -> bool:
        if not secret:
            self._hasher.hash(prepared)
            return False
        try:
            return self._hasher.verify(secret, prepared)
        except VerifyMismatchError:
            return False

    def _inThread(self, work: Callable[[], _T]) -> Deferred[_T]:
        pool = self._pool
        if pool is None or not self.running or self._unfinished >= THREADS + MAX_WAITING:
            return fail(TryLater())
        self._unfinished += 1
        answer: Deferred[_T] = Deferred()
        deferToThreadPool(self._reactor, pool, _outcome, work).addCallback(self._finished, answer)
        return answer

    def _finished(self, outcome: _T | _Broken, answer: Deferred[_T]) -> None:
        self._unfinished -= 1
        if isinstance(outcome, _Broken):
            self._log.error("a password cannot be hashed: {reason}", reason=outcome.reason)
            answer.errback(TryLater())
        else:
            answer.callback(outcome)
        self._look()

    def _look(self) -> None:
        if self._whenIdle is not None and not self._unfinished:
            waiting, self._whenIdle = self._whenIdle, None
            waiting.callback(None)

    def _endThreads(self) -> None:
        # They have nothing to do, so this takes no time.
        if self._pool is not None:
            self._pool.stop()
            self._pool = None


def _outcome(work: Callable[[], _T]) -> _T | _Broken:
    try:
        return work()
    except Argon2Error as error:
        # These name a fault of the library, such as no memory.
        return _Broken(str(error))
    except Exception as error:
        return _Broken(type(error).__name__)
