"""Tests for L{chat.rendering.messages}."""

from __future__ import annotations

import pytest

from chat.rendering import messages
from chat.rendering.messages import CHOICES, PEACEFUL, Phrases
from chat.vocabulary.endings import Ending
from chat.vocabulary.i18n import LANGUAGES


@pytest.fixture(params=LANGUAGES)
def phrases(request: pytest.FixtureRequest) -> Phrases:
    """The phrases of each language."""
    return Phrases(request.param)


@pytest.mark.parametrize("reason", Ending)
def test_everyEndingHasItsPhrases(phrases: Phrases, reason: Ending) -> None:
    """One for the others, one for himself."""
    for by in ["", "carol"]:
        for about in ["", "X"]:
            departure = phrases.departure(reason, about, by)
            farewell = phrases.farewell(reason, about, by)
            for phrase in [departure, farewell]:
                assert phrase
                assert "{" not in phrase


@pytest.mark.parametrize("reason", [Ending.KICKED, Ending.BANNED])
def test_whoHasPutHimOutAndWhy(phrases: Phrases, reason: Ending) -> None:
    """In this order, for what is given as a reason stands last; nothing without one."""
    for phrase in [
        phrases.departure(reason, "spam", "carol"),
        phrases.farewell(reason, "spam", "carol"),
    ]:
        assert phrase.index("carol") < phrase.index("spam")
        assert phrase.endswith("spam")
    for about in ["", "spam"]:
        assert "carol" not in phrases.departure(reason, about)
    assert not phrases.departure(reason, "", "carol").rstrip().endswith((":", "："))


def test_ownWordsOfSomebodyWhoLeaves(phrases: Phrases) -> None:
    assert phrases.departure(Ending.QUIT, "so long, {about}") == "so long, {about}"


def test_warning(phrases: Phrases) -> None:
    assert "60" in phrases.warning("idle", "60")


WARNINGS = [
    "idle",
    "is-away",
    "muted",
    "not-read",
    "history-failing",
    "history-recovered",
    "history-lost",
    "not-stored",
    "no-replay",
]
# Each code with what it can be about.
CONFIRMATIONS = {
    "registered": ["alice", ""],
    "logged-in": ["alice", ""],
    "took-over": ["alice", ""],
    "password-changed": [""],
    "unregistered": ["alice", ""],
    "session-ended": ["2", ""],
    "ignored": ["bob"],
    "unignored": ["bob"],
    "ignoring": ["bob, eve", ""],
    "away": ["lunch", ""],
    "back": [""],
    "invited": ["bob"],
    "no-motd": [""],
    "kicked": ["bob"],
    "muted": ["bob"],
    "unmuted": ["bob"],
    "banned": ["192.0.2.0/24"],
    "unbanned": ["bob"],
    "may-speak": [""],
    "renamed": ["bob -> eve", ""],
    "rehashed": ["bans", ""],
    "operator-on": ["bob"],
    "operator-off": ["bob"],
    "operators": ["alice, bob", ""],
    "timestamps": ["on", "off"],
    "bell": ["off", "mention", "all"],
}


@pytest.mark.parametrize("code", WARNINGS)
def test_everyWarningHasAPhrase(phrases: Phrases, code: str) -> None:
    for about in ["X", ""]:
        phrase = phrases.warning(code, about)
        assert phrase
        assert "{" not in phrase


@pytest.mark.parametrize(
    ("code", "about"), [(code, about) for code, all in CONFIRMATIONS.items() for about in all]
)
def test_everyConfirmationHasAPhrase(phrases: Phrases, code: str, about: str) -> None:
    """A sentence that says what it is about."""
    phrase = phrases.done(code, about)
    assert "{" not in phrase
    if (code, about) not in CHOICES:
        assert about in phrase
        assert phrase.endswith((".", "。", about or "."))


def test_everyPhraseIsOfAKnownCode() -> None:
    """None is left over."""
    assert {*WARNINGS} == {*messages.WARNINGS, "is-away"}
    assert {*CONFIRMATIONS} == {*messages.CONFIRMATIONS, *(code for code, _ in CHOICES)}


def test_somebodyIsAway(phrases: Phrases) -> None:
    """The reason is all that follows the first colon."""
    assert phrases.warning("is-away", "bob: back: soon").endswith("back: soon")
    assert phrases.warning("is-away", "bob") == phrases.gettext("{nick} is away").format(nick="bob")


@pytest.mark.parametrize("text", ["{about}", "{", "%s", "{0}"])
def test_whatItIsAboutIsNoTemplate(phrases: Phrases, text: str) -> None:
    for phrase in [
        phrases.refusal("banned", text),
        phrases.warning("is-away", f"bob: {text}"),
        phrases.done("away", text),
        phrases.departure(Ending.KICKED, text, text),
        phrases.farewell(Ending.KICKED, text, text),
    ]:
        assert phrase.endswith(text)


def test_unknownCodes(phrases: Phrases) -> None:
    """A code without a phrase is a mistake of ours, which must not go unseen."""
    with pytest.raises(KeyError):
        phrases.refusal("no-such-code", "")
    with pytest.raises(KeyError):
        phrases.warning("no-such-code", "")
    with pytest.raises(KeyError):
        phrases.done("no-such-code", "")
    with pytest.raises(KeyError):
        phrases.done("bell", "loud")


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
    assert set(PEACEFUL) == {
        "quit",
        "input-closed",
        "connection-lost",
        "shutdown",
        "parted",
        "moved",
        "session-ended",
    }
