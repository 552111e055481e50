"""Tests for L{chat.cli.terminal}: leaving, being left, and coming back."""

from collections.abc import Callable

import pytest
from twisted.internet.error import ConnectionLost, ConnectionRefusedError, TimeoutError
from twisted.python.failure import Failure

from chat.cli.options import FAILED, OK
from chat.cli.reclaiming import ASK_FOR
from chat.cli.rejoining import UNWANTED
from chat.cli.terminal import GOODBYE_WITHIN
from chat.client.lines import WINDOW
from chat.vocabulary.events import (
    Closed,
    Ending,
    Entered,
    Excerpt,
    FormatSet,
    Helped,
    LanguageSet,
    Ponged,
    Recalled,
    Refused,
    Renamed,
    Said,
    Talking,
    Welcomed,
)
from tests.support.clients import Link
from tests.support.samples import AT
from tests.support.sitting import Sitting


@pytest.mark.parametrize("key", ["\x03", "\x04", "/quit\r"])
def test_leavingSaysGoodbyeAndEnds(sitting: Sitting, key: str) -> None:
    """Ctrl-C, Ctrl-D and /quit do."""
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


def test_ctrlCClearsWhatIsTypedFirst(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.type("abc\x03")
    assert sitting.lines()[-1] == "#lobby 2>"
    assert link.transport.lines() == []
    sitting.type("\x03")
    assert link.transport.lines() == ["/quit"]


def test_leavingTwiceDoesNotWaitForTheGoodbye(sitting: Sitting) -> None:
    sitting.join()
    sitting.type("\x03\x03")
    assert sitting.ends == [(OK, "")]


def test_leavingASilentServiceEndsInTime(sitting: Sitting) -> None:
    sitting.join()
    sitting.type("\x04")
    sitting.world.advance(GOODBYE_WITHIN)
    assert sitting.ends == [(OK, "")]


@pytest.mark.parametrize("typed", ["/quit", "/exit see you", "/退出 回头见"])
def test_leavingWithoutAConnection(sitting: Sitting, typed: str) -> None:
    sitting.join().lose()
    sitting.enter(typed)
    assert sitting.ends == [(OK, "")]
    sitting.world.advance(100)
    assert sitting.world.attempts == 1
    assert sitting.world.getDelayedCalls() == []


def test_reconnectsWithTheNicknameAndAsksForWhatWasMissed(sitting: Sitting) -> None:
    link = sitting.join("/help", "/history")
    link.send(Said("#lobby", 41, AT, "bob", "hi"), Renamed("#lobby", AT, "alice", "alicia"))
    link.lose(ConnectionLost())
    assert sitting.lines()[-2:] == ["--- connection to /socket lost", "offline, retrying in 1 s>"]
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


def test_rejoinsItsRooms(sitting: Sitting) -> None:
    """It gives the key that the user gave, and the user talks in the same room as before."""
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


def test_whatWasMissedInARoomThatIsRejoinedLateIsShown(sitting: Sitting) -> None:
    """Meanwhile the prompt shows the room in which the user talks."""
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
def test_refusalIsShownAndTriedAgainAfterItsPause(sitting: Sitting, code: str, pause: int) -> None:
    link = sitting.world.accept()
    link.send(f"!!! no ({code})\r\n".encode())
    link.lose()
    told = " ".join(sitting.lines()[1:-1])
    assert told.startswith("!!! ")
    # A line may be longer than the terminal is wide.
    assert f"({code})" in told.replace(" ", "")
    assert sitting.lines()[-1].startswith("offline, retrying in ")
    sitting.world.advance(pause - 0.5)
    assert sitting.world.attempts == 1
    sitting.world.advance(2)
    assert sitting.world.attempts == 2


def test_longPasteIsSentInPartsWhileTheUserTypesOn(sitting: Sitting) -> None:
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


def test_serviceWithoutHistoryIsNotAskedForIt(sitting: Sitting) -> None:
    link = sitting.join()
    link.send(Said("#lobby", 41, AT, "bob", "hi"))
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    link = sitting.join()
    assert link.transport.lines() == []


def test_lineEnteredOfflineStaysAndConnectsAtOnce(sitting: Sitting) -> None:
    sitting.join().lose(ConnectionLost())
    sitting.enter("important")
    assert sitting.world.attempts == 2
    lines = sitting.lines()
    assert "!!! not sent: not connected" in lines
    assert lines[-1] == "connecting> important"


def test_failedAttemptsAreOneStatusLineThatCountsDown(sitting: Sitting) -> None:
    """The reason is told once, until it is another one."""
    sitting.join().lose()
    sitting.type("half a li")
    told = sitting.lines()[:-1]
    world = sitting.world
    world.advance(1)
    assert sitting.lines() == [*told, "connecting> half a li"]
    told.append("!!! connection to /socket refused (is the server running?)")
    for attempts in (2, 3, 4):
        world.refuse(ConnectionRefusedError())
        rows = []
        while world.attempts == attempts:
            *above, row = sitting.lines()
            assert above == told
            rows.append(row)
            world.advance(1)
        seconds = range(len(rows), 0, -1)
        assert rows == [f"offline, retrying in {each} s> half a li" for each in seconds]
        assert sitting.lines() == [*told, "connecting> half a li"]
    world.refuse(TimeoutError())
    assert sitting.lines()[-2] == "!!! /socket does not answer"


def test_firstConnectionThatFailsEndsTheRun(sitting: Sitting) -> None:
    """The terminal is given back first."""
    sitting.world.refuse(ConnectionRefusedError())
    words = "connection to /socket refused (is the server running?)"
    assert sitting.ends == [(FAILED, words)]
    assert not sitting.chat.terminal.isRaw


def ghosted(sitting: Sitting) -> Link:
    """Let the connection be lost, but not for the service, which still has its user."""
    link = sitting.connect()
    link.send(TAKEN)
    return link


TAKEN = Refused("nick-taken", "alice", "alice is taken; choose another")
STILL_TAKEN = [
    "--- alice is still taken, probably by your previous connection",
    "--- trying again for up to 3 minutes; /nick NAME takes another",
]


def test_nicknameThatTheLastConnectionHasIsAskedForAgain(sitting: Sitting) -> None:
    """It is told once, and what is half typed stays."""
    sitting.join().lose(ConnectionLost())
    sitting.type("half a li")
    sitting.world.advance(2)
    link = ghosted(sitting)
    row = "waiting for alice> half a li"
    assert sitting.lines()[-3:] == [*STILL_TAKEN, row]
    for pause in (2, 4, 8, 15, 15):
        sitting.world.advance(pause - 1)
        assert link.transport.lines() == []
        sitting.world.advance(1)
        assert link.transport.lines() == ["/nick alice"]
        link.send(TAKEN)
        assert sitting.lines()[-3:] == [*STILL_TAKEN, row]
    sitting.enter("ne")
    assert link.transport.lines() == []
    assert sitting.lines()[-2:] == ["!!! not sent: you have no nickname yet", row + "ne"]
    link.send(Welcomed("#lobby", "alice"))
    assert sitting.lines()[-1] == "#lobby 1> half a line"
    sitting.enter("")
    assert link.transport.lines() == ["half a line"]
    sitting.world.advance(200)
    assert link.transport.lines() == []
    link.lose(ConnectionLost())
    sitting.world.advance(2)
    ghosted(sitting)
    assert sitting.lines()[-3:] == [*STILL_TAKEN, "waiting for alice>"]


def test_nicknameIsAskedForOnTheNextConnectionToo(sitting: Sitting) -> None:
    """A service waits less than three minutes for a nickname; only the rest of them follows."""
    sitting.join().lose(ConnectionLost())
    sitting.type("half a li")
    sitting.world.advance(2)
    world = sitting.world
    until = world.seconds() + ASK_FOR
    while True:
        link = ghosted(sitting)
        if world.seconds() >= until:
            break
        attempts = world.attempts
        world.advance(59)
        link.send(Closed(Ending.REGISTRATION_TIMEOUT, "", "You did not choose a nickname in time"))
        link.lose()
        assert not any("You did not choose a nickname in time" in line for line in sitting.lines())
        while world.attempts == attempts:
            world.advance(1)
    assert sitting.lines()[-2:] == [
        "!!! alice is taken; choose another (nick-taken)",
        "nickname> alice",
    ]
    sitting.world.advance(59)
    assert link.transport.lines() == []
    link.send(Closed(Ending.REGISTRATION_TIMEOUT, "", "You did not choose a nickname in time"))
    link.lose()
    assert sitting.lines()[-1] == "offline> alice"
    sitting.enter("")
    link = sitting.join()
    assert sitting.lines()[-1] == "#lobby 2> half a li"


@pytest.mark.parametrize("command", ["/nick bob", "/login bob s3cret-1"])
def test_anotherNicknameEndsTheAskingForTheLastOne(sitting: Sitting, command: str) -> None:
    sitting.join().lose(ConnectionLost())
    sitting.world.advance(2)
    link = ghosted(sitting)
    sitting.enter(command)
    assert link.transport.lines() == [command]
    sitting.world.advance(60)
    assert link.transport.lines() == []


def test_nicknameThatSomebodyElseHasIsOffered(sitting: Sitting) -> None:
    """Enter asks for it again."""
    link = ghosted(sitting)
    assert sitting.lines()[-2:] == [
        "!!! alice is taken; choose another (nick-taken)",
        "nickname> alice",
    ]
    sitting.enter("")
    assert link.transport.lines() == ["/nick alice"]


def test_languageIsThatOfTheClientAndOfTheService(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.enter("/lang zh_CN")
    assert link.transport.lines() == ["/lang zh_CN"]
    before = sitting.lines()
    assert before[-2].startswith("--- 语言")
    link.send(LanguageSet("zh_CN"))
    assert sitting.lines() == before
    link.lose()
    assert sitting.lines()[-2:] == ["--- /socket 关闭了连接", "离线，1 秒后重试>"]
    sitting.world.advance(2)
    assert "/lang zh_CN" in sitting.world.accept().transport.lines()


def test_commandsOfTheClientNeedNoConnection(sitting: Sitting) -> None:
    sitting.join().lose()
    sitting.enter("/format text")
    sitting.enter("/lang zh_CN")
    shown = sitting.lines()
    assert shown[-3] == "--- This client shows lines in its own way; /format has no effect."
    assert shown[-1] == "离线，1 秒后重试>"


@pytest.mark.parametrize(
    "reason",
    [
        Ending.REGISTRATION_TIMEOUT,
        Ending.KICKED,
        Ending.BANNED,
        Ending.SESSION_ENDED,
        Ending.ACCOUNT_REMOVED,
    ],
)
def test_waitsForEnterWhereItIsNotWanted(sit: Callable[..., Sitting], reason: Ending) -> None:
    sitting = sit()
    link = sitting.connect()
    if reason is not Ending.REGISTRATION_TIMEOUT:
        link.send(Welcomed("#lobby", "alice"))
    link.send(Closed(reason, "", "silent"))
    link.lose()
    assert sitting.lines()[-2:] == ["--- press Enter to connect again", "offline>"]
    sitting.world.advance(1000)
    assert sitting.world.attempts == 1
    sitting.enter("")
    assert sitting.world.attempts == 2


@pytest.mark.parametrize("reason", sorted({*Ending} - {*UNWANTED, Ending.QUIT}))
def test_comesBackAfterAnyOtherEnd(sitting: Sitting, reason: Ending) -> None:
    link = sitting.join()
    link.send(Closed(reason, "", "sorry"))
    link.lose()
    sitting.world.advance(2)
    assert sitting.world.attempts == 2


def test_terminalThatHangsUpSaysGoodbyeAndEnds(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.chat.terminal.connectionLost(Failure(ConnectionLost()))
    assert link.transport.lines() == ["/quit"]
    link.lose()
    assert sitting.ends == [(OK, "")]
