"""
The options of the daemon have their effect; C{tests/test_twistd_options.py} has mistakes in them.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from chat import __version__
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.peer import Peer
from tests.test_twistd_options import DEFAULTS


def test_greeting(startDaemon: StartDaemon, tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.\n\n  * 请友善\x1b[31m\n\ttab\u202e\nwithout an end")
    daemon = startDaemon("--name", "The Crown\x07 & Anchor", "--motd", str(motd))
    with daemon.connect() as peer:
        assert peer.catchUp() == [
            "--- Welcome to The Crown & Anchor. Nobody here yet.",
            "--- Be kind.",
            "--- ",
            "---   * 请友善",
            "---  tab",
            "--- without an end",
            "--- Choose a nickname (/quit leaves):",
        ]
        peer.send("/version")
        assert peer.line() == f"--- The Crown & Anchor: tcpchat {__version__}"
        peer.leave()


def test_chinese(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--language", "zh_CN.UTF-8")
    with daemon.connect() as lei, daemon.join("bob") as bob:
        assert lei.line() == "--- 欢迎来到 tcpchat。目前没有人在线。"
        assert lei.line().rstrip() == "--- 请输入昵称（输入 /退出 离开）："
        lei.send("bob", "李雷")
        assert lei.line() == "!!! 昵称“bob”已被占用，请换一个 (nick-taken)"
        assert lei.line() == "--- 你好，李雷。你已进入 #lobby，在线的还有：bob。"
        assert "/帮助" in lei.line()
        bob.send("/lang en")
        bob.expect("The language is now English.")
        lei.send("你好")
        assert bob.line() == "李雷: 你好"
        bob.send("hello")
        assert lei.line() == "bob：hello"
        bob.leave()
        assert re.fullmatch(r"<-- bob 离开聊天室 #lobby：.*（在线人数：1）", lei.line())
        lei.leave()


def test_withoutAnyLimitItIsStillAChat(tmp_path: Path) -> None:
    off = (("--" + name, "0") for name in DEFAULTS)
    with (
        Daemon(tmp_path, *(each for pair in off for each in pair)) as daemon,
        daemon.join("alice") as alice,
        daemon.join("bob") as bob,
    ):
        bob.catchUp()
        alice.send(*(f"line {number}" for number in range(1000)))
        alice.catchUp()
        assert bob.catchUp() == [f"alice: line {number}" for number in range(1000)]
        alice.leave()
        bob.leave()


def test_log(startDaemon: StartDaemon) -> None:
    daemon = startDaemon()
    with daemon.join("alice") as alice:
        address = "{} {}".format(*alice.connection.getsockname())
        alice.send("one", "two")
        alice.leave()
    daemon.stop()
    [line] = [line for line in daemon.log.splitlines() if address in line]
    assert re.search(
        rf" \[chat\.protocols\.connections\.Connections#info\] closed {address} alice "
        r"input-closed: opened \S+, named \d\S*, \d\S* s, 3 lines, 0 undone, 0 refused, "
        r"17 B in, 0 B unread, \d+ B out$",
        line,
    )
    assert "Traceback" not in daemon.log


def test_logAsJSON(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--log-format", "json", "--name", "x\x07\ny")
    with daemon.join("alice") as alice:
        address = "{} {}".format(*alice.connection.getsockname())
        alice.send("hello", "/nick 李雷", "/quit \x1b[31m bye")
        alice.eof()
    with daemon.connect() as peer:
        peer.send("nick\x1b[0mname \x07 \x9b1m\r\n\x1b]0;x\x07")
        peer.leave()
    daemon.stop()
    assert daemon.log.endswith("\n")
    lines = daemon.log.splitlines()
    assert all(line.isprintable() for line in lines)
    events = [json.loads(line) for line in lines]
    assert all(isinstance(event, dict) for event in events)
    mine = [event for event in events if event.get("peer") == address]
    assert [event["event"] for event in mine] == ["connection-closed"]
    [event] = mine
    assert event["nick"] == "李雷"
    assert event["reason"] == "quit"
    assert event["lines"] == 4
    assert event["bytesIn"] > 0
    assert event["bytesOut"] > 0
    assert 0 <= event["named"] <= event["seconds"]


def test_logAsJSONInAFile(tmp_path: Path) -> None:
    """
    twistd's own option for the file holds for it, too.
    """
    port = freePort()
    options = ["--log-format", "json", "--port", f"tcp:{port}:interface=127.0.0.1"]
    command = [TWISTD, "-n", "--pidfile=", "--logfile=daemon.json", "tcpchat", *options]
    with Daemon(tmp_path, command=command, port=port) as daemon:
        daemon.stop()
        assert daemon.log == ""
        assert all(map(json.loads, (tmp_path / "daemon.json").read_text().splitlines()))


def test_inTheBackground(tmp_path: Path) -> None:
    """
    Without -n it goes on by itself, says so in its log, and ends by its pidfile.
    """
    port = freePort()
    endpoint = f"tcp:{port}:interface=127.0.0.1"
    options = ["--pidfile=pid", "tcpchat", "--port", endpoint]
    subprocess.run([TWISTD, *options], cwd=tmp_path, timeout=20, check=True, capture_output=True)
    process = os.pidfd_open(int((tmp_path / "pid").read_text()))
    try:
        connection = socket.create_connection(("127.0.0.1", port), 10.0)
        with Peer(connection) as alice:
            alice.join("alice")
            signal.pidfd_send_signal(process, signal.SIGTERM)
            assert alice.eof() == ["--- Goodbye: the service is shutting down."]
        # It can be read when the process has ended.
        assert select.select([process], [], [], 10)[0]
    finally:
        # Which must not outlive the test.
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
    assert not (tmp_path / "pid").exists()
    assert " alice shutdown: opened " in (tmp_path / "twistd.log").read_text()
