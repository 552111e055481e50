"""
Rooms over real sockets, where the long dialogue does not show them.
"""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from tests.integration.conftest import Join, StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.robot import Robot


def test_comingAndGoingInACrowd(startDaemon: StartDaemon) -> None:
    """
    Above the limit text users are not told of it, and programs are told of many users at once.
    """
    daemon = startDaemon("--announce-limit", "2")
    with ExitStack() as stack:
        alice = stack.enter_context(daemon.join("alice"))
        robot = stack.enter_context(Robot.join(daemon, "robot"))
        assert alice.line() == "--> robot joined #lobby (2 here)"
        crowd = [stack.enter_context(daemon.join(f"nick{number}")) for number in range(5)]
        crowd[0].leave()
        people = {"alice", "robot"}
        changes = 0
        while people != {"alice", "robot", "nick1", "nick2", "nick3", "nick4"}:
            changed = robot.expect("changed")
            people = people.union(changed["joined"]).difference(changed["left"])
            changes += 1
        assert changed["count"] == 6
        assert changes <= 3
        alice.send("/who")
        assert alice.catchUp() == [
            "--- 6 people in #lobby: alice, robot, nick1, nick2, nick3, nick4"
        ]


def test_programsGetAListAndThenChanges(daemon: Daemon, join: Join) -> None:
    join("alice")
    with Robot.join(daemon, "robot") as robot:
        heard = robot.ask("/join #dev")
        assert [event["event"] for event in heard] == ["entered", "talking", "listed"]
        join("bob").send("/join #dev")
        joined = robot.expect("joined")
        assert (joined["room"], joined["nick"]) == ("#lobby", "bob")
        joined = robot.expect("joined")
        assert (joined["room"], joined["nick"], joined["count"]) == ("#dev", "bob", 2)


def test_limitsOfRooms(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--room", "#start", "--max-rooms", "23")
    with Robot.join(daemon, "alice") as alice, Robot.join(daemon, "bob") as bob:
        rooms = [f"#room{number}" for number in range(19)]
        alice.ask(*(f"/join {room}" for room in rooms))
        refused = alice.answer("/join #onemore")
        assert (refused["code"], refused["about"]) == ("too-many-rooms", "20")
        bob.ask(*(f"/join #bob{number}" for number in range(3)))
        refused = bob.answer("/join #bob3")
        assert (refused["code"], refused["about"]) == ("rooms-full", "23")
        # An empty room is forgotten, and makes room for another one.
        bob.ask("/part #bob0")
        assert bob.answer("/join #bob3")["event"] == "listed"
        assert len(bob.answer("/rooms")["rooms"]) == 23
        assert bob.answer("/mode private on")["event"] == "modeset"
        bob.ask("/room #start")
        assert bob.answer("/mode private on")["code"] in ("owner-needed", "room-open")


@pytest.mark.parametrize("format", ["text", "json"])
def test_slowReaderIsToldOfComingsAtOnce(startDaemon: StartDaemon, format: str) -> None:
    """
    It is told of those that are still there, once nothing waits any more; others notice nothing.
    """
    daemon = startDaemon("--soft-waiting", "4K", "--send-buffer", "4K", "--replay", "0")
    with ExitStack() as stack:
        alice = stack.enter_context(daemon.join("alice"))
        slow = stack.enter_context(daemon.connectNarrow())
        slow.send(f"/format {format}", "slow")
        alice.expect("--> slow joined")
        text = "x" * 900
        alice.send(*([text] * 150))
        alice.catchUp()
        crowd = [stack.enter_context(daemon.join(f"nick{number}")) for number in range(4)]
        alice.expect("--> nick3 joined #lobby (6 here)")
        crowd[0].leave()
        alice.expect("<-- nick0 left")
        if format == "text":
            assert slow.expect("reading slowly") == (
                "--- While you were reading slowly, nick1, nick2, nick3 joined #lobby (5 here)"
            )
        else:
            changed = json.loads(slow.expect('"event":"changed"'))
            assert changed["joined"] == ["nick1", "nick2", "nick3"]
            assert (changed["left"], changed["count"], changed["late"]) == ([], 5, True)
        # From now on each user is told of again.
        crowd[1].leave()
        assert "late" not in slow.expect("nick1")
