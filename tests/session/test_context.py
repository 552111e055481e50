"""Tests for L{chat.session.context}."""

from __future__ import annotations

import json

import pytest

from chat.vocabulary.style import BELLS, FORMATS, Style
from tests.support.sessions import PASSWORD, SessionStage


def test_theDefaultsComeFirst(stage: SessionStage) -> None:
    style = stage.user().session.style
    assert (style.format, style.bell) == (FORMATS[0], BELLS[0])
    assert style == Style()


def test_theStyleIsWhatTheUserHasChosen(stage: SessionStage) -> None:
    alice = stage.user("/lang zh_CN", "/timestamps on", "/bell mention", "/format json")
    assert alice.session.style == Style("json", "zh_CN", True, "mention")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("/lang zh_CN", "/timestamps on", "/bell all", "alice", "/join #dev"),
        ("/format json", "alice", "/register " + PASSWORD, "/part"),
        ("alice", "/quit"),
    ],
)
def test_theStateIsWrittenDownAndReadBack(stage: SessionStage, lines: tuple[str, ...]) -> None:
    session = stage.user(*lines).session
    read = json.loads(json.dumps(session.state()))
    assert read == session.state()
    assert Style(**read["style"]) == session.style


def test_theStateIsWhatTheServiceKnows(stage: SessionStage) -> None:
    alice = stage.user("alice", "/register " + PASSWORD, "/join #dev")

    def known() -> dict[str, object]:
        state = alice.session.state()
        assert Style(**state.pop("style")) == alice.session.style
        return {name: value for name, value in state.items() if value}

    assert known() == {"nick": "alice", "account": "alice", "room": "#dev"}
    alice.says("/nick Robert", "/room #lobby")
    assert known() == {"nick": "Robert", "account": "alice", "room": "#lobby"}
    alice.says("/unregister alice", "/part")
    assert known() == {"nick": "Robert", "room": "#dev"}
    alice.says("/quit")
    assert known() == {"nick": "Robert", "reason": "quit"}


@pytest.mark.parametrize("line", [PASSWORD, "/nick bob"])
def test_theSessionKnowsWhosePasswordItExpects(stage: SessionStage, line: str) -> None:
    stage.registered("alice").says("/quit")
    user = stage.user("ALICE")
    assert user.session.asked == user.session.state()["asked"] == "alice"
    user.says(line)
    assert user.session.asked == ""
