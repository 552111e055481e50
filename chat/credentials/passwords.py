"""
Passwords: which there may be, and how they are hashed and checked.

A password is an OpaqueString (RFC 8265, section 4.2: any visible character, all spaces become the
plain one, then NFC), so it does not matter by which keyboard an accent or a space was typed. Case
and width matter. A password that is too long is refused, not cut.

Hashing is slow by design, so two threads of their own do it. argon2 releases the interpreter's lock
meanwhile, so they run beside the reactor and beside each other. Nothing is raised where a password
is at hand, since a traceback would lead to it.

Passwords wait for the threads in two queues, which take turns: that of known users, who have logged
in from the same origin before (L{chat.interfaces.FrontDoor}) or are logged in, and that of
strangers. Whether the account of a stranger exists makes no difference, so guesses at invented
names have no more than the strangers' half. In each queue one place has its turn after the other:
however many passwords come from one place, one from another place waits for few of them. When a
queue is full, the place that has most in it loses the newest.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, VerifyMismatchError
from precis_i18n import get_profile
from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from chat.vocabulary.addresses import neighbourhoodOf
from chat.vocabulary.errors import PasswordInvalid, TryLater
from chat.vocabulary.limits import MAX_PASSWORD, MIN_PASSWORD

THREADS = 2

MAX_WAITING = 512
"""How many passwords of known users may wait for a thread, and how many of strangers."""

OWASP = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
"""
argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet recommends
(U{https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html}).
"""

MAX_MEMORY, MAX_PASSES, MAX_LANES = 65536, 4, 4
"""
What checking a password may cost at most; memory is in KiB. Each secret says by itself what it
costs, and may be damaged, or come from elsewhere. The defaults of other libraries are within this.
"""

# The encoding of argon2, with numbers that have no more digits than they need.
_secret = re.compile(
    r"\$argon2(?:id|i|d)\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]{0,2}),p=([1-9][0-9]{0,2})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})"
).fullmatch

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


def usable(secret: str) -> bool:
    """
    @return: Whether a password can be checked against this, for no more than L{MAX_MEMORY},
        L{MAX_PASSES} and L{MAX_LANES}.
    """
    match = _secret(secret)
    if match is None:
        return False
    memory, passes, lanes = map(int, match.groups()[:3])
    return (
        8 * lanes <= memory <= MAX_MEMORY
        and passes <= MAX_PASSES
        and lanes <= MAX_LANES
        and all(map(_isBase64, match.groups()[3:]))
    )


def _isBase64(text: str) -> bool:
    if len(text) % 4 == 1:
        return False
    return b64encode(b64decode(text + "=" * (-len(text) % 4))).rstrip(b"=") == text.encode()


@dataclass(frozen=True, slots=True)
class _HashingFailed:
    """Why there is no answer."""

    reason: str


class _Queue:
    """
    What waits for a thread, by the place it comes from.
    """

    def __init__(self) -> None:
        self._size = 0
        # The place whose turn is next stands first.
        self._places: OrderedDict[str, deque[_Work]] = OrderedDict()

    def __bool__(self) -> bool:
        return self._size > 0

    def __iter__(self) -> Iterator[_Work]:
        return chain.from_iterable(self._places.values())

    def add(self, place: str, work: _Work) -> _Work | None:
        """
        @return: What waits no longer, as there would be too much: the newest of the place that has
            most, which is the newcomer where all have the same.
        """
        self._places.setdefault(place, deque()).append(work)
        self._size += 1
        if self._size <= MAX_WAITING:
            return None
        fullest, works = max(reversed(self._places.items()), key=lambda each: len(each[1]))
        return self._take(fullest, works, works.pop)

    def next(self) -> _Work:
        """
        Take what has its turn; there must be something.
        """
        place, works = next(iter(self._places.items()))
        self._places.move_to_end(place)
        return self._take(place, works, works.popleft)

    def _take(self, place: str, works: deque[_Work], pop: Callable[[], _Work]) -> _Work:
        self._size -= 1
        work = pop()
        if not works:
            del self._places[place]
        return work


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
        self._known, self._strangers = _Queue(), _Queue()
        # The one whose turn was last stands first.
        self._queues = [self._strangers, self._known]
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
        waiting = [*self._known, *self._strangers]
        self._known, self._strangers = _Queue(), _Queue()
        self._queues = [self._strangers, self._known]
        for _, answer in waiting:
            answer.errback(TryLater())
        self._whenIdle = Deferred()
        stopped = self._whenIdle.addCallback(lambda _: self._endThreads())
        self._fireIfIdle()
        return stopped

    def hash(self, password: str, origin: str = "", isKnown: bool = False) -> Deferred[str]:
        """
        @param origin: From where the password comes.
        @param isKnown: Whether it comes from a user who has logged in, or has done so from there.
        @return: Fires with the secret that is kept of a password; fails with
            L{chat.vocabulary.errors.PasswordInvalid}, or with L{TryLater} when too many wait.
        """
        prepared = prepare(password)
        if prepared is None:
            return fail(PasswordInvalid(f"{MIN_PASSWORD}–{MAX_PASSWORD}"))
        return self._inThread(lambda: self._hasher.hash(prepared), origin, isKnown)

    def verify(
        self, secret: str, password: str, origin: str = "", isKnown: bool = False
    ) -> Deferred[bool]:
        """
        @param secret: What L{hash} made of a password. If it is not L{usable} every password is
            wrong, and the answer takes as long as for one of ours.
        @param origin: As for L{hash}, as is C{isKnown}.
        @return: Fires with whether this is the password; fails with L{TryLater} when too many wait.
        """
        prepared = prepare(password)
        if prepared is None:
            return succeed(False)
        return self._inThread(lambda: self._matches(secret, prepared), origin, isKnown)

    def needsRehash(self, secret: str) -> bool:
        """
        @return: Whether a secret was made with other parameters than those in use now.
        """
        return not usable(secret) or self._hasher.check_needs_rehash(secret)

    def _matches(self, secret: str, prepared: bytes) -> bool:
        if not usable(secret):
            self._hasher.hash(prepared)
            return False
        try:
            return self._hasher.verify(secret, prepared)
        except VerifyMismatchError:
            return False

    def _inThread(self, work: Callable[[], _T], origin: str, isKnown: bool) -> Deferred[_T]:
        if not self.running:
            return fail(TryLater())
        answer: Deferred[_T] = Deferred()
        if isKnown:
            tooMuch = self._known.add(origin, (work, answer))
        else:
            # Strangers can have any number of origins.
            tooMuch = self._strangers.add(neighbourhoodOf(origin), (work, answer))
        self._begin()
        if tooMuch is not None:
            tooMuch[1].errback(TryLater())
        return answer

    def _begin(self) -> None:
        """
        Give the threads work.
        """
        while self._pool is not None and self._running < THREADS and any(self._queues):
            self._queues.reverse()
            work, answer = next(filter(None, self._queues)).next()
            self._running += 1
            done = deferToThreadPool(self._reactor, self._pool, _outcome, work)
            done.addCallback(self._finished, answer)

    def _finished(self, outcome: _T | _HashingFailed, answer: Deferred[_T]) -> None:
        self._running -= 1
        self._begin()
        if isinstance(outcome, _HashingFailed):
            self._log.error(
                "a password cannot be hashed: {reason}", event="hash-failed", reason=outcome.reason
            )
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
