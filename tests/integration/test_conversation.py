"""
Users that talk: exact lines, over real sockets.
"""

import json
import socket
import struct
from datetime import UTC, datetime
from typing import Any

from chat import __version__
from tests.integration.conftest import Join
from tests.integration.daemon import Daemon
from tests.integration.peer import Peer


def test_courseOfASession(daemon: Daemon, join: Join) -> None:
    bob, carol = join("bob"), join("carol")
    with daemon.connect() as alice:
        assert alice.line() == "--- Welcome to tcpchat. 2 people here."
        assert alice.line() == "--- Choose a nickname (/quit leaves):"
        alice.send("alice")
        assert (
            alice.line()
            == "--- You are alice, in #lobby with bob, carol. Just type; /help for commands."
        )
        alice.send("hello")
        # Senders do not hear themselves.
        assert alice.catchUp() == []
        heard = ["--> alice joined #lobby (3 here)", "alice: hello"]
        assert carol.catchUp() == heard
        assert bob.catchUp() == ["--> carol joined #lobby (2 here)", *heard]
        bob.send("hi alice", "//help is a command", "/me waves")
        assert bob.catchUp() == []
        carol.send("你好，世界")
        assert carol.catchUp() == ["bob: hi alice", "bob: /help is a command", " * bob waves"]
        assert bob.catchUp() == ["carol: 你好，世界"]
        assert alice.catchUp() == [
            "bob: hi alice",
            "bob: /help is a command",
            " * bob waves",
            "carol: 你好，世界",
        ]
        alice.send("/quit must go")
        assert alice.eof() == ["--- Goodbye."]
    left = "<-- alice left #lobby: must go (2 here)"
    assert carol.expect("<--") == left
    assert bob.expect("<--") == left


def test_firstUserIsWelcomed(daemon: Daemon) -> None:
    with daemon.connect() as peer:
        assert peer.line() == "--- Welcome to tcpchat. Nobody here yet."
        assert (
            peer.join("alice")
            == "--- You are alice, alone in #lobby. Just type; /help for commands."
        )
        peer.send("/quit")
        peer.eof()
    with daemon.connect() as peer:
        assert peer.line() == "--- Welcome to tcpchat. Nobody here yet."
        peer.leave()


def test_languageIsChosenPerSession(daemon: Daemon, join: Join) -> None:
    with daemon.connect() as carol, daemon.connect() as alice:
        carol.send("/语言 zh_CN")
        assert carol.expect("语言") == "--- 语言已切换为简体中文。"
        carol.send("李雷")
        assert carol.expect("李雷").startswith("--- 你好，李雷。你已进入 #lobby，")
        assert carol.line() == "--- 直接输入即可发言，/帮助 查看命令。"
        alice.send("/lang zh", "李雷", "韩梅梅")
        assert alice.expect("!!!") == "!!! 昵称“李雷”已被占用，请换一个 (nick-taken)"
        assert alice.line() == "--- 你好，韩梅梅。你已进入 #lobby，在线的还有：李雷。"
        assert alice.line() == "--- 直接输入即可发言，/帮助 查看命令。"
        assert carol.line() == "--> 欢迎 韩梅梅 加入 #lobby（在线人数：2）"
        alice.send("你好，李雷", "/me 挥手", "/私聊 李雷 小声点")
        assert alice.line() == "[你 -> 李雷] 小声点"
        assert [carol.line() for _ in range(3)] == [
            "韩梅梅：你好，李雷",
            " * 韩梅梅 挥手",
            "[韩梅梅 -> 你] 小声点",
        ]
        carol.send("/在线", "/回复 好的", "/昵称 雷雷")
        assert [carol.line() for _ in range(3)] == [
            "--- #lobby 在线 2 人：李雷、韩梅梅",
            "[你 -> 韩梅梅] 好的",
            "--- 李雷 改名为 雷雷",
        ]
        assert alice.catchUp() == ["[李雷 -> 你] 好的", "--- 李雷 改名为 雷雷"]
        # Another user reads the same in English.
        bob = join("bob")
        alice.send("再见")
        assert alice.catchUp() == ["--> 欢迎 bob 加入 #lobby（在线人数：3）"]
        alice.send("/退出 下班了")
        assert alice.eof() == ["--- 再见。"]
        assert bob.line() == "韩梅梅: 再见"
        assert bob.line() == "<-- 韩梅梅 left #lobby: 下班了 (2 here)"
        assert carol.expect("<--") == "<-- 韩梅梅 离开聊天室 #lobby：下班了（在线人数：2）"
        carol.leave()
        assert bob.line() == "<-- 雷雷 left #lobby: input closed (1 here)"


