"""
Every command, by all its names, over real sockets.
"""

import pytest

from chat import __version__
from chat.vocabulary.commands import Access
from chat.vocabulary.verbs import VERBS
from tests.integration.conftest import Join
from tests.integration.daemon import Daemon

_FORMAT = "--- The format is text; text is for people, json for programs."

# The table of the protocol: the ways to type a command, what alice is told, what bob hears.
_COMMANDS: list[tuple[list[str], list[str], list[str]]] = [
    (
        ["/help who", "/? who", "/帮助 who", "/help /WHO", "/help 在线"],
        ["--- /who [#ROOM] (/names, /users, /w, /在线): list who is here"],
        [],
    ),
    (
        ["/nick alicia", "/name alicia", "/昵称 alicia", "/NICK  alicia "],
        ["--- alice is now alicia"],
        ["--- alice is now alicia"],
    ),
    (
        ["/who", "/names", "/users", "/w", "/在线", "/who lobby", "/w #LOBBY"],
        ["--- 2 people in #lobby: bob, alice"],
        [],
    ),
    (["/say /who", "/说 /who", "//who"], [], ["alice: /who"]),
    (["/me waves", "/emote waves", "/ME  waves"], [], [" * alice waves"]),
    (
        ["/msg bob hi  there", "/tell BOB hi  there", "/m Bob hi  there", "/私聊 bob hi  there"],
        ["[you -> bob] hi  there"],
        ["[alice -> you] hi  there"],
    ),
    (["/ping"], ["--- PONG"], []),
    (["/ping x y"], ["--- PONG x y"], []),
    (["/lang zh_CN", "/语言 zh_CN", "/lang 中文"], ["--- 语言已切换为简体中文。"], []),
    (["/lang en", "/语言 English"], ["--- The language is now English."], []),
    (["/format", "/format text", "/format TEXT"], [_FORMAT], []),
    (["/version"], [f"--- tcpchat: tcpchat {__version__}"], []),
    (["//me waves"], [], ["alice: /me waves"]),
]


@pytest.mark.parametrize(
    ("typed", "answers", "heard"),
    [(typed, *effects) for variants, *effects in _COMMANDS for typed in variants],
)
def test_everyCommandByAllItsNames(
    join: Join, typed: str, answers: list[str], heard: list[str]
) -> None:
    bob, alice = join("bob"), join("alice")
    assert bob.catchUp() == ["--> alice joined #lobby (2 here)"]
    alice.send(typed)
    assert alice.catchUp() == answers
    assert bob.catchUp() == heard


@pytest.mark.parametrize("verb", ["/quit", "/exit", "/bye", "/退出"])
@pytest.mark.parametrize(("reason", "shown"), [("", "quit"), (" 下班了 :-)", "下班了 :-)")])
def test_quitLeavesWithItsReason(join: Join, verb: str, reason: str, shown: str) -> None:
    bob, alice = join("bob"), join("alice")
    alice.send(f"{verb}{reason}", "never said")
    assert alice.eof() == ["--- Goodbye."]
    assert bob.expect("<--") == f"<-- alice left #lobby: {shown} (1 here)"
    assert bob.catchUp() == []


def test_helpListsEveryCommand(daemon: Daemon) -> None:
    with daemon.connect() as peer:
        peer.expect("Choose a nickname")
        peer.send("/help all")
        helped = peer.catchUp()
        peer.leave()
    everybodys = [verb for verb in VERBS if verb.access is not Access.OPERATORS]
    assert [line.split()[1].rstrip(":") for line in helped] == [
        f"/{verb.name}" for verb in everybodys
    ]
    assert all(line.startswith("--- /") and ": " in line for line in helped)


def test_commandsBeforeTheNickname(daemon: Daemon, join: Join) -> None:
    witness = join("witness")
    with daemon.connect() as peer:
        peer.expect("Choose a nickname")
        peer.send("/version", "/lang", "/format", "/who", "/msg witness hi", "/me waves", "/r hi")
        assert peer.catchUp() == [
            f"--- tcpchat: tcpchat {__version__}",
            "--- The language is English; /lang zh_CN switches to Chinese.",
            _FORMAT,
            *["!!! Choose a nickname first: type it and press Enter (nick-needed)"] * 4,
        ]
        peer.send("/quit nobody cares")
        assert peer.eof() == ["--- Goodbye."]
    assert witness.catchUp() == []


def test_replyFollowsTheUserToAnotherNickname(join: Join) -> None:
    alice, bob = join("alice"), join("bob")
    alice.send("/r hello?")
    assert (
        alice.expect("!!!") == "!!! Nobody has sent you a private message yet (nobody-to-reply-to)"
    )
    bob.send("/msg alice one")
    assert bob.line() == "[you -> alice] one"
    alice.send("/r two", "/reply three")
    assert alice.catchUp() == ["[bob -> you] one", "[you -> bob] two", "[you -> bob] three"]
    # The reply follows a user to another nickname, and never reaches the next user of the old one.
    bob.send("/nick robert")
    assert bob.catchUp() == [
        "[alice -> you] two",
        "[alice -> you] three",
        "--- bob is now robert",
    ]
    other = join("bob")
    alice.send("/回复 four")
    assert alice.expect("[you") == "[you -> robert] four"
    assert bob.expect("[alice") == "[alice -> you] four"
    bob.leave()
    alice.expect("<-- robert left")
    alice.send("/r five")
    assert alice.line() == "!!! Nobody called robert is here (no-such-nick)"
    assert [line for line in other.catchUp() if "alice" in line] == []


def test_privateMessageReachesItsRecipientOnly(join: Join) -> None:
    alice, bob, carol = join("alice"), join("bob"), join("carol")
    alice.catchUp()
    alice.send("/msg zoe hi", "/msg bob", "/msg", "/msg alice note", "/msg ＢＯＢ wide")
    assert alice.catchUp() == [
        "!!! Nobody called zoe is here (no-such-nick)",
        "!!! Usage: /msg NAME TEXT (argument-missing)",
        "!!! Usage: /msg NAME TEXT (argument-missing)",
        "[alice -> you] note",
        "[you -> alice] note",
        "[you -> bob] wide",
    ]
    assert bob.catchUp() == ["--> carol joined #lobby (3 here)", "[alice -> you] wide"]
    assert carol.catchUp() == []


def test_renamedUserFreesTheOldNickname(join: Join) -> None:
    alice, bob = join("alice"), join("bob")
    alice.catchUp()
    bob.send("/nick ALICE", "/nick bob", "/nick Bob", "/nick 小明")
    assert bob.catchUp() == [
        "!!! ALICE is taken; choose another (nick-taken)",
        "!!! You are already bob (nick-unchanged)",
        "--- bob is now Bob",
        "--- Bob is now 小明",
    ]
    assert alice.catchUp() == ["--- bob is now Bob", "--- Bob is now 小明"]
    bob.send("hi")
    bob.catchUp()
    assert alice.catchUp() == ["小明: hi"]
    # The old one is free at once, and so is the new one when its user leaves.
    join("bob")
    bob.send("/quit")
    bob.eof()
    join("小明")
