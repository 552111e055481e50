"""
How often passwords may be guessed, and keys of rooms in the same way: what is said here of an
account holds for a room as well, except that no origin is known there.

Wrong passwords of strangers are counted three times, and each count is a share of so many a minute
(L{GuessRates}):

  - for one origin (L{chat.interfaces.FrontDoor}) and one account;
  - for one origin, at all accounts together;
  - for one account, from all origins together.

Nobody can use up the share of somebody else. Where it is the third share that is used up, which any
stranger can do, an attempt is not refused but waits for its turn, and those go first in whose
neighbourhood (L{neighbourhoodOf}) there have been the fewest in vain: the user who owns the account
comes in from a new place as well, if somewhat later, even while many guess, unless these have ever
new neighbourhoods.

An origin from which the account has logged in before has one share for that account, so the user
who owns it comes in from there whatever is done elsewhere. Others may be there, too, as in a
school. So attempts from there are not refused either: they wait for their turn, in the order in
which they came.

An attempt that is on its way is no wrong one. But there are never more on their way than there are
guesses left, or guessing many times at once would be a way around the limit. All others wait until
these have been decided: where the passwords are right, everybody comes in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from chat.vocabulary.addresses import neighbourhoodOf
from chat.vocabulary.errors import TooManyAttempts
from chat.vocabulary.limits import UNRESTRICTED, Rate, perMinute

GUESSES = 3
"""How many wrong passwords a minute one origin may try at one account."""

ORIGIN_GUESSES = 10
"""How many one origin may try at all accounts together: it may be that of many users."""

KNOWN_GUESSES = 12
"""
How many one origin may try at one account that has logged in from there before: one every five
seconds, so that several who are there can have a turn within L{PATIENCE}.
"""

ACCOUNT_GUESSES = 60
"""How many may be tried at one account from all origins from which it has not logged in yet."""

KEY_ORIGINS = 20
"""
How many origins may try as many wrong keys at one room as one may, before the others wait for their
turn.
"""

MAX_WAITING = 256
"""How many attempts may wait for one share."""

PATIENCE = 30.0
"""How many seconds an attempt may wait."""

MEMORY = 3600.0
"""
For how many seconds it is remembered where somebody has guessed at an account: who comes from
there waits longer.
"""

MAX_KEYS = 20_000
"""
How many shares of each kind are remembered. Beyond that the one that was used least recently is
forgotten: room for another guess costs that many guesses elsewhere.
"""


class GuessRates(NamedTuple):
    """
    How many wrong ones may be tried.

    @ivar own: By one origin, at one account.
    @ivar origin: By one origin, at all accounts together.
    @ivar account: At one account, by all origins together.
    @ivar known: By one origin, at an account that has logged in from there before.
    """

    own: Rate
    origin: Rate
    account: Rate
    known: Rate = UNRESTRICTED


PASSWORDS = GuessRates(
    perMinute(GUESSES),
    perMinute(ORIGIN_GUESSES),
    perMinute(ACCOUNT_GUESSES),
    perMinute(KNOWN_GUESSES),
)
"""How many wrong passwords."""


def keyRates(own: Rate) -> GuessRates:
    """
    @param own: How many wrong keys one origin may try at one room.
    """
    return GuessRates(own, UNRESTRICTED, Rate(own.burst * KEY_ORIGINS, own.interval / KEY_ORIGINS))


class Throttle:
    """
    Lets attempts begin.
    """

    def __init__(
        self, clock: IReactorTime, rates: GuessRates = PASSWORDS, maxKeys: int = MAX_KEYS
    ) -> None:
        """
        @param clock: One that never goes back.
        @param maxKeys: See L{MAX_KEYS}.
        """
        self._clock = clock
        # Not limited, but counted.
        self._neighbours = _Kind(UNRESTRICTED, maxKeys, MEMORY)
        self._known = _Kind(rates.known, maxKeys, isPatient=True)
        self._own = _Kind(rates.own, maxKeys)
        self._origins = _Kind(rates.origin, maxKeys)
        self._accounts = _Kind(rates.account, maxKeys, isPatient=True)
        self._numbers = count()
        self._woken: list[_Share] = []
        self._isWaking = False

    def begin(self, origin: str, fold: str, isKnown: bool = False) -> Deferred[Attempt]:
        """
        Begin an attempt, now or when its turn has come.

        @param origin: From where it comes.
        @param fold: The fold of the account's name, whether the account exists or not; or the name
            of a room.
        @param isKnown: Whether the account has logged in from there before.
        @return: Fires with the attempt, of which L{Attempt.end} must be called; fails with
            L{TooManyAttempts}, where no guess is left or it would have to wait for too long. A
            refused attempt counts nowhere. It may be cancelled as long as it waits.
        """
        now = self._clock.seconds()
        if isKnown:
            shares = [self._known.share((origin, fold), now)]
        else:
            shares = [
                self._neighbours.share((neighbourhoodOf(origin), fold), now),
                self._own.share((origin, fold), now),
                self._origins.share(origin, now),
                self._accounts.share(fold, now),
            ]
        attempt = Attempt(self, shares, next(self._numbers))
        self._advance(attempt)
        if not attempt.begun.called:
            attempt.begun.addTimeout(PATIENCE, self._clock, _impatient)
        return attempt.begun

    def givenUp(self, attempt: Attempt) -> None:
        """
        An attempt has waited in vain. It may be repeated at once and at no cost, so it counts where
        those go first who have tried least.
        """
        attempt.shares[0].miss(self._clock.seconds())
        attempt.end(isWrong=False)

    def ended(self, shares: Iterable[_Share], taken: Iterable[_Share], isWrong: bool) -> None:
        """
        An attempt has been decided, or waits no longer: another one may have its turn.

        @param shares: All that it needed a guess of.
        @param taken: Those of which it had one.
        """
        now = self._clock.seconds()
        for share in taken:
            share.onTheirWay -= 1
            if isWrong:
                share.spend(now)
        for share in shares:
            self._wake(share)

    def _advance(self, attempt: Attempt) -> None:
        """
        Take a guess of one share after the other, until the attempt may begin, has to wait for
        one or fails.
        """
        now = self._clock.seconds()
        for share in attempt.shares[len(attempt.taken) :]:
            wait = share.wait(now)
            if wait and not share.kind.isPatient:
                self._refuse(attempt, wait)
                return
            if wait or share.isTaken(now):
                self._waitFor(share, attempt, wait)
                return
            attempt.take(share)
        attempt.begun.callback(attempt)

    def _waitFor(self, share: _Share, attempt: Attempt, seconds: float) -> None:
        share.waiting.append(attempt)
        if seconds and share.timer is None:
            share.timer = self._clock.callLater(seconds, self._timeUp, share)
        if len(share.waiting) > MAX_WAITING:
            last = max(share.waiting, key=Attempt.rank)
            self.givenUp(last)
            self._refuse(last, PATIENCE)

    def _refuse(self, attempt: Attempt, seconds: float) -> None:
        attempt.end(isWrong=False)
        attempt.begun.errback(TooManyAttempts(str(ceil(seconds))))

    def _timeUp(self, share: _Share) -> None:
        share.timer = None
        self._wake(share)

    def _wake(self, share: _Share) -> None:
        """
        Give those that wait for a share their turn, as far as it goes.
        """
        self._woken.append(share)
        if self._isWaking:
            # An attempt that has just begun has ended at once. Were its successor begun from
            # within, a long queue would be a deep stack.
            return
        self._isWaking = True
        try:
            while self._woken:
                woken = self._woken.pop()
                while woken.waiting:
                    first = min(woken.waiting, key=Attempt.rank)
                    woken.waiting.remove(first)
                    self._advance(first)
                    if first in woken.waiting:
                        break
                self._settle(woken)
        finally:
            self._isWaking = False

    def _settle(self, share: _Share) -> None:
        if share.timer is not None and not share.waiting:
            share.timer.cancel()
            share.timer = None
        share.kind.settle(share)


class Attempt:
    """
    One attempt.

    @ivar begun: Fires with it when it may begin.
    @ivar shares: Those of which it needs a guess. The misses of the first one decide when its turn
        is.
    @ivar taken: Those of which it has one.
    """

    def __init__(self, throttle: Throttle, shares: list[_Share], number: int) -> None:
        self.begun: Deferred[Attempt] = Deferred(lambda _: throttle.givenUp(self))
        self.shares = shares
        self.taken: list[_Share] = []
        self._throttle = throttle
        self._number = number
        self._before = 0

    def take(self, share: _Share) -> None:
        """
        Have a guess of the next share.
        """
        if not self.taken:
            self._before = share.onTheirWay
        share.onTheirWay += 1
        self.taken.append(share)

    def rank(self) -> tuple[int, int]:
        """
        The lower, the sooner is its turn: first by how many attempts of its neighbourhood at the
        account come before it, then by how long it waits.
        """
        return self.shares[0].misses + self._before, self._number

    def end(self, isWrong: bool) -> None:
        """
        It is known whether the password was wrong; it is not if it could not be looked at. This
        may be called again, to no effect.
        """
        shares, self.shares = self.shares, []
        taken, self.taken = self.taken, []
        for share in shares:
            if self in share.waiting:
                share.waiting.remove(self)
        self._throttle.ended(shares, taken, isWrong)


@dataclass(eq=False, slots=True)
class _Share:
    """
    What is left of some guesses.

    @ivar mark: See L{Rate}.
    @ivar misses: How many attempts were wrong, or waited in vain, while it was remembered.
    @ivar last: When the last of these was.
    @ivar onTheirWay: How many attempts have begun and are not decided.
    @ivar waiting: Those that wait for this share.
    @ivar timer: Fires when there is a guess again that one of them can have.
    """

    kind: _Kind
    key: Hashable
    mark: float = 0.0
    misses: int = 0
    last: float = 0.0
    onTheirWay: int = 0
    waiting: list[Attempt] = field(default_factory=list)
    timer: IDelayedCall | None = None

    def wait(self, now: float) -> float:
        """
        @return: The seconds until there is a guess again; 0 while there is one.
        """
        return self.kind.rate.wait(self.mark, now)

    def isTaken(self, now: float) -> bool:
        """
        @return: Whether all guesses that are left may be needed by attempts on their way.
        """
        rate = self.kind.rate
        if not rate.interval:
            return False
        used = max(0.0, self.mark - now) / rate.interval
        return rate.burst - used - self.onTheirWay < 1

    def miss(self, now: float) -> None:
        """
        Count an attempt in vain.
        """
        self.misses += 1
        self.last = now
        self.kind.used(self)

    def spend(self, now: float) -> None:
        """
        Count a wrong password.
        """
        self.mark = self.kind.rate.spend(self.mark, now)
        self.miss(now)


class _Kind:
    """
    The shares of one kind, by their keys.
    """

    def __init__(
        self, rate: Rate, maxKeys: int, memory: float = 0.0, isPatient: bool = False
    ) -> None:
        """
        @param memory: For how many seconds wrong passwords are remembered in any case.
        @param isPatient: Whether attempts wait where no guess is left, instead of being refused.
        """
        self.rate = rate
        self.isPatient = isPatient
        self._maxKeys = maxKeys
        self._memory = memory
        # The one with the newest wrong password is at the end.
        self._shares: OrderedDict[Hashable, _Share] = OrderedDict()

    def __len__(self) -> int:
        return len(self._shares)

    def share(self, key: Hashable, now: float) -> _Share:
        """
        @return: The share of a key, as it was or a new one.
        """
        self._forget(now)
        share = self._shares.get(key)
        if share is None:
            share = self._shares[key] = _Share(self, key)
            if len(self._shares) > self._maxKeys:
                self._shares.popitem(last=False)
        return share

    def used(self, share: _Share) -> None:
        """
        A share has been used.
        """
        if self._shares.get(share.key) is share:
            self._shares.move_to_end(share.key)

    def settle(self, share: _Share) -> None:
        """
        Forget a share of which nothing is to be known.
        """
        isUsed = share.misses or share.onTheirWay or share.waiting
        if not isUsed and self._shares.get(share.key) is share:
            del self._shares[share.key]

    def _forget(self, now: float) -> None:
        while self._shares:
            share = next(iter(self._shares.values()))
            isOld = share.mark <= now and share.last + self._memory <= now
            if not isOld or share.onTheirWay or share.waiting:
                break
            del self._shares[share.key]


def _impatient(result: object, seconds: float) -> Failure:
    # A new exception: the traceback of another one may lead to a password.
    return Failure(TooManyAttempts(str(ceil(seconds))))
