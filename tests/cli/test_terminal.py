"""Tests for L{chat.cli.terminal}: a user at a pseudo-terminal talks."""

from collections.abc import Callable

import pytest

from chat.editor.buffer import MAX_LINES
from chat.rendering.lines import Wording
from chat.vocabulary.events import (
    Ending,
    Entered,
    Event,
    FormatSet,
    Greeted,
    Helped,
    Invited,
    Joined,
    Listed,
    Noticed,
    Parted,
    Refused,
    RoomRow,
    RoomsListed,
    Said,
    Talking,
    TopicShown,
    UserRow,
    Welcomed,
)
from tests.support.samples import AT
from tests.support.sitting import GREETING, Sitting


def test_greetingIsShownWithoutItsQuestion(sitting: Sitting) -> None:
    """The client shows what it does, then the service's own words."""
    assert sitting.lines() == ["--- connecting to /socket", "connecting>"]
    sitting.join()
    assert sitting.lines() == [
        "--- connecting to /socket",
        "--- Welcome to tcpchat. 2 people here.",
        "--- Be nice.",
        "--- You are alice, in #lobby with bob. Just type; /help for commands.",
        "#lobby 2>",
    ]


def test_whatIsHeardAppearsAboveWhatIsTyped(sitting: Sitting) -> None:
    """The user's own lines appear when they come back."""
    link = sitting.join()
    sitting.type("hel")
    link.send(Said("#lobby", 1, AT, "bob", "你好"), Joined("#lobby", AT, "carol", 3))
    assert sitting.lines()[-3:] == [
        "bob: 你好",
        "--> carol joined #lobby (3 here)",
        "#lobby 3> hel",
    ]
    sitting.enter("lo")
    assert link.transport.lines() == ["hello"]
    assert sitting.lines()[-1] == "#lobby 3>"
    link.send(Said("#lobby", 2, AT, "alice", "hello"))
    assert sitting.lines()[-2:] == ["alice: hello", "#lobby 3>"]


def test_longLinesGoOnBehindTheirMark(sit: Callable[..., Sitting]) -> None:
    """Whatever users write, in the first columns stand times and marks alone."""
    sitting = sit("alice", columns=40, rows=12)
    link = sitting.join()
    link.send(Said("#lobby", 1, AT, "bob", "this is a line that 40 columns do not hold"))
    link.send(Said("#lobby", 2, AT, "bob", "四十列放不下这一行字，所以在标点之后另起一行。"))
    assert sitting.lines()[-5:] == [
        "bob: this is a line that 40",
        "          columns do not hold",
        "bob: 四十列放不下这一行字，所以在",
        "          标点之后另起一行。",
        "#lobby 2>",
    ]


@pytest.mark.parametrize("charset", ["gb18030", "big5", "euc_jp"])
def test_keysAndScreenAreInTheCharsetOfTheLocale(sit: Callable[..., Sitting], charset: str) -> None:
    """What it lacks is shown as question marks, and the row stays in order."""
    sitting = sit("alice", charset=charset)
    link = sitting.join()
    sitting.enter("功\x7f四 \\")
    assert link.transport.lines() == ["四 \\"]
    link.send(Said("#lobby", 1, AT, "bob", "功 👍"))
    mark = "👍" if charset == "gb18030" else "?"
    assert sitting.lines()[-2:] == [f"bob: 功 {mark}", "#lobby 2>"]


def test_aLineThatIsNotInTheCharsetIsNotSent(sitting: Sitting) -> None:
    """It stays, so that it can be mended; U+FFFD stands for what is not."""
    link = sitting.join()
    sitting.enter("caf\udce9")
    assert link.transport.lines() == []
    assert sitting.lines()[-2:] == [
        "!!! not sent: that is not UTF-8, the charset of this terminal",
        "#lobby 2> caf\ufffd",
    ]
    sitting.enter("\x7fé")
    assert link.transport.lines() == ["café"]


def test_aPasswordThatIsNotInTheCharsetIsNotSent(sitting: Sitting) -> None:
    link = sitting.connect()
    link.send(Refused("nick-registered", "alice"))
    sitting.enter("s3cret\udce9")
    assert link.transport.lines() == []
    assert "s3cret" not in "".join(sitting.lines())
    assert sitting.lines()[-1] == "password> *******"


