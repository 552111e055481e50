"""Tests for L{chat.core.guesses}."""

from __future__ import annotations

from chat.core.guesses import (
    AGAIN_AFTER,
    ALARM_AFTER,
    MANY,
    MAX_ACCOUNTS,
    MAX_ORIGINS,
    PAUSE,
    Alarms,
    Guesses,
    Tally,
)

HERE, THERE, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113.1"


def test_wrongPasswordsAndTheirOriginsAreCounted() -> None:
    guesses = Guesses()
    for origin in (HERE, THERE, HERE):
        tally = guesses.wrong("alice", origin)
    assert str(tally) == "3/2"
    assert str(guesses.wrong("bob", HERE)) == "1/1"
    assert str(guesses.loggedIn("alice", ELSEWHERE)) == "3/2"
    assert guesses.loggedIn("alice", ELSEWHERE) is None


def test_whoGuessesRightDoesNotWipeOutTheTraces() -> None:
    guesses = Guesses()
    for _ in range(4):
        guesses.wrong("alice", THERE, [HERE])
    for origin in (THERE, ELSEWHERE):
        # Each is told once.
        assert str(guesses.loggedIn("alice", origin)) == "4/1"
        assert guesses.loggedIn("alice", origin) is None
    # That origin is known by now, but was not before.
    guesses.wrong("alice", THERE, [HERE, THERE])
    assert guesses.loggedIn("alice", THERE) is not None
    assert str(guesses.loggedIn("alice", HERE)) == "5/1"
    assert guesses.loggedIn("alice", ELSEWHERE) is None


def test_theSlipsOfAUserAreNotTold() -> None:
    guesses = Guesses()
    guesses.wrong("alice", HERE)
    guesses.wrong("alice", HERE)
    assert guesses.loggedIn("alice", HERE) is None
    for origin in (HERE, THERE):
        guesses.wrong("alice", origin)
    assert str(guesses.loggedIn("alice", HERE)) == "1/1"
    # So many are none.
    for _ in range(3):
        guesses.wrong("alice", HERE)
    assert str(guesses.loggedIn("alice", HERE)) == "3/1"


def test_inventedNamesPushOutNoAccounts() -> None:
    guesses = Guesses()
    guesses.wrong("alice", THERE)
    for number in range(MAX_ACCOUNTS + 1):
        guesses.wrongElsewhere(f"nick{number}", THERE)
    assert guesses.loggedIn("nick0", HERE) is None
    assert str(guesses.loggedIn("nick1", HERE)) == "1/1"
    assert guesses.loggedIn("alice", HERE) is not None
    guesses.forget("nick2")
    assert guesses.loggedIn("nick2", HERE) is None


def test_aUserIsNotToldOfEach() -> None:
    tally = Tally()
    told = []
    for second in range(int(AGAIN_AFTER) + 10):
        tally.add(HERE)
        if tally.isDue(second):
            told.append((second, str(tally)))
    assert told == [(2, "3/1"), (302, "303/1")]


def test_memoryIsBounded() -> None:
    guesses, alarms = Guesses(), Alarms()
    for number in range(MAX_ACCOUNTS):
        guesses.wrong(f"nick{number}", HERE)
        alarms.wrong(f"nick{number}", f"host{number}", 0)
    for number in range(2 * MAX_ORIGINS):
        tally = guesses.wrong("alice", f"host{number}")
        alarms.wrong("alice", f"host{number}", 0)
        tally.tellTo(f"host{number}")
    assert str(tally) == "128/64+"
    assert len(tally._toldTo) <= MAX_ORIGINS
    assert len(guesses._tallies) == len(alarms._accounts) == len(alarms._origins) == MAX_ACCOUNTS
    assert len(alarms._accounts["alice"].others) == MAX_ORIGINS
    # The one that was guessed at least recently is forgotten.
    assert guesses.loggedIn("nick0", THERE) is None
    assert guesses.loggedIn("nick1", THERE) is not None


def test_aTallyIsForgottenWithItsAccount() -> None:
    guesses = Guesses()
    guesses.wrong("alice", HERE)
    guesses.forget("alice")
    assert guesses.loggedIn("alice", THERE) is None


# What operators are told.


def _guess(alarms: Alarms, count: int, account: str, origin: str, now: float = 0) -> None:
    for _ in range(count):
        alarms.wrong(account, origin, now)


def test_aFewWrongPasswordsAreNoAlarm() -> None:
    alarms = Alarms()
    _guess(alarms, MANY - 1, "alice", HERE)
    _guess(alarms, 1, "bob", HERE)
    # After a pause it begins anew.
    _guess(alarms, 1, "alice", HERE, PAUSE)
    assert alarms.delay(PAUSE) is None
    assert alarms.report(PAUSE) == ""


def test_anAlarmNamesAllAccountsAndTheOriginsThatGuessMost() -> None:
    alarms = Alarms()
    for number, name in enumerate(["alice", "bob", "carol", "dave", "erin"]):
        _guess(alarms, MANY + number, name, f"192.0.2.{number}")
    assert alarms.report(0) == ("erin,dave,carol,+2 60/5 192.0.2.4,192.0.2.3,192.0.2.2,+2")


def test_oneOriginThatTriesManyAccountsIsAnAlarm() -> None:
    alarms = Alarms()
    for number in range(MANY):
        assert alarms.delay(0) is None
        _guess(alarms, 1, f"nick{number}", HERE)
    assert alarms.delay(0) == 0
    assert alarms.report(0) == f"nick0,nick1,nick2,+7 10/1 {HERE}"


def test_anAlarmIsNotHiddenBehindOthersAndGoesOn() -> None:
    alarms = Alarms()
    _guess(alarms, MANY, "alice", HERE)
    assert alarms.delay(0) == 0
    alarms.told(0)
    assert alarms.delay(1) is None
    # Another account has to wait, but is not forgotten.
    _guess(alarms, MANY, "bob", THERE, 1)
    assert alarms.delay(1) == ALARM_AFTER - 1
    assert alarms.report(ALARM_AFTER) == f"alice,bob 20/2 {HERE},{THERE}"
    alarms.told(ALARM_AFTER)
    again = ALARM_AFTER + AGAIN_AFTER
    assert alarms.delay(again - 1) is None
    assert alarms.delay(again) == 0
    # It is over.
    assert alarms.delay(1 + PAUSE) is None
