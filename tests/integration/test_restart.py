"""
What outlives the process: all of it after SIGTERM, what was acknowledged after kill -9.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from tests.integration.daemon import Daemon
from tests.integration.robot import Robot

ROOMS = ("#lobby", "#den")
NICKS = ("keeper", "robot1", "robot2")
KILLS = 5


def _code(robot: Robot, line: str) -> str:
    """
    @return: The code of the answer to a line.
    """
    code: str = robot.answer(line)["code"]
    return code


def test_restart(tmp_path: Path) -> None:
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
    with Daemon(tmp_path) as daemon, ExitStack() as stack:
        alice = stack.enter_context(Robot.join(daemon, "alice", "sesame-open"))
        # She is an operator by olga's word, olga was one by the option.
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
        # Nothing was lost, so no number was.
        assert alice.answer("four")["id"] == 4
        for nick, line, code in (
            ("mallory", "mallory", "banned"),
            ("zoe", "may I?", "muted"),
            ("bob", "/join #dev", "key-needed"),
            ("bobby", "/join #den", "invite-needed"),
        ):
            robot = stack.enter_context(Robot.join(daemon, nick))
            assert _code(robot, line) == code, nick


class _Author:
    """
    Says one line after the other, in two rooms by turns.
    """

    def __init__(self, robot: Robot, name: str) -> None:
        self.robot = robot
        self.said: list[str] = []
        self._name = name

    def say(self) -> None:
        """Say some lines, and take in what has come meanwhile."""
        count = len(self.said)
        lines = [f"{self._name} {number}" for number in range(count, count + 5)]
        self.said += lines
        self.robot.peer.send(f"/room {ROOMS[count // 5 % 2]}", *lines)
        self.hear()

    def hear(self) -> None:
        """Take in what has come."""
        for line in self.robot.peer.waiting():
            self.robot.take(line)


class _Memory:
    """
    What is known of a room by those who were there.

    @ivar heard: Every line, by its id.
    @ivar stored: Up to which id somebody was told that it is on the disk.
    """

    def __init__(self, room: str) -> None:
        self.room = room
        self.heard: dict[int, str] = {}
        self.stored = 0
        self._checked = 0

    def learn(self, robot: Robot) -> None:
        """Add what a robot knows."""
        self.stored = max(self.stored, robot.stored.get(self.room, 0))
        for (room, id), text in robot.said.items():
            if room == self.room:
                assert self.heard.setdefault(id, text) == text, "an id was given twice"

    def check(self, robot: Robot, said: set[str]) -> int:
        """
        Hold the history against it.

        @param said: What was sent at all.
        @return: How many lines were acknowledged since the last time.
        """
        texts, missed = robot.past(self.room)
        assert len(set(texts.values())) == len(texts), "stored twice"
        assert set(texts.values()) <= said
        # What was stored while it was killed may not have been heard.
        assert {id: self.heard.get(id, text) for id, text in texts.items()} == texts
        acknowledged = {id for id in self.heard if self._checked < id <= self.stored}
        assert acknowledged <= texts.keys(), "acknowledged, and not there"
        gone = {id for event in missed for id in range(event["first"], event["last"] + 1)}
        assert {event["reason"] for event in missed} <= {"lost"}
        # Whatever is not there is told to be missing, and nothing else.
        assert sorted([*gone, *texts]) == list(range(1, max(texts, default=0) + 1))
        self._checked = max([*self.heard, *texts], default=0)
        self.heard.update(texts)
        return len(acknowledged)


def test_killed(tmp_path: Path) -> None:
    """
    Three authors talk when it is killed, again and again.
    """
    chance = random.Random(1)
    memories = [_Memory(room) for room in ROOMS]
    said: set[str] = set()
    acknowledged = []
    for number in range(KILLS + 1):
        with Daemon(tmp_path) as daemon, ExitStack() as stack:
            robots = [stack.enter_context(Robot.join(daemon, nick)) for nick in NICKS]
            # A room of guests would be forgotten when they have gone.
            robots[0].ask("sesame-open" if number else "/register sesame-open")
            for robot in robots:
                robot.ask("/join #den")
            acknowledged.append(sum(each.check(robots[0], said) for each in memories))
            if number == KILLS:
                break
            authors = [_Author(robot, f"{number}-{index}") for index, robot in enumerate(robots)]
            if not number:
                # What is lost before anything of a room is stored cannot be told from what expired.
                for _ in ROOMS:
                    authors[0].say()
                    robots[0].expect("stored")
            until = monotonic() + chance.uniform(0.1, 0.6)
            while monotonic() < until:
                for author in authors:
                    author.say()
            daemon.process.kill()
            daemon.process.wait(10)
            for author in authors:
                author.hear()
                said.update(author.said)
                for memory in memories:
                    memory.learn(author.robot)
    # It may have been so early that nothing was, but not each time.
    assert sum(map(bool, acknowledged)) > KILLS // 2, acknowledged


def test_stoppedInTheMidst(tmp_path: Path) -> None:
    """
    Who is asked to stop stores every line that anybody has heard, and skips no number.
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
