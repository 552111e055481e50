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


def test_oneAddressDoesNotTakeEverything(startDaemon: StartDaemon) -> None:
    """
    However often it connects.
    """
    options = ("--account-rate", "2", "--room-rate", "5", "--max-owned", "1", "--key-rate", "2")
    daemon = startDaemon(*options, "--operator", "olga")

    def code(robot: Robot, line: str) -> str:
        return str(robot.answer(line).get("code", ""))

    with Robot.join(daemon, "alice") as alice, Robot.join(daemon, "olga") as olga:
        assert code(alice, "/register open-sesame") == "registered"
        assert code(olga, "/register open-sesame") == "registered"
        alice.ask("/join #one", "/mode key swordfish")
        assert "not-kept" in [event.get("code") for event in alice.ask("/join #two")]
        alice.ask("/part #two")
        refused = []
        for number in range(3):
            with Robot.join(daemon, f"bob{number}") as bob:
                refused.append((code(bob, "/register open-sesame"), code(bob, "/join #one no")))
        assert refused == [
            *[("registering-too-fast", "key-needed")] * 2,
            ("registering-too-fast", "too-many-attempts"),
        ]
        with Robot.join(daemon, "carol") as carol:
            assert code(carol, "/join #one swordfish") == "too-many-attempts"
            assert [code(carol, f"/join #c{number}") for number in range(4)] == [
                *[""] * 3,
                "making-rooms-too-fast",
            ]
            # From another address all of it goes on.
            with daemon.connect("127.0.0.2") as dave:
                dave.join("dave")
                dave.send("/join #one swordfish", "/join #d", "/register open-sesame")
                dave.expect("is now registered to you")
            assert code(olga, "/delete #c0 spam") == "deleted"
            parted = carol.expect("parted")
            assert (parted["reason"], parted["by"], parted["text"]) == (
                "room-deleted",
                "olga",
                "spam",
            )
        rooms = {row["room"] for row in olga.answer("/rooms")["rooms"]}
        assert {"#one", "#d"} <= rooms
        assert "#c0" not in rooms


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
            assert slow.expect("lagged") == (
                "--- While you lagged, nick1, nick2, nick3 joined #lobby (5 here)"
            )
        else:
            changed = json.loads(slow.expect('"event":"changed"'))
            assert changed["joined"] == ["nick1", "nick2", "nick3"]
            assert (changed["left"], changed["count"], changed["late"]) == ([], 5, True)
        # From now on each user is told of again.
        crowd[1].leave()
        assert "late" not in slow.expect("nick1")
