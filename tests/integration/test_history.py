"""
The history, over real sockets; and where it is kept.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.robot import Robot

DATABASE = "tcpchat.sqlite3"


def test_newestLinesAreReplayed(startDaemon: StartDaemon) -> None:
    """
    They have their times, and it is told that there are more.
    """
    daemon = startDaemon("--replay", "2")
    with daemon.join("alice") as alice, daemon.join("bob") as bob:
        assert bob.catchUp() == []
        alice.send("one", "/me two", "三")
        alice.catchUp()
        with daemon.join("carol") as carol:
            head, *lines = carol.catchUp()
            assert head == "--- 2 earlier lines from #lobby; for more, /history 100 in #lobby"
            assert [re.sub(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d\] ", "", line) for line in lines] == [
                "* alice two",
                "alice: 三",
            ]
            assert all(line.startswith("[2") for line in lines)


def test_missingLinesAreTold(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--database", ":memory:", "--keep-lines", "5")
    with daemon.join("alice") as alice, Robot.join(daemon, "robot") as robot:
        alice.send(*(f"line {number}" for number in range(1, 13)))
        alice.catchUp()
        texts, missed = robot.past("#lobby", 3)
        assert texts == {number: f"line {number}" for number in range(8, 13)}
        assert missed == [
            {"event": "missed", "room": "#lobby", "first": 4, "last": 7, "reason": "expired"}
        ]
        alice.send("/history after 6", "/history 3")
        lines = [line.partition("] ")[2] or line for line in alice.catchUp()]
        assert lines == [
            "--- 5 lines from #lobby",
            "--- Line 7 of #lobby has expired",
            *(f"alice: line {number}" for number in range(8, 13)),
            "--- 3 earlier lines from #lobby; for more, /history 100 in #lobby",
            *(f"alice: line {number}" for number in range(10, 13)),
        ]


@pytest.mark.parametrize("database", [":memory:", DATABASE])
def test_searchFindsLinesThatTheUserMayRead(startDaemon: StartDaemon, database: str) -> None:
    """
    The newest come first, and Chinese is found anywhere.
    """
    daemon = startDaemon("--database", database)
    with Robot.join(daemon, "alice") as alice, Robot.join(daemon, "bob") as bob:
        alice.ask("大家你好啊", "Hello, World", "/me says hello again", "今天天气很好")
        alice.ask("/join #den", "/mode private on", "hello in private")

        def found(robot: Robot, asked: str) -> list[str]:
            head, *lines = robot.ask(f"/search {asked}")
            assert (head["event"], head["count"]) == ("excerpt", len(lines))
            return [line["text"] for line in lines]

        bob.ask()
        alice.ask()
        assert found(bob, "你好") == ["大家你好啊"]
        assert found(bob, "好") == ["今天天气很好", "大家你好啊"]
        assert found(bob, "hello") == ["says hello again", "Hello, World"]
        assert found(bob, "WORLD hello") == ["Hello, World"]
        assert found(bob, "hello from bob") == []
        assert found(alice, "hello") == ["hello in private", "says hello again", "Hello, World"]
        assert found(alice, "hello in #lobby from ALICE") == ["says hello again", "Hello, World"]
        for asked in ("/search hello in #den", "/history 5 in #den", "/search x in #nowhere"):
            assert bob.answer(asked)["code"] == "not-in-room"


def test_placeOfTheDatabase(tmp_path: Path) -> None:
    """
    It is in the run directory, in that of the service manager, where the option says, or nowhere.
    """
    state = tmp_path / "state"
    state.mkdir()
    where = tmp_path / "elsewhere.db"
    for directory, options, environ, path in (
        ("run", (), {}, tmp_path / "run" / DATABASE),
        ("manager", (), {"STATE_DIRECTORY": f"{state}:/nowhere"}, state / DATABASE),
        ("told", ("--database", str(where)), {"STATE_DIRECTORY": str(state)}, where),
        ("memory", ("--database", ":memory:"), {}, None),
    ):
        with Daemon(tmp_path / directory, *options, environ=environ):
            assert path is None or path.stat().st_size
        kept = {each.name for each in (tmp_path / directory).iterdir()} - {"log"}
        assert kept == ({DATABASE, f"{DATABASE}.lock"} if directory == "run" else set()), directory
