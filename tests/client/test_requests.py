"""Tests for L{chat.client.requests}."""

from collections.abc import Callable

import pytest

from chat.client.requests import Requests
from chat.vocabulary import commands
from chat.vocabulary.editingkeys import edited
from chat.vocabulary.verbs import parse

Ask = Callable[[Requests], None]


class RecordedRequests(Requests):
    """Remembers the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def command(self, line: str) -> None:
        self.lines.append(line)


# Each with the command that the service parses.
REQUESTS: list[tuple[Ask, commands.Command]] = [
    (lambda ask: ask.say("hi"), commands.Say("hi")),
    (lambda ask: ask.say("/quit"), commands.Say("/quit")),
    (lambda ask: ask.say("//third"), commands.Say("//third")),
    (lambda ask: ask.say("／wide"), commands.Say("／wide")),
    (lambda ask: ask.say("、私聊 x"), commands.Say("、私聊 x")),
    (lambda ask: ask.say("、 login a b"), commands.Say("、 login a b")),
    (lambda ask: ask.say(".msg bob hi"), commands.Say(".msg bob hi")),
    (lambda ask: ask.say(" /spaced"), commands.Say("/spaced")),
    (lambda ask: ask.say("a\x1b[2Jb\bc\x15"), commands.Say("abc")),
    (lambda ask: ask.tell("bob", "\x02b\x03c"), commands.Tell("bob", "bc")),
    (lambda ask: ask.setTopic("a\x17\nb"), commands.Topic("a b")),
    (lambda ask: ask.act("waves\nand goes"), commands.Act("waves and goes")),
    (lambda ask: ask.tell("bob", "psst"), commands.Tell("bob", "psst")),
    (lambda ask: ask.setNick("alicia"), commands.Nick("alicia")),
    (lambda ask: ask.register("s3cret"), commands.Register("s3cret")),
    (lambda ask: ask.login("alice", "s3cret"), commands.Login("alice", "s3cret")),
    (lambda ask: ask.setPassword("s3cret"), commands.Password("s3cret")),
    (lambda ask: ask.quit(), commands.Quit()),
    (lambda ask: ask.quit("see\nyou"), commands.Quit("see you")),
    (lambda ask: ask.join("#dev"), commands.Join("#dev")),
    (lambda ask: ask.join("#dev", "key"), commands.Join("#dev", "key")),
    (lambda ask: ask.part("#dev"), commands.Part("#dev")),
    (lambda ask: ask.part("#dev", "so\nlong"), commands.Part("#dev", "so long")),
    (lambda ask: ask.talkIn("#dev"), commands.Switch("#dev")),
    (lambda ask: ask.listRooms(), commands.Rooms()),
    (lambda ask: ask.listPeople("#dev"), commands.Who("#dev")),
    (lambda ask: ask.setTopic("Tea"), commands.Topic("Tea")),
    (lambda ask: ask.setMode("key", "none"), commands.Mode("key", "none")),
    (lambda ask: ask.invite("bob"), commands.Invite("bob")),
    (lambda ask: ask.history("#dev"), commands.ShowHistory(room="#dev")),
    (lambda ask: ask.history("#dev", 50), commands.ShowHistory(50, room="#dev")),
    (lambda ask: ask.history("#dev", after=0), commands.ShowHistory(after=0, room="#dev")),
    (lambda ask: ask.search("green tea"), commands.Search("green tea")),
    (lambda ask: ask.search("tea", "#dev", "bob"), commands.Search("tea", "#dev", "bob")),
    (lambda ask: ask.away(), commands.Away()),
    (lambda ask: ask.away("for lunch"), commands.Away("for lunch")),
    (lambda ask: ask.back(), commands.Back()),
    (lambda ask: ask.ignore("bob"), commands.Ignore("bob")),
    (lambda ask: ask.unignore("bob"), commands.Unignore("bob")),
    (lambda ask: ask.whois("bob"), commands.Whois("bob")),
    (lambda ask: ask.kick("bob", "enough"), commands.Kick("bob", "enough")),
    (lambda ask: ask.ban("192.0.2.0/24", "2h", "spam"), commands.Ban("192.0.2.0/24", 7200, "spam")),
    (lambda ask: ask.ban("bob", why="spam"), commands.Ban("bob", None, "spam")),
    (lambda ask: ask.unban("bob"), commands.Unban("bob")),
    (lambda ask: ask.mute("bob", "5m"), commands.Mute("bob", 300)),
    (lambda ask: ask.unmute("bob"), commands.Unmute("bob")),
    (lambda ask: ask.announce("Tea\nat five"), commands.Announce("Tea at five")),
]


@pytest.mark.parametrize(
    ("ask", "command"), REQUESTS, ids=[repr(command) for _, command in REQUESTS]
)
def test_eachRequestIsOneLineThatTheServiceUnderstands(ask: Ask, command: commands.Command) -> None:
    recorder = RecordedRequests()
    ask(recorder)
    [line] = recorder.lines
    assert parse(edited(line)) == command


def test_linesAreSaidOneByOneWithoutBlankOnes() -> None:
    recorder = RecordedRequests()
    recorder.say("/quit\n\n  \r\nsecond 你好\r//third")
    recorder.tell("bob", "one\ntwo")
    assert recorder.lines == ["//quit", "second 你好", "///third", "/msg bob one", "/msg bob two"]


@pytest.mark.parametrize(
    ("ask", "lines"),
    [
        (lambda ask: ask.say("one two three four"), ["one two", "three", "four"]),
        (lambda ask: ask.say("one two /quit"), ["one two", "//quit"]),
        (lambda ask: ask.act("one two three"), ["/me one two", "/me three"]),
        (lambda ask: ask.tell("bo", "一二 三"), ["/msg bo 一", "/msg bo 二", "/msg bo 三"]),
    ],
)
def test_whatIsTooLongForALineIsSaidInParts(ask: Ask, lines: list[str]) -> None:
    """Whatever a part begins with, it is said, and it is short enough with what stands before."""
    recorder = RecordedRequests()
    recorder.maxLine = 13
    ask(recorder)
    assert recorder.lines == lines
    assert all(len(line.encode()) < 13 for line in lines)


@pytest.mark.parametrize(
    "ask",
    [
        lambda ask: ask.tell("bob and", "hi"),
        lambda ask: ask.tell("", "hi"),
        lambda ask: ask.join("#dev secret"),
        lambda ask: ask.join("#dev", "two words"),
        lambda ask: ask.login("alice", "two words"),
        lambda ask: ask.register(""),
        lambda ask: ask.register("\ud800"),
        lambda ask: ask.kick("bob\n/quit"),
        lambda ask: ask.search("tea", "#dev from"),
        lambda ask: ask.ban("bob", "2 h"),
    ],
)
def test_anArgumentThatIsNotOneWordIsRefused(ask: Ask) -> None:
    """The error does not show it, since it may be a password."""
    recorder = RecordedRequests()
    with pytest.raises(ValueError, match=r"^not one word$"):
        ask(recorder)
    assert recorder.lines == []
