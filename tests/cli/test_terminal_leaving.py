"""Tests for L{chat.cli.terminal}: leaving, being left, and coming back."""

from collections.abc import Iterator

import pytest
from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.python.failure import Failure

from chat.cli.options import FAILED, OK
from chat.cli.terminal import GOODBYE_WITHIN
from chat.client.lines import WINDOW
from chat.vocabulary.events import (
    Closed,
    Ending,
    Entered,
    Excerpt,
    FormatSet,
    Helped,
    Ponged,
    Recalled,
    Refused,
    Renamed,
    Said,
    Talking,
    Welcomed,
)
from tests.support.samples import AT
from tests.support.sitting import Sitting


@pytest.fixture
def sitting() -> Iterator[Sitting]:
    sitting = Sitting("alice")
    yield sitting
    sitting.chat.terminal.close()


@pytest.mark.parametrize("key", ["\x03", "\x04", "/quit\r"])
def test_leave(sitting: Sitting, key: str) -> None:
    """Ctrl-C, Ctrl-D and /quit say goodbye and end."""
    link = sitting.join()
    sitting.type(key)
    assert link.transport.lines() == ["/quit"]
    assert sitting.ends == []
    link.send(Closed(Ending.QUIT, "", "Goodbye."))
    link.lose()
    assert sitting.ends == [(OK, "")]
    assert sitting.lines()[-1] == "--- Goodbye."
    sitting.world.advance(100)
    assert sitting.world.attempts == 1
    assert len(sitting.ends) == 1


def test_ctrlCClears(sitting: Sitting) -> None:
    """Ctrl-C takes away what is typed first."""
    link = sitting.join()
    sitting.type("abc\x03")
    assert sitting.lines()[-1] == "#lobby 2>"
    assert link.transport.lines() == []
    sitting.type("\x03")
    assert link.transport.lines() == ["/quit"]


def test_leaveTwice(sitting: Sitting) -> None:
    """Who is in a hurry need not wait for the goodbye."""
    sitting.join()
    sitting.type("\x03\x03")
    assert sitting.ends == [(OK, "")]


def test_leaveDeadService(sitting: Sitting) -> None:
    """Nor does one wait forever."""
    sitting.join()
    sitting.type("\x04")
    sitting.world.advance(GOODBYE_WITHIN)
    assert sitting.ends == [(OK, "")]


def test_leaveOffline(sitting: Sitting) -> None:
    """One can leave without having been there."""
    sitting.world.refuse(ConnectionRefusedError())
    sitting.enter("/quit")
    assert sitting.ends == [(OK, "")]
    sitting.world.advance(100)
    assert sitting.world.attempts == 1


def test_reconnects(sitting: Sitting) -> None:
    """It comes back with the same nickname, and asks for what it missed."""
    link = sitting.join("/help", "/history")
    link.send(Said("#lobby", 41, AT, "bob", "hi"), Renamed("#lobby", AT, "alice", "alicia"))
    link.lose(ConnectionLost())
    assert sitting.lines()[-2].startswith("--- reconnecting in ")
    assert sitting.lines()[-1] == "offline>"
    sitting.world.advance(2)
    link = sitting.world.accept()
    sent = link.transport.lines()
    assert "/nick alicia" in sent
    link.send(FormatSet("json"), Helped("/history", (), "", ""))
    link.send(Ponged(sent[-1].removeprefix("/ping ")), Welcomed("#lobby", "alicia"))
    (before, asked, after) = link.transport.lines()
    assert asked == "/history after 41 in #lobby"
    link.send(Excerpt("#lobby", "replay", 2, True, 43))
    link.send(*(Recalled("#lobby", id, AT, "bob", f"line {id}") for id in (42, 43)))
    link.send(Said("#lobby", 44, AT, "bob", "line 44"))
    link.send(Ponged(before.removeprefix("/ping ")), Excerpt("#lobby", "history", 2, False, 43))
    link.send(*(Recalled("#lobby", id, AT, "bob", f"line {id}") for id in (42, 43)))
    link.send(Ponged(after.removeprefix("/ping ")))
    texts = [line[line.index("bob") :] for line in sitting.lines() if "bob: line" in line]
    assert texts == ["bob: line 42", "bob: line 43", "bob: line 44"]


def test_comesBackIntoItsRooms(sitting: Sitting) -> None:
    """With the key it had, and talks where it talked."""
    link = sitting.join()
    sitting.enter("/join #dev k3y")
    link.send(Entered("#dev", ("carol",)), Talking("#dev"))
    assert sitting.lines()[-1] == "#dev 2>"
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    link = sitting.join()
    ping, asked = link.transport.lines()
    assert asked == "/join #dev k3y"
    link.send(Ponged(ping.removeprefix("/ping ")), Refused("joining-too-fast", "6"))
    assert not any("joining-too-fast" in line for line in sitting.lines())
    sitting.world.advance(6)
    ping, asked = link.transport.lines()
    assert asked == "/join #dev k3y"
    link.send(Ponged(ping.removeprefix("/ping ")), Entered("#dev", ("carol",)), Talking("#dev"))
    assert sitting.lines()[-1] == "#dev 2>"
    assert link.transport.lines() == []