def _events(peer: Peer) -> list[dict[str, Any]]:
    """
    @return: the events that a peer with JSON lines has heard, but those about storing, which may
        come at any time. Their times are checked and removed.
    """
    heard = [json.loads(line) for line in peer.catchUp()]
    events = [event for event in heard if event["event"] != "stored"]
    for event in events:
        if at := event.pop("at", None):
            assert at.endswith("Z")
            age = datetime.now(UTC) - datetime.fromisoformat(at)
            assert -5 < age.total_seconds() < 60
    return events


def test_switchingBetweenTextAndJSON(join: Join) -> None:
    alice, bob, robot = join("alice"), join("bob"), join("robot")
    robot.send("/format json")
    assert json.loads(robot.line()) == {
        "event": "formatset",
        "format": "json",
        "limit": 1024,
    }
    # A program gets the list of users once, and from then on the changes.
    listed = json.loads(robot.line())
    assert (listed["event"], listed["room"]) == ("listed", "#lobby")
    assert [person["nick"] for person in listed["people"]] == ["alice", "bob", "robot"]
    alice.send("hi robot", '/me says "你好"')
    alice.catchUp()
    robot.send('beep "beep"')
    said, acted, own = _events(robot)
    first = said.pop("id")
    assert said == {"event": "said", "room": "#lobby", "nick": "alice", "text": "hi robot"}
    assert acted == {
        "event": "acted",
        "room": "#lobby",
        "id": first + 1,
        "nick": "alice",
        "text": 'says "你好"',
    }
    # In JSON senders hear their own lines.
    assert own == {
        "event": "said",
        "room": "#lobby",
        "id": first + 2,
        "nick": "robot",
        "text": 'beep "beep"',
    }
    assert alice.catchUp()[-1] == 'robot: beep "beep"'
    heard = ["alice: hi robot", ' * alice says "你好"', 'robot: beep "beep"']
    assert bob.catchUp()[-3:] == heard

    robot.send("/who", "/msg Bob psst", "/msg nobody psst", "/nick droid", "/version")
    [listed, sent, refused, renamed, versioned] = _events(robot)
    idle = [person.pop("idle") for person in listed["people"]]
    assert all(0 <= seconds < 60 for seconds in idle)
    assert listed == {
        "event": "listed",
        "room": "#lobby",
        "people": [{"nick": nick, "away": False} for nick in ("alice", "bob", "robot")],
        "more": 0,
    }
    assert sent == {"event": "sent", "nick": "robot", "to": "bob", "text": "psst"}
    assert refused.pop("text") == "Nobody called nobody is here"
    assert refused == {
        "event": "refused",
        "code": "no-such-nick",
        "about": "nobody",
        "by": "",
        "until": None,
    }
    assert renamed == {"event": "renamed", "room": "#lobby", "nick": "robot", "name": "droid"}
    assert versioned == {"event": "versioned", "service": "tcpchat", "version": __version__}
    assert bob.catchUp() == ["[robot -> you] psst", "--- robot is now droid"]

    bob.send("/m droid bleep", "/quit bye")
    bob.eof()
    told, left, *others = _events(robot)
    assert others == []
    assert told == {"event": "told", "nick": "bob", "to": "droid", "text": "bleep"}
    assert left == {
        "event": "left",
        "room": "#lobby",
        "nick": "bob",
        "reason": "quit",
        "text": "bye",
        "count": 2,
        "by": "",
    }
    # And back: what follows is text again.
    robot.send("/format text")
    assert robot.catchUp()[-1] == "--- The format is text; text is for people, json for programs."
    alice.send("plain")
    alice.catchUp()
    assert robot.catchUp() == ["alice: plain"]


