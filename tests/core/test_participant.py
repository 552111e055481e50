"""Tests for L{chat.core.participant}."""

from __future__ import annotations

import json

import pytest

from chat.core.participant import Participant
from chat.vocabulary.style import BELLS, FORMATS, Style
from tests.support.people import PASSWORD, Stage


def test_theDefaultsComeFirst() -> None:
    fresh = Participant()
    assert (fresh.format, fresh.bell) == (FORMATS[0], BELLS[0])
    assert fresh.style == Style()


def test_theStyleIsWhatHeHasChosen() -> None:
    chosen = Participant("zh_CN", "json", True, "mention")
    assert chosen.style == Style("json", "zh_CN", True, "mention")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("/lang zh_CN", "/timestamps on", "/bell all", "alice", "/join #dev"),
        ("/format json", "alice", "/register " + PASSWORD, "/part"),
        ("alice", "/quit"),
    ],
)
def test_itIsWrittenDownAndReadBack(lines: tuple[str, ...]) -> None:
    participant = Stage().visitor(*lines).session.participant
    written = json.dumps(participant.toMapping())
    assert Participant(**json.loads(written)) == participant


def test_itKnowsWhatTheServiceKnows() -> None:
    stage = Stage()
    alice = stage.visitor("alice", "/register " + PASSWORD, "/join #dev")
    participant = alice.session.participant
    assert (participant.nick, participant.account, participant.room) == ("alice", "alice", "#dev")
    alice.says("/nick Robert", "/room #lobby")
    assert (participant.nick, participant.account, participant.room) == (
        "Robert",
        "alice",
        "#lobby",
    )
    alice.says("/unregister", "/part")
    assert (participant.account, participant.room) == ("", "#dev")
    alice.says("/quit")
    assert (participant.nick, participant.room, participant.reason) == ("Robert", "", "quit")


def test_itKnowsWhosePasswordIsExpected() -> None:
    stage = Stage()
    stage.visitor("alice", "/register " + PASSWORD, "/quit")
    visitor = stage.visitor("ALICE")
    assert visitor.session.participant.asked == "alice"
    visitor.says(PASSWORD)
    assert visitor.session.participant.asked == ""