def test_missedInARoomThatIsEnteredLate(sitting: Sitting) -> None:
    """What was said there until then is shown, and the prompt shows where one talks."""
    link = sitting.join("/history")
    link.send(Entered("#dev"), Said("#dev", 7, AT, "carol", "seven"), Talking("#lobby"))
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    link = sitting.join("/history")
    ping, *steps = link.transport.lines()
    assert steps == ["/join #dev", "/room #lobby"]
    link.send(Ponged(ping.removeprefix("/ping ")), Refused("joining-too-fast", "60"))
    link.send(Talking("#lobby"))
    sitting.world.advance(60)
    ping, *_ = link.transport.lines()
    link.send(Ponged(ping.removeprefix("/ping ")), Entered("#dev"), Talking("#dev"))
    assert sitting.lines()[-1] == "#lobby 2>"
    before, asked, after = link.transport.lines()
    assert asked == "/history after 7 in #dev"
    link.send(Said("#dev", 9, AT, "carol", "nine"), Talking("#lobby"))
    link.send(Ponged(before.removeprefix("/ping ")), Excerpt("#dev", "history", 1, False, 8))
    link.send(Recalled("#dev", 8, AT, "carol", "eight"), Ponged(after.removeprefix("/ping ")))
    shown = sitting.lines()
    assert [line[-12:] for line in shown[-3:-1]] == ["carol: eight", " carol: nine"]
    assert shown[-1] == "#lobby 2>"


@pytest.mark.parametrize(("code", "pause"), [("service-full", 1), ("connecting-too-fast", 60)])
def test_turnedAway(sitting: Sitting, code: str, pause: int) -> None:
    """Why one may not come in is shown, and tried again, but not at once."""
    link = sitting.world.accept()
    link.send(f"!!! no ({code})\r\n".encode())
    link.lose()
    told, again = " ".join(sitting.lines()).split("--- ")[-2:]
    assert "!!! " in told
    # A line may be longer than the terminal is wide.
    assert f"({code})" in told.replace(" ", "")
    assert again.startswith("reconnecting in ")
    assert again.endswith("offline>")
    sitting.world.advance(pause - 0.5)
    assert sitting.world.attempts == 1
    sitting.world.advance(2)
    assert sitting.world.attempts == 2


def test_pastingMuch(sitting: Sitting) -> None:
    """The service gets it in parts, and one types on meanwhile."""
    link = sitting.join()
    for page in range(3):
        text = "\n".join(f"line {page * 50 + number}" for number in range(50))
        sitting.enter(f"\x1b[200~{text}\x1b[201~")
    sitting.enter("last")
    sitting.type("more")
    assert sitting.lines()[-1] == "#lobby 2> more"
    said: list[str] = []
    while lines := link.transport.lines():
        *said[len(said) :], ping = lines
        assert len(lines) <= WINDOW + 1
        link.send(Ponged(ping.removeprefix("/ping ")))
        if ping == "last":
            said.append(ping)
    assert said == [*(f"line {number}" for number in range(150)), "last"]


def test_noHistory(sitting: Sitting) -> None:
    """A service without a history is not asked for it."""
    link = sitting.join()
    link.send(Said("#lobby", 41, AT, "bob", "hi"))
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    link = sitting.join()
    assert link.transport.lines() == []


def test_typedOffline(sitting: Sitting) -> None:
    """A line that cannot be sent stays; Enter tries at once."""
    sitting.join().lose(ConnectionLost())
    sitting.enter("important")
    assert sitting.world.attempts == 2
    lines = sitting.lines()
    assert "!!! not connected, so that was not sent" in lines
    assert lines[-1] == "offline> important"


def test_nicknameStillTaken(sitting: Sitting) -> None:
    """Back again, the last connection may still have the nickname: Enter asks again."""
    sitting.join().lose(ConnectionLost())
    sitting.world.advance(2)
    link = sitting.connect()
    link.send(Refused("nick-taken", "alice", "alice is taken"))
    assert sitting.lines()[-1] == "nickname> alice"
    sitting.enter("")
    assert link.transport.lines() == ["/nick alice"]


@pytest.mark.parametrize(
    "reason",
    [
        Ending.IDLE_TIMEOUT,
        Ending.REGISTRATION_TIMEOUT,
        Ending.KICKED,
        Ending.BANNED,
        Ending.EVICTED,
        Ending.SESSION_ENDED,
        Ending.OTHER,
    ],
)
def test_nobodyThere(reason: Ending) -> None:
    """Who was silent for too long, or sent away, is not connected again before he wants to be."""
    sitting = Sitting()
    link = sitting.connect()
    if reason is not Ending.REGISTRATION_TIMEOUT:
        link.send(Welcomed("#lobby", "alice"))
    link.send(Closed(reason, "", "silent"))
    link.lose()
    assert sitting.lines()[-2:] == ["--- Enter connects again", "offline>"]
    sitting.world.advance(1000)
    assert sitting.world.attempts == 1
    sitting.enter("")
    assert sitting.world.attempts == 2
    sitting.chat.terminal.close()


@pytest.mark.parametrize(
    "reason", [Ending.SHUTDOWN, Ending.TOO_SLOW, Ending.TOO_FAST, Ending.INTERNAL_ERROR]
)
def test_serviceEnds(sitting: Sitting, reason: Ending) -> None:
    """Who was sent away for no fault of his own comes back."""
    link = sitting.join()
    link.send(Closed(reason, "", "sorry"))
    link.lose()
    sitting.world.advance(2)
    assert sitting.world.attempts == 2


def test_final(sitting: Sitting) -> None:
    """What cannot get better ends it, with the terminal given back before."""
    sitting.world.refuse(ValueError("never"))
    assert sitting.ends == [(FAILED, "cannot connect to /socket: never")]
    assert not sitting.chat.terminal.isRaw


def test_hangUp(sitting: Sitting) -> None:
    """When the terminal goes away, one says goodbye and ends."""
    link = sitting.join()
    sitting.chat.terminal.connectionLost(Failure(ConnectionLost()))
    assert link.transport.lines() == ["/quit"]
    link.lose()
    assert sitting.ends == [(OK, "")]