def test_jsonFromTheBeginning(daemon: Daemon) -> None:
    with daemon.connect() as robot:
        assert robot.line().startswith("--- Welcome")
        assert robot.line().startswith("--- Choose")
        robot.send("/format json", "alice bob", "robot", "/quit done")
        events = [json.loads(line) for line in robot.eof()]
    kinds = ["formatset", "refused", "welcomed", "listed", "closed"]
    assert [event["event"] for event in events] == kinds
    assert events[1]["code"] == "nick-invalid"
    assert events[2] == {
        "event": "welcomed",
        "room": "#lobby",
        "nick": "robot",
        "others": [],
        "more": 0,
    }
    assert events[3]["people"] == [{"nick": "robot", "idle": 0, "away": False}]
    assert events[4] == {
        "event": "closed",
        "reason": "quit",
        "about": "",
        "text": "Goodbye.",
        "by": "",
        "until": None,
    }


def test_nicknameIsFreeAtOnce(daemon: Daemon, join: Join) -> None:
    bob = join("bob")
    for _ in range(3):
        with daemon.join("alice") as alice, daemon.connect() as another:
            another.send("Alice")
            assert another.expect("!!!") == "!!! Alice is taken; choose another (nick-taken)"
            alice.send("/quit")
            bob.expect("<-- alice left #lobby: quit (1 here)")
            # This user has not even closed their side.
            another.join("ALICE")
            bob.expect("--> ALICE joined #lobby (2 here)")
            another.send("/quit")
            another.eof()
            bob.expect("<-- ALICE left #lobby: quit (1 here)")


def test_resetConnectionFreesTheNickname(daemon: Daemon, join: Join) -> None:
    bob, alice = join("bob"), join("alice")
    alice.catchUp()
    # A process that dies with unread data sends RST.
    alice.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    alice.close()
    assert bob.expect("<--") == "<-- alice left #lobby: connection lost (1 here)"
    join("alice").catchUp()
    assert daemon.process.poll() is None


def test_lastLineNeedsNoLineEnd(join: Join) -> None:
    bob, alice = join("bob"), join("alice")
    alice.send("last")
    # The last line needs no line end.
    alice.connection.sendall("words 再见".encode())
    alice.finish()
    assert alice.eof() == ["--- Goodbye: end of input."]
    assert bob.catchUp()[1:] == [
        "alice: last",
        "alice: words 再见",
        "<-- alice left #lobby: input closed (1 here)",
    ]


def test_everyKindOfLineEnd(join: Join) -> None:
    bob, alice = join("bob"), join("alice")
    bob.catchUp()
    alice.connection.sendall(
        b"lf\ncrlf\r\ncr nul\r\0cr\rlf cr\n\rtwo\n\nblank\r\r\n   \r\n\t\nend\n"
    )
    alice.connection.sendall("nel\x85 ls\u2028 vt\v ff\f nul\0 end no line\n".encode())
    alice.catchUp()
    said = ["lf", "crlf", "cr nul", "cr", "lf cr", "two", "blank", "end"]
    assert bob.catchUp() == [
        *(f"alice: {text}" for text in said),
        "alice: nel  ls  vt  ff  nul end no line",
    ]


def test_linesInSingleBytes(join: Join) -> None:
    bob, alice, carol = join("bob"), join("alice"), join("carol")
    bob.catchUp()
    alice.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Every byte is read by itself: another user's question is answered in between.
    for byte in "你好 ok\r\nthen\r\0x\r\n".encode():
        alice.connection.sendall(bytes([byte]))
        carol.catchUp()
    alice.catchUp()
    assert bob.catchUp() == ["alice: 你好 ok", "alice: then", "alice: x"]
