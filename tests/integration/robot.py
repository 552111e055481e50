"""
A user that is a program: JSON over a plain socket.
"""

from __future__ import annotations

import json
from typing import Any

from tests.integration.daemon import Daemon
from tests.integration.peer import Peer

Event = dict[str, Any]


class Robot:
    """
    A user that keeps account of all events.

    @ivar peer: the connection.
    @ivar events: the events that no test has taken yet, without those about storing.
    @ivar said: the lines that it has heard, by their rooms and ids.
    @ivar stored: by room, the id up to which everything is on the disk.
    """

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.events: list[Event] = []
        self.said: dict[tuple[str, int], str] = {}
        self.stored: dict[str, int] = {}

    def __enter__(self) -> Robot:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.peer.close()

    @classmethod
    def join(cls, daemon: Daemon, *lines: str) -> Robot:
        """
        @param lines: sent to come in: the nickname, or more.
        @return: a new user, which has read everything until then.
        """
        peer = daemon.connect()
        peer.send("/format json")
        peer.expect('"formatset"')
        robot = cls(peer)
        robot.ask(*lines)
        return robot

    def ask(self, *lines: str) -> list[Event]:
        """
        @return: all events up to the answers to these lines.
        """
        self.peer.send(*lines)
        for line in self.peer.catchUp():
            self.take(line)
        events, self.events = self.events, []
        return events

    def answer(self, line: str) -> Event:
        """
        @return: the last event up to the answer to this line.
        """
        return self.ask(line)[-1]

    def expect(self, kind: str) -> Event:
        """
        @param kind: of the event to wait for.
        """
        while True:
            event = self.take(self.peer.line())
            if event["event"] == kind:
                return event

    def take(self, line: str) -> Event:
        """
        Take in one line that has come.
        """
        event: Event = json.loads(line)
        match event["event"]:
            case "said" | "acted":
                key = event["room"], event["id"]
                assert key not in self.said, "heard twice"
                self.said[key] = event["text"]
                self.events.append(event)
            case "stored":
                assert event["id"] > self.stored.get(event["room"], 0)
                self.stored[event["room"]] = event["id"]
            case _:
                self.events.append(event)
        return event

    def past(self, room: str, after: int = 0) -> tuple[dict[int, str], list[Event]]:
        """
        Read the whole history of a room.

        @param after: begin behind this id.
        @return: the texts by their ids, and the events about missing lines.
        """
        texts: dict[int, str] = {}
        missed: list[Event] = []
        more = True
        while more:
            self.ask()
            head, *rest = self.ask(f"/history after {after} in {room}")
            assert (head["event"], head["reason"]) == ("excerpt", "after"), head
            lines = [event for event in rest if event["event"] == "recalled"]
            assert len(lines) == head["count"]
            for line in lines:
                assert line["id"] > after, "out of order"
                after = line["id"]
                texts[after] = line["text"]
            missed += [event for event in rest if event["event"] == "missed"]
            more = head["more"]
        return texts, missed
