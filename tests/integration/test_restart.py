"""
What outlives the process: everything after SIGTERM, and all acknowledged lines after kill -9.
"""

from __future__ import annotations

import random
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic

from tests.integration.daemon import Daemon
from tests.integration.robot import Robot

ROOMS = ("#lobby", "#den")
NICKS = ("keeper", "robot1", "robot2")
KILLS = 5


def _code(robot: Robot, line: str) -> str:
    """
    @return: the code of the answer to a line.
    """
    code: str = robot.answer(line)["code"]
    return code


def test_roomsThatNobodyEverTalkedInDoNotStay(tmp_path: Path) -> None:
    """
    After a week, here one in which the service did not run.
    """
    with Daemon(tmp_path) as daemon, Robot.join(daemon, "alice") as alice:
        alice.ask("/register open-sesame", "/join #used", "hello", "/join #unused", "/join #new")
    with closing(sqlite3.connect(tmp_path / "tcpchat.sqlite3", isolation_level=None)) as database:
        database.execute(
            "UPDATE fact SET value = json_set(value, '$.made', '2020-01-01T00:00:00+00:00')"
            " WHERE kind = 'room' AND key != '#new'"
        )
    with Daemon(tmp_path) as daemon, Robot.join(daemon, "bob") as bob:
        while True:
            rooms = {row["room"] for row in bob.answer("/rooms")["rooms"]}
            if "#unused" not in rooms:
                break
        assert rooms == {"#lobby", "#used", "#new"}


