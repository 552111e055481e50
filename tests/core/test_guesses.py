"""Tests for L{chat.core.guesses}."""

from __future__ import annotations

from chat.core.guesses import AGAIN_AFTER, MAX_ACCOUNTS, MAX_ORIGINS, PAUSE, Guesses, Tally

HERE, THERE = "192.0.2.1", "198.51.100.7"


def test_wrongPasswordsAndTheirOriginsAreCounted() -> None:
    guesses = Guesses()
    for origin in (HERE, THERE, HERE):
        tally = guesses.wrong("alice", origin, 0)
    assert str(tally) == "3/2"
    assert str(guesses.wrong("bob", HERE, 0)) == "1/1"
    assert str(guesses.loggedIn("alice", "203.0.113.1")) == "3/2"
    assert guesses.loggedIn("alice", "203.0.113.1") is None


def test_theSlipsOfAUserAreNotTold() -> None:
    guesses = Guesses()
    guesses.wrong("alice", HERE, 0)
    guesses.wrong("alice", HERE, 0)
    assert guesses.loggedIn("alice", HERE) is None
    for origin in (HERE, THERE):
        guesses.wrong("alice", origin, 0)
    assert str(guesses.loggedIn("alice", HERE)) == "1/1"
    # So many are none.
    for _ in range(3):
        guesses.wrong("alice", HERE, 0)
    assert str(guesses.loggedIn("alice", HERE)) == "3/1"


def test_aUserIsNotToldOfEach() -> None:
    tally = Tally()
    told = []
    for second in range(int(AGAIN_AFTER) + 10):
        tally.add(HERE, second)
        if tally.isDue(second):
            told.append((second, str(tally)))
    assert told == [(2, "3/1"), (302, "303/1")]


def test_afterAPauseItBeginsAnew() -> None:
    tally = Tally()
    for second in (0, 1, 1 + PAUSE - 1):
        tally.add(HERE, second)
    assert tally.inARow == 3
    tally.add(HERE, 2 * PAUSE)
    assert (tally.inARow, tally.count) == (1, 4)


def test_memoryIsBounded() -> None:
    guesses = Guesses()
    for number in range(MAX_ACCOUNTS):
        guesses.wrong(f"nick{number}", HERE, 0)
    for number in range(2 * MAX_ORIGINS):
        tally = guesses.wrong("alice", f"host{number}", 0)
    assert str(tally) == "128/64+"
    assert len(guesses._tallies) == MAX_ACCOUNTS
    # The one that was guessed at least recently is forgotten.
    assert guesses.loggedIn("nick0", THERE) is None
    assert guesses.loggedIn("nick1", THERE) is not None


def test_aTallyIsForgottenWithItsAccount() -> None:
    guesses = Guesses()
    guesses.wrong("alice", HERE, 0)
    guesses.forget("alice")
    assert guesses.loggedIn("alice", THERE) is None
