"""
Passwords: which there may be, and how they are hashed and checked.

A password is an OpaqueString (RFC 8265, section 4.2: any visible character, all spaces become the
plain one, then NFC), so it does not matter by which keyboard an accent or a space was typed. Case
and width matter. A password that is too long is refused, not cut.

Hashing is slow by design, so two threads of their own do it, for one origin after the other
(L{chat.interfaces.FrontDoor}): however many passwords come from one place, one from another place
waits for few of them. argon2 releases the interpreter's lock
meanwhile, so they run beside the reactor and beside each other. Nothing is raised where a password
is at hand, since a traceback would lead to it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

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
from chat.vocabulary.records import DAMAGED

THREADS = 2

MAX_WAITING = 64
"""How many passwords of one origin may wait for a thread."""

MAX_WAITING_ALL = 512
"""How many may wait in all."""

OWASP = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
"""
argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet recommends
(U{https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html}).
"""

_T = TypeVar("_T", str, bool)

_Work = tuple[Callable[[], Any], Deferred[Any]]

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
        self._running = 0
        # What waits for a thread, by origin; the one whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[_Work]] = OrderedDict()
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
        @return: Fires when every request has been answered and the threads have ended.  Those that
            have no thread yet fail with L{TryLater}.
        """
        super().stopService()
        waiting, self._waiting = self._waiting, OrderedDict()
        for _, answer in chain.from_iterable(waiting.values()):
            answer.errback(TryLater())
        self._whenIdle = Deferred()
        stopped = self._whenIdle.addCallback(lambda _: self._endThreads())
        self._fireIfIdle()
        return stopped

    def hash(self, password: str, origin: str = "") -> Deferred[str]:
        """
        @param origin: From where the password comes.
        @return: Fires with the secret that is kept of a password; fails with
            L{chat.vocabulary.errors.PasswordInvalid}, or with L{TryLater} when too many wait.
        """
        prepared = prepare(password)
        if prepared is None:
            return fail(PasswordInvalid(f"{MIN_PASSWORD}–{MAX_PASSWORD}"))
        return self._inThread(lambda: self._hasher.hash(prepared), origin)

    def verify(self, secret: str, password: str, origin: str = "") -> Deferred[bool]:
        """
        @param secret: What L{hash} made of a password. If it is empty or L{DAMAGED} every password
            is wrong, and the answer takes as long.
        @param origin: From where the password comes.
        @return: Fires with whether this is the password; fails with L{TryLater} when too many wait,
            or when the secret cannot be read.
        """
        prepared = prepare(password)
        if prepared is None:
            return succeed(False)
        return self._inThread(lambda: self._matches(secret, prepared), origin)

    def needsRehash(self, secret: str) -> bool:
        """
        @return: Whether a secret was made with other parameters than those in use now.
        """
        try:
            return self._hasher.check_needs_rehash(secret)
        except InvalidHashError:
            return True

    def _matches(self, secret: str, prepared: bytes) -> bool:
        if secret in ("", DAMAGED):
            self._hasher.hash(prepared)
            return False
        try:
            return self._hasher.verify(secret, prepared)
        except VerifyMismatchError:
            return False

    def _inThread(self, work: Callable[[], _T], origin: str) -> Deferred[_T]:
        ofOrigin = len(self._waiting.get(origin, ()))
        inAll = sum(map(len, self._waiting.values()))
        if not self.running or ofOrigin >= MAX_WAITING or inAll >= MAX_WAITING_ALL:
            return fail(TryLater())
        answer: Deferred[_T] = Deferred()
        self._waiting.setdefault(origin, deque()).append((work, answer))
        self._begin()
        return answer

    def _begin(self) -> None:
        """
        Give the threads work.
        """
        while self._pool is not None and self._running < THREADS and self._waiting:
            origin, queue = self._waiting.popitem(last=False)
            work, answer = queue.popleft()
            if queue:
                self._waiting[origin] = queue
            self._running += 1
            done = deferToThreadPool(self._reactor, self._pool, _outcome, work)
            done.addCallback(self._finished, answer)

    def _finished(self, outcome: _T | _HashingFailed, answer: Deferred[_T]) -> None:
        self._running -= 1
        self._begin()
        if isinstance(outcome, _HashingFailed):
            self._log.error("a password cannot be hashed: {reason}", reason=outcome.reason)
            answer.errback(TryLater())
        else:
            answer.callback(outcome)
        self._fireIfIdle()

    def _fireIfIdle(self) -> None:
        if self._whenIdle is not None and not self._running:
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
