"""Tests for L{chat.phrases}."""

from __future__ import annotations

import pytest

from chat.events import Ending
from chat.languages import LANGUAGES
from chat.phrases import PEACEFUL, Phrases


@pytest.fixture(params=LANGUAGES)
def phrases(request: pytest.FixtureRequest) -> Phrases:
    """The phrases of each language."""
    return Phrases(request.param)


@pytest.mark.parametrize("reason", Ending)
def test_everyEndingHasItsPhrases(phrases: Phrases, reason: Ending) -> None:
    """One for the others, one for himself."""
    for phrase in [phrases.departure(reason, ""), phrases.farewell(reason, "X")]:
        assert phrase
        assert "{" not in phrase


def test_ownWordsOfSomebodyWhoLeaves(phrases: Phrases) -> None:
    assert phrases.departure(Ending.QUIT, "so long, {about}") == "so long, {about}"


def test_warning(phrases: Phrases) -> None:
    assert "60" in phrases.warning("idle", "60")


def test_unknownCodes(phrases: Phrases) -> None:
    """A code without a phrase is a mistake of ours, which must not go unseen."""
    with pytest.raises(KeyError):
        phrases.refusal("no-such-code", "")
    with pytest.raises(KeyError):
        phrases.warning("no-such-code", "")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0s", "0秒"),
        (59, "59s", "59秒"),
        (60, "1m", "1分钟"),
        (3599, "59m", "59分钟"),
        (3600, "1h", "1小时"),
        (86399, "23h", "23小时"),
        (86400, "1d", "1天"),
    ],
)
def test_durations(seconds: int, english: str, chinese: str) -> None:
    assert Phrases("en").duration(seconds) == english
    assert Phrases("zh_CN").duration(seconds) == chinese


def test_timingOutIsCalledSo() -> None:
    """In the words that the users of the origin know."""
    for reason in [Ending.IDLE_TIMEOUT, Ending.REGISTRATION_TIMEOUT]:
        assert Phrases("zh_CN").departure(reason, "") == "超时了"
        assert Phrases("zh_CN").farewell(reason, "").startswith("超时了")


def test_nobodysFault() -> None:
    assert set(PEACEFUL) == {"quit", "input-closed", "connection-lost", "shutdown"}