def test_linesOfOneTurnAreShownAtOnce(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.bytes = b""
    link.send(*(Said("#lobby", n, AT, "bob", str(n)) for n in range(100)))
    sitting.lines()
    assert sitting.bytes.count(b"#lobby 2> ") == 1


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/who", ["/who"]),
        ("//x", ["//x"]),
        ("", []),
        ("  ", []),
        ("\x1b[200~one\n/quit\n\nthree\n\x1b[201~", ["one", "//quit", "three"]),
        ("\x1b[200~//one\ntwo\x1b[201~", ["//one", "two"]),
        ("/me \x1b[200~one\ntwo\x1b[201~", ["/me one two"]),
        ("\x1b[200~\n/quit\x1b[201~", ["//quit"]),
        ("\x1b[200~quit\none\x1b[201~", ["quit", "one"]),
        ("\x1b[200~one\nquit\x1b[201~", ["one", "/say quit"]),
        # Nothing that was meant for bob alone is said.
        ("\x1b[200~・msg bob one\ntwo\x1b[201~", ["・msg bob one two"]),
        ("\x1b[200~one\n・msg bob two\x1b[201~", ["one", "/say ・msg bob two"]),
    ],
)
def test_onlyTheFirstEnteredLineCanBeACommand(
    sitting: Sitting, typed: str, sent: list[str]
) -> None:
    """The lines of a paste are only said."""
    link = sitting.join()
    sitting.enter(typed)
    assert link.transport.lines() == sent


def test_pasteWaitsForEnter(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.type("\x1b[200~one\ntwo\n\x1b[201~")
    assert link.transport.lines() == []
    assert sitting.lines()[-1] == "#lobby 2> one↵two"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("one two three four!", ["one two three", "four!"]),
        ("今天天气很好，出去走走", ["今天天气", "很好，出", "去走走"]),
        # What was typed keeps its meaning; the other parts are said.
        ("//one two three /quit", ["//one two", "three /quit"]),
        ("one two three /quit", ["one two three", "//quit"]),
        ("\x1b[200~one\none two three four!\x1b[201~", ["one", "one two three", "four!"]),
        ("/me one two three four", ["/me one two three", "/me four"]),
        ("/say one two three four", ["/say one two three", "/say four"]),
        ("/私聊 b one two three", ["/私聊 b one two", "/私聊 b three"]),
    ],
)
def test_whatIsTooLongForALineIsSaidInParts(sitting: Sitting, typed: str, sent: list[str]) -> None:
    """The service tells how long a line may be: its end is a byte of it."""
    link = sitting.join()
    link.send(FormatSet("json", 19))
    sitting.enter(typed)
    assert link.transport.lines() == sent
    assert sitting.lines()[-1] == "#lobby 2>"


@pytest.mark.parametrize("typed", ["/reply one two three four", "/topic one two three four"])
def test_aCommandThatIsTooLongIsToldAndStaysInTheRow(sitting: Sitting, typed: str) -> None:
    """A reply as well: meanwhile another user may have written."""
    link = sitting.join()
    link.send(Refused("line-too-long", "19"))
    sitting.enter(typed)
    assert link.transport.lines() == []
    assert sitting.lines()[-2:] == [
        "!!! not sent: a command can have at most 19 bytes",
        f"#lobby 2> {typed}",
    ]


def test_aPasteThatIsTooLongIsToldAndNotTaken(sitting: Sitting) -> None:
    sitting.join()
    sitting.type("one\x1b[200~" + "x\n" * MAX_LINES + "x\x1b[201~")
    assert sitting.lines()[-2:] == [
        "!!! not pasted: at most 50 lines and 51200 bytes at once",
        "#lobby 2> one",
    ]


def test_tabCompletesNicknamesAndCommands(sitting: Sitting) -> None:
    """The user's own nickname is not among them."""
    link = sitting.join()
    sitting.enter("bo\thi")
    sitting.enter("/w\t")
    assert link.transport.lines() == ["bob: hi", "/who "]
    sitting.type("ali\t")
    assert sitting.lines()[-1] == "#lobby 2> ali"


def test_linesOfOtherRoomsNameTheirRoom(sitting: Sitting) -> None:
    """The prompt names the room in which the user talks."""
    link = sitting.join()
    link.send(
        Entered("#dev", ("carol",), "Tea"),
        Talking("#dev"),
        Listed("#dev", (UserRow("carol"), UserRow("alice"))),
        Said("#lobby", 1, AT, "bob", "here"),
        Said("#dev", 1, AT, "carol", "there"),
    )
    assert sitting.lines()[-5:] == [
        "--- You are in #dev with carol. Topic: Tea",
        "--- You are now talking in #dev.",
        "#lobby bob: here",
        "carol: there",
        "#dev 2>",
    ]
    sitting.type("car\t")
    assert sitting.lines()[-1] == "#dev 2> carol:"
    sitting.type("\x03")
    link.send(Parted("#dev", Ending.KICKED, "carol", "spam"), Talking(""))
    assert sitting.lines()[-3:] == [
        "--- carol kicked you out of #dev: spam",
        "--- You are not in any room now; see /rooms, then /join #ROOM.",
        "no room>",
    ]