def test_everythingOutlivesAStop(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--operator", "olga") as daemon, ExitStack() as stack:
        olga, alice = (stack.enter_context(Robot.join(daemon, nick)) for nick in ("olga", "alice"))
        assert _code(olga, "/register opensesame") == "registered"
        alice.ask("/register sesame-open", "/join #dev", "one", "/me two", "三")
        alice.ask("/topic tea", "/mode key swordfish", "/mode topic owner", "/ignore carol")
        assert _code(olga, "/operator alice") == "operator-on"
        assert _code(olga, "/ban mallory 1d spam") == "banned"
        assert _code(olga, "/ban 198.51.100.7/24") == "banned"
        assert _code(olga, "/mute zoe 2h loud") == "muted"
        olga.ask("/join #den", "/mode private on")
        bans = olga.answer("/bans")
        ismail = stack.enter_context(Robot.join(daemon, "İsmail"))
        assert _code(ismail, "/register open-sesame") == "registered"
        gus = stack.enter_context(Robot.join(daemon, "gus"))
        gus.ask("/join #tea", "among guests")
        # While they all are there, or the room of gus would be forgotten as they leave.
        daemon.stop()
    # An older version would have written down another fold.
    with closing(sqlite3.connect(tmp_path / "tcpchat.sqlite3")) as database, database:
        changed = database.execute(
            "UPDATE fact SET key = ?, value = json_set(value, '$.fold', ?) WHERE key = 'ismail'",
            ["i\u0307smail"] * 2,
        )
        assert changed.rowcount == 1
    with Daemon(tmp_path) as daemon, ExitStack() as stack:
        alice = stack.enter_context(Robot.join(daemon, "alice", "sesame-open"))
        ismail = stack.enter_context(Robot.join(daemon, "ismail", "open-sesame"))
        assert ismail.answer("/whois ismail")["account"] == "İsmail"
        # Olga had made alice an operator; olga was one by the option, which is not given here.
        assert alice.answer("/bans") == bans
        assert alice.answer("/ignore")["about"] == "carol"
        olga = stack.enter_context(Robot.join(daemon, "olga", "opensesame"))
        assert _code(olga, "/bans") == "operator-needed"
        assert olga.ask("/join #den", "/mode")[-1]["private"] is True
        entered, *_, replay, one, two, three = alice.ask("/join #dev")[1:]
        assert (entered["event"], entered["topic"]) == ("entered", "tea")
        assert (replay["reason"], replay["last"]) == ("replay", 3)
        lines = [(event["id"], event["text"], event["acted"]) for event in (one, two, three)]
        assert lines == [(1, "one", False), (2, "two", True), (3, "三", False)]
        modes = alice.answer("/mode")
        assert (modes["key"], modes["topic"], modes["owners"]) == (True, "owner", ["alice"])
        # A room of guests is forgotten, with what was said in it.
        assert "excerpt" not in {event["event"] for event in alice.ask("/join #tea")}
        gone = {"event": "missed", "room": "#tea", "first": 1, "last": 1, "reason": "expired"}
        assert alice.past("#tea") == ({}, [gone])
        assert alice.answer("anew")["id"] == 2
        alice.ask("/room #dev")
        # No line was lost, so no number was skipped.
        assert alice.answer("four")["id"] == 4
        for nick, line, code in (
            ("mallory", "mallory", "banned"),
            ("zoe", "may I?", "muted"),
            ("bob", "/join #dev", "key-needed"),
            ("bobby", "/join #den", "invite-needed"),
            # Nor is any name mistaken for one that is on record.
            ("eve", "/nick a1ice", "nick-confusable"),
            ("frank", "/join #l0bby", "room-confusable"),
        ):
            robot = stack.enter_context(Robot.join(daemon, nick))
            assert _code(robot, line) == code, nick


class _Author:
    """
    A user that says one line after the other, in two rooms by turns.
    """

    def __init__(self, robot: Robot, name: str) -> None:
        self.robot = robot
        self.said: list[str] = []
        self._name = name

    def say(self) -> None:
        """Say some lines, and take in the events that have come meanwhile."""
        count = len(self.said)
        lines = [f"{self._name} {number}" for number in range(count, count + 5)]
        self.said += lines
        self.robot.peer.send(f"/room {ROOMS[count // 5 % 2]}", *lines)
        self.hear()

    def hear(self) -> None:
        """Take in the events that have come."""
        for line in self.robot.peer.waiting():
            self.robot.take(line)


class _Memory:
    """
    What the users in a room know of it.

    @ivar heard: every line, by its id.
    @ivar stored: the id up to which some user was told that the lines are on the disk.
    """

    def __init__(self, room: str) -> None:
        self.room = room
        self.heard: dict[int, str] = {}
        self.stored = 0
        self._checked = 0

    def learn(self, robot: Robot) -> None:
        """Add the knowledge of a robot."""
        self.stored = max(self.stored, robot.stored.get(self.room, 0))
        for (room, id), text in robot.said.items():
            if room == self.room:
                assert self.heard.setdefault(id, text) == text, "an id was given twice"

    def check(self, robot: Robot, said: set[str]) -> int:
        """
        Compare the history with it.

        @param said: all lines that were ever sent.
        @return: how many lines were acknowledged since the last time.
        """
        texts, missed = robot.past(self.room)
        assert len(set(texts.values())) == len(texts), "stored twice"
        assert set(texts.values()) <= said
        # A line that was stored while the service was killed may not have been heard.
        assert {id: self.heard.get(id, text) for id, text in texts.items()} == texts
        acknowledged = {id for id in self.heard if self._checked < id <= self.stored}
        assert acknowledged <= texts.keys(), "acknowledged, and not there"
        gone = {id for event in missed for id in range(event["first"], event["last"] + 1)}
        assert {event["reason"] for event in missed} <= {"stopped"}
        # All lines that are not there, and no others, are told to be missing.
        assert sorted([*gone, *texts]) == list(range(1, max(texts, default=0) + 1))
        self._checked = max([*self.heard, *texts], default=0)
        self.heard.update(texts)
        return len(acknowledged)


def test_acknowledgedLinesOutliveAKill(tmp_path: Path) -> None:
    """
    Three users talk when it is killed, again and again.
    """
    chance = random.Random(1)
    memories = [_Memory(room) for room in ROOMS]
    said: set[str] = set()
    acknowledged = []
    for number in range(KILLS + 1):
        with Daemon(tmp_path) as daemon, ExitStack() as stack:
            robots = [stack.enter_context(Robot.join(daemon, nick)) for nick in NICKS]
            # A room of guests would be forgotten when they have left.
            robots[0].ask("sesame-open" if number else "/register sesame-open")
            for robot in robots:
                robot.ask("/join #den")
            acknowledged.append(sum(each.check(robots[0], said) for each in memories))
            if number == KILLS:
                break
            authors = [_Author(robot, f"{number}-{index}") for index, robot in enumerate(robots)]
            if not number:
                # Lines that are lost before the first of a room is stored look like expired ones.
                for _ in ROOMS:
                    authors[0].say()
                    robots[0].expect("stored")
            until = monotonic() + chance.uniform(0.1, 0.6)
            # A kill may come before anything is stored, but not every time.
            while monotonic() < until or (number % 2 and not authors[0].robot.stored):
                for author in authors:
                    author.say()
            daemon.process.kill()
            daemon.process.wait(10)
            for author in authors:
                author.hear()
                said.update(author.said)
                for memory in memories:
                    memory.learn(author.robot)
    assert sum(map(bool, acknowledged)) > KILLS // 2, acknowledged


def test_stopStoresEveryLineThatWasHeard(tmp_path: Path) -> None:
    """
    It skips no number.
    """
    memory = _Memory("#lobby")
    with Daemon(tmp_path) as daemon, ExitStack() as stack:
        robots = [stack.enter_context(Robot.join(daemon, nick)) for nick in NICKS]
        for number in range(200):
            for robot in robots:
                robot.peer.send(f"line {number}")
        daemon.process.terminate()
        for robot in robots:
            for line in robot.peer.eof():
                robot.take(line)
            assert robot.events[-1]["event"] == "closed"
            memory.learn(robot)
            robot.peer.close()
    with Daemon(tmp_path) as daemon, Robot.join(daemon, "reader") as reader:
        assert reader.past("#lobby") == (memory.heard, [])
        assert reader.answer("one more")["id"] == len(memory.heard) + 1
