"""Tests for L{chat.cli.quiet}."""

from chat.cli.quiet import Quiet
from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Entered,
    Event,
    Excerpt,
    Greeted,
    Missed,
    Recalled,
    Refused,
    Said,
    Welcomed,
)
from tests.support.samples import AT

SAID = Said("#lobby", 3, AT, "alice", "hi")
EARLIER = Recalled("#lobby", 1, AT, "alice", "earlier")


def printed(quiet: Quiet, *events: Event) -> list[Event]:
    return [event for event in events if not quiet.covers(event)]


def test_whatIsToldUnaskedAtTheStartIsLeftOut() -> None:
    """What users say meanwhile is not."""
    greeting = [Greeted("tcpchat", 2), Done("logged-in", "bob"), Welcomed("#lobby", "bob")]
    refused = Refused("unknown-command", "/x")
    assert printed(Quiet(), *greeting, SAID, Entered("#dev"), refused) == [SAID, refused]


def test_whatIsAskedForLaterIsPrinted() -> None:
    quiet = Quiet()
    quiet.isGreeting = False
    done, entered = Done("away", ""), Entered("#dev")
    assert printed(quiet, done, entered) == [done, entered]


def test_replaysAreLeftOutAndHistoryThatIsAskedForIsNot() -> None:
    quiet = Quiet()
    quiet.isGreeting = False
    missed = Missed("#lobby", 2, 2, "lost")
    replay = [Excerpt("#lobby", "replay", 2, False, 2), EARLIER, missed, EARLIER, missed]
    asked = [Excerpt("#lobby", "history", 1, False, 1), EARLIER, missed]
    assert printed(quiet, *replay, SAID, *asked) == [SAID, *asked]


def test_onlyTheGoodbyeThatWasAskedForIsLeftOut() -> None:
    closed = [Closed(reason) for reason in (Ending.QUIT, Ending.INPUT_CLOSED, Ending.SHUTDOWN)]
    assert printed(Quiet(), *closed) == closed[2:]