def test_tabCompletesRooms(sitting: Sitting) -> None:
    """It knows those that the user is in, and those that the service has mentioned."""
    link = sitting.join()
    link.send(Invited("#ops", "bob"), RoomsListed((RoomRow("#dev", 3),)))
    for typed, completed in [("/join #d\t", "#dev"), ("/join #o\t", "#ops"), ("#\t", "#dev")]:
        sitting.type(typed)
        assert completed in sitting.lines()[-1]
        sitting.type("\x03")
    sitting.type("/part #l\t")
    assert sitting.lines()[-1] == "#lobby 2> /part #lobby"


def test_listThatComesUnaskedIsNotShown(sitting: Sitting) -> None:
    """A list that the user asks for is shown."""
    link = sitting.connect()
    people = Listed("#lobby", (UserRow("bob"), UserRow("alice")))
    link.send(Welcomed("#lobby", "alice", ("bob",)), TopicShown("#lobby", "Tea", "bob"), people)
    assert not any("people in" in line for line in sitting.lines())
    link.send(people)
    assert "--- 2 people in #lobby: bob, alice" in sitting.lines()


def test_loneEscapeDoesNotSwallowTheNextKey(sitting: Sitting) -> None:
    link = sitting.join()
    sitting.type("a\x1b")
    sitting.world.advance(1)
    sitting.enter("b")
    assert link.transport.lines() == ["ab"]


def test_nicknameIsAskedForUntilItIsAccepted(sit: Callable[..., Sitting]) -> None:
    sitting = sit()
    link = sitting.connect()
    assert sitting.lines()[-1] == "nickname>"
    sitting.enter("  ")
    sitting.enter("bob")
    assert link.transport.lines() == ["/nick bob"]
    link.send(Refused("nick-taken", "bob", "bob is taken; choose another"))
    assert sitting.lines()[-2:] == [
        "!!! bob is taken; choose another (nick-taken)",
        "nickname>",
    ]
    sitting.enter("/help")
    sitting.enter("alice")
    assert link.transport.lines() == ["/help", "/nick alice"]
    link.send(Welcomed("#lobby", "alice"))
    assert sitting.lines()[-1] == "#lobby 1>"


def test_clientSpeaksChineseAndAsksTheServiceToo(sit: Callable[..., Sitting]) -> None:
    sitting = sit("alice", language="zh_CN")
    link = sitting.world.accept()
    assert link.transport.lines()[:3] == ["/format json", "/lang zh_CN", "/nick alice"]
    link.send(GREETING, FormatSet("json"))
    # The service has greeted in its own language, before it was asked for another one.
    greeting = Wording("zh_CN").lines(Greeted("tcpchat", 2))
    assert sitting.lines()[:3] == ["--- 正在连接 /socket", *greeting, "--- Be nice."]
    link.send(Welcomed("#lobby", "alice"))
    link.send(Said("#lobby", 1, AT, "李雷", "你好"))
    assert sitting.lines()[-2:] == ["李雷：你好", "#lobby 1>"]


@pytest.mark.parametrize("bell", [False, True])
def test_bellRingsForACallIfWanted(sit: Callable[..., Sitting], bell: bool) -> None:
    sitting = sit("alice", bell=bell)
    link = sitting.join()
    link.send(Said("#lobby", 1, AT, "bob", "hi all"))
    sitting.lines()
    assert b"\x07" not in sitting.bytes
    link.send(Said("#lobby", 2, AT, "bob", "hi alice"))
    sitting.lines()
    assert (b"\x07" in sitting.bytes) is bell


def test_hostileServiceCannotControlTheTerminal(sitting: Sitting) -> None:
    """It tries by events, by text and through the prompt."""
    link = sitting.connect()
    evil = "\x1b[2J\x9b2Jx"
    events: list[Event] = [
        Welcomed(f"#{evil}", evil, (evil,)),
        Noticed(evil),
        Helped(evil, (evil,), evil, evil),
    ]
    link.send(*events, evil.encode() + b"\r\n")
    sitting.type("x\t")
    sitting.lines()
    assert b"\x1b[2J" not in sitting.bytes
    assert b"\x9b" not in sitting.bytes


def test_terminalIsTakenAgainAfterBeingContinued(sitting: Sitting) -> None:
    """SIGCONT brings the row back."""
    sitting.join()
    sitting.type("abc")
    sitting.lines()
    sitting.chat.terminal.leave()
    sitting.screen.reset()
    sitting.chat.resumed()
    assert sitting.chat.terminal.isRaw
    assert sitting.lines() == ["#lobby 2> abc"]


def test_rowFitsTheNewWidth(sitting: Sitting) -> None:
    """SIGWINCH tells that there is one."""
    sitting.join()
    sitting.type("abc" * 5)
    sitting.lines()
    sitting.resize(20)
    sitting.screen.resize(columns=20)
    sitting.chat.resized()
    assert sitting.lines()[-1] == "#lobby 2> <cabcabc"
