"""Tests for L{chat.session.context}."""

from __future__ import annotations

import json

import pytest

from chat.vocabulary.style import BELLS, FORMATS, Style
from tests.support.sessions import PASSWORD, SessionStage


def test_theDefaultsComeFirst() -> None:
    fresh = SessionStage().user().session.style
    assert (fresh.format, fresh.bell) == (FORMATS[0], BELLS[0])
    assert fresh == Style()


def test_theStyleIsWhatTheUserHasChosen() -> None:
    visitor = SessionStage().user("/lang zh_CN", "/timestamps on", "/bell mention", "/format json")
    assert visitor.session.style == Style("json", "zh_CN", True, "mention")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("/lang zh_CN", "/timestamps on", "/bell all", "alice", "/join #dev"),
        ("/format json", "alice", "/register " + PASSWORD, "/part"),
        ("alice", "/quit"),
    ],
)
def test_theStateIsWrittenDownAndReadBack(lines: tuple[str, ...]) -> None:
    session = SessionStage().user(*lines).session
    read = json.loads(json.dumps(session.state()))
    assert read == session.state()
    assert Style(**read["style"]) == session.style


def test_theStateIsWhatTheServiceKnows() -> None:
    alice = SessionStage().user("alice", "/register " + PASSWORD, "/join #dev")

    def known(*names: str) -> tuple[str, ...]:
        state = alice.session.state()
        return tuple(state[name] for name in names)

    assert known("nick", "account", "room") == ("alice", "alice", "#dev")
    alice.says("/nick Robert", "/room #lobby")
    assert known("nick", "account", "room") == ("Robert", "alice", "#lobby")
    alice.says("/unregister", "/part")
    assert known("account", "room") == ("", "#dev")
    alice.says("/quit")
    assert known("nick", "room", "reason") == ("Robert", "", "quit")


def test_itKnowsWhosePasswordIsExpected(stage: SessionStage) -> None:
    stage.user("alice", "/register " + PASSWORD, "/quit")
    visitor = stage.user("ALICE")
    assert visitor.session.asked == "alice"
    visitor.says(PASSWORD)
    assert visitor.session.asked == ""
