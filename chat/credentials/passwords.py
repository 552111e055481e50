"""
Passwords: which there may be, and how they are hashed and checked.

A password is an OpaqueString (RFC 8265, section 4.2: any visible character, all spaces become the
plain one, then NFC), so it does not matter by which keyboard an accent or a space was typed. Case
and width matter. A password that is too long is refused, not cut.

Hashing is slow by design, so two threads of their own do it. argon2 releases the interpreter's lock
meanwhile, so they run beside the reactor and beside each other. Nothing is raised where a password
is at hand, since a traceback would lead to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError
from precis_i18n import get_profile
from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from chat.vocabulary.errors import PasswordInvalid, TryLater
from chat.vocabulary.limits import MAX_PASSWORD, MIN_PASSWORD

THREADS = 2

MAX_WAITING = 16
"""How many passwords may wait for a thread."""

OWASP = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
"""
argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet recommends
(U{https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html}).
"""

_T = TypeVar("_T", str, bool)

_opaque = get_profile("OpaqueString")


def prepare(password: str) -> bytes | None:
    """
    Bring a password into the one form in which it is hashed.

    @param password: As it was typed.
    @return: UTF-8, or L{None} if this cannot be a password.
    """
    # NFC makes one code point of at most four.
    if len(password) > 4 * MAX_PASSWORD:
        return None
    try:
        prepared: str = _opaque.enforce(password)
    except UnicodeEncodeError:
        return None
    return prepared.encode() if MIN_PASSWORD <= len(prepared) <= MAX_PASSWORD else None


@dataclass(frozen=True, slots=True)
class _HashingFailed:
    """Why there is no answer."""

    reason: str


class Hashing(Service):
    """
    Hashes passwords. Before it is started and after it is stopped, every Deferred fails with
    L{TryLater}.
    """

    _log = Logger()

    def __init__(self, reactor: IReactorFromThreads, hasher: PasswordHasher = OWASP) -> None:
        """
        @param reactor: Every Deferred fires in its thread.
        """
        self._reactor = reactor
        self._hasher = hasher
        self._pool: ThreadPool | None = None
        self._unfinished = 0
        self._whenIdle: Deferred[None] | None = None

    def startService(self) -> None:
        """
        Start the threads; twistd has forked by now.
        """
        super().startService()
        self._pool = ThreadPool(0, THREADS, "hashing")
        self._pool.start()

    def stopService(self) -> Deferred[None]:
        """
        @return: Fires when every request has been answered and the threads have ended.
        """
        super().stopService()
        self._whenIdle = Deferred()
        stopped = self._whenIdle.addCallback(lambda _: self._endThreads())
        self._fireIfIdle()
        return stopped

    def hash(self, password: str) -> Deferred[str]:
        """
        @return: Fires with the secret that is kept of a password; fails with
            L{chat.vocabulary.errors.PasswordInvalid}, or with L{TryLater} when too many wait.
        """
        prepared = prepare(password)
        if prepared is None:
            return fail(PasswordInvalid(f"{MIN_PASSWORD}–{MAX_PASSWORD}"))
        return self._inThread(lambda: self._hasher.hash(prepared))

    def verify(self, secret: str, password: str) -> Deferred[bool]:
        """
        @param secret: What L{hash} made of a password. If it is empty every password is wrong, and
            the answer takes as long.
        @return: Fires with whether this is the password; fails with L{TryLater} when too many wait,
            or when the secret cannot be read.
        """
        prepared = prepare(password)
        if prepared is None:
            return succeed(False)
        return self._inThread(lambda: self._matches(secret, prepared))

    def needsRehash(self, secret: str) -> bool:
        """
        @return: Whether a secret was made with other parameters than those in use now.
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

    def _finished(self, outcome: _T | _HashingFailed, answer: Deferred[_T]) -> None:
        self._unfinished -= 1
        if isinstance(outcome, _HashingFailed):
            self._log.error("a password cannot be hashed: {reason}", reason=outcome.reason)
            answer.errback(TryLater())
        else:
            answer.callback(outcome)
        self._fireIfIdle()

    def _fireIfIdle(self) -> None:
        if self._whenIdle is not None and not self._unfinished:
            waiting, self._whenIdle = self._whenIdle, None
            waiting.callback(None)

    def _endThreads(self) -> None:
        # They are idle, so this does not block.
        if self._pool is not None:
            self._pool.stop()
            self._pool = None


def _outcome(work: Callable[[], _T]) -> _T | _HashingFailed:
    try:
        return work()
    except Argon2Error as error:
        # Its message names a fault of the library, such as too little memory.
        return _HashingFailed(str(error))
    except Exception as error:
        return _HashingFailed(type(error).__name__)
