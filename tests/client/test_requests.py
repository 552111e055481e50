"""Tests for L{chat.client.requests}."""

from collections.abc import Callable

import pytest

from chat.client.requests import Requests
from chat.vocabulary.commands import (
    Act,
    Announce,
    Away,
    Back,
    Ban,
    Command,
    Ignore,
    Invite,
    Join,
    Kick,
    Login,
    Mode,
    Mute,
    Nick,
    Part,
    Password,
    Quit,
    Register,
    Rooms,
    Say,
    Search,
    ShowHistory,
    Switch,
    Tell,
    Topic,
    Unban,
    Unignore,
    Unmute,
    Who,
    Whois,
)
from chat.vocabulary.verbs import parse

Ask = Callable[[Requests], None]


class Recorder(Requests):
    """Remembers the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def command(self, line: str) -> None:
        self.lines.append(line)


# Each with the command that the service parses.
REQUESTS: list[tuple[Ask, Command]] = [
    (lambda ask: ask.say("hi"), Say("hi")),
    (lambda ask: ask.say("/quit"), Say("/quit")),
    (lambda ask: ask.say("//third"), Say("//third")),
    (lambda ask: ask.say("／wide"), Say("／wide")),
    (lambda ask: ask.say("、私聊 x"), Say("、私聊 x")),
    (lambda ask: ask.say(" /spaced"), Say("/spaced")),
    (lambda ask: ask.act("waves\nand goes"), Act("waves and goes")),
    (lambda ask: ask.tell("bob", "psst"), Tell("bob", "psst")),
    (lambda ask: ask.setNick("alicia"), Nick("alicia")),
    (lambda ask: ask.register("s3cret"), Register("s3cret")),
    (lambda ask: ask.login("alice", "s3cret"), Login("alice", "s3cret")),
    (lambda ask: ask.setPassword("s3cret"), Password("s3cret")),
    (lambda ask: ask.quit(), Quit()),
    (lambda ask: ask.quit("see\nyou"), Quit("see you")),
    (lambda ask: ask.join("#dev"), Join("#dev")),
    (lambda ask: ask.join("#dev", "key"), Join("#dev", "key")),
    (lambda ask: ask.part("#dev"), Part("#dev")),
    (lambda ask: ask.part("#dev", "so\nlong"), Part("#dev", "so long")),
    (lambda ask: ask.talkIn("#dev"), Switch("#dev")),
    (lambda ask: ask.listRooms(), Rooms()),
    (lambda ask: ask.listPeople("#dev"), Who("#dev")),
    (lambda ask: ask.setTopic("Tea"), Topic("Tea")),
    (lambda ask: ask.setMode("key", "none"), Mode("key", "none")),
    (lambda ask: ask.invite("bob"), Invite("bob")),
    (lambda ask: ask.history("#dev"), ShowHistory(room="#dev")),
    (lambda ask: ask.history("#dev", 50), ShowHistory(50, room="#dev")),
    (lambda ask: ask.history("#dev", after=0), ShowHistory(after=0, room="#dev")),
    (lambda ask: ask.search("green tea"), Search("green tea")),
    (lambda ask: ask.search("tea", "#dev", "bob"), Search("tea", "#dev", "bob")),
    (lambda ask: ask.away(), Away()),
    (lambda ask: ask.away("for lunch"), Away("for lunch")),
    (lambda ask: ask.back(), Back()),
    (lambda ask: ask.ignore("bob"), Ignore("bob")),
    (lambda ask: ask.unignore("bob"), Unignore("bob")),
    (lambda ask: ask.whois("bob"), Whois("bob")),
    (lambda ask: ask.kick("bob", "enough"), Kick("bob", "enough")),
    (lambda ask: ask.ban("192.0.2.0/24", "2h", "spam"), Ban("192.0.2.0/24", 7200, "spam")),
    (lambda ask: ask.ban("bob", why="spam"), Ban("bob", None, "spam")),
    (lambda ask: ask.unban("bob"), Unban("bob")),
    (lambda ask: ask.mute("bob", "5m"), Mute("bob", 300)),
    (lambda ask: ask.unmute("bob"), Unmute("bob")),
    (lambda ask: ask.announce("Tea\nat five"), Announce("Tea at five")),
]


@pytest.mark.parametrize(("ask", "command"), REQUESTS, ids=lambda value: repr(value))
def test_eachRequestIsOneLineThatTheServiceUnderstands(ask: Ask, command: Command) -> None:
    recorder = Recorder()
    ask(recorder)
    [line] = recorder.lines
    assert parse(line) == command


def test_linesAreSaidOneByOneWithoutBlankOnes() -> None:
    recorder = Recorder()
    recorder.say("/quit\n\n  \r\nsecond 你好\r//third")
    recorder.tell("bob", "one\ntwo")
    assert recorder.lines == ["//quit", "second 你好", "///third", "/msg bob one", "/msg bob two"]


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
    recorder = Recorder()
    with pytest.raises(ValueError, match=r"^not one word$"):
        ask(recorder)
    assert recorder.lines == []
