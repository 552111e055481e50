"""Tests for L{chat.rendering.messages}."""

from __future__ import annotations

import pytest

from chat.rendering.lines import Wording
from chat.rendering.messages import (
    CHOICES,
    CONFIRMATIONS,
    PEACEFUL,
    WARNINGS,
    Phrases,
    Sentence,
)
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import Done, Helped
from chat.vocabulary.i18n import LANGUAGES
from chat.vocabulary.style import BELLS


@pytest.fixture(params=LANGUAGES)
def phrases(request: pytest.FixtureRequest) -> Phrases:
    """The phrases of each language."""
    return Phrases(request.param)


@pytest.mark.parametrize("reason", Ending)
def test_everyEndingHasAPhraseForOthersAndForItsUser(phrases: Phrases, reason: Ending) -> None:
    """A reason for others, and a farewell."""
    for by in ["", "carol"]:
        for about in ["", "X"]:
            departure = phrases.departure(reason, about, by)
            farewell = phrases.farewell(reason, about, by)
            for phrase in [departure, farewell]:
                assert phrase
                assert "{" not in phrase


@pytest.mark.parametrize("reason", [Ending.KICKED, Ending.BANNED, Ending.ACCOUNT_REMOVED])
def test_departuresAndFarewellsNameWhoDidItAndWhy(phrases: Phrases, reason: Ending) -> None:
    """In this order, for what is given as a reason stands last; nothing without one."""
    for phrase in [
        phrases.departure(reason, "spam", "carol"),
        phrases.farewell(reason, "spam", "carol"),
    ]:
        assert phrase.index("carol") < phrase.index("spam")
        assert phrase.removesuffix(")").endswith("spam")
    for about in ["", "spam"]:
        assert "carol" not in phrases.departure(reason, about)
    assert not phrases.departure(reason, "", "carol").rstrip().endswith((":", "："))


def _abouts(sentence: Sentence) -> list[str]:
    """Subjects that a sentence may have: one, none, or either."""
    if isinstance(sentence, tuple):
        return ["X", ""]
    return ["X"] if "{about}" in sentence else [""]


@pytest.mark.parametrize("code", [*WARNINGS, "is-away"])
def test_everyWarningHasAPhrase(phrases: Phrases, code: str) -> None:
    for about in ["X", ""]:
        phrase = phrases.warning(code, about)
        assert phrase
        assert "{" not in phrase


@pytest.mark.parametrize(
    ("code", "about"),
    [(code, about) for code, sentence in CONFIRMATIONS.items() for about in _abouts(sentence)],
)
def test_everyConfirmationIsASentence(phrases: Phrases, code: str, about: str) -> None:
    phrase = phrases.done(code, about)
    assert "{" not in phrase
    assert about in phrase
    assert phrase.endswith((".", "。", about or "."))


@pytest.mark.parametrize(("code", "choice"), CHOICES)
def test_everyChoiceHasAPhraseOfItsOwn(phrases: Phrases, code: str, choice: str) -> None:
    assert phrases.done(code, choice) == phrases.gettext(CHOICES[code, choice])


def test_choices() -> None:
    assert {*CHOICES} == {("timestamps", "on"), ("timestamps", "off")} | {
        ("bell", bell) for bell in BELLS
    }


def test_awayIsToldWithItsReason(phrases: Phrases) -> None:
    """The reason is all the text behind the first colon."""
    assert phrases.warning("is-away", "bob: back: soon").endswith("back: soon")
    assert phrases.warning("is-away", "bob") == phrases.gettext("{nick} is away").format(nick="bob")


@pytest.mark.parametrize(
    ("typed", "says"), [("/srv/data/x", True), ("/r/python", True), ("/hlep", False), ("/", False)]
)
def test_theRefusalOfAPathTellsHowToSayIt(phrases: Phrases, typed: str, says: bool) -> None:
    refusal = phrases.refusal("unknown-command", typed)
    assert (f"/{typed}" in refusal) is says


@pytest.mark.parametrize("text", ["{about}", "{", "%s", "{0}"])
def test_bracesInTextStayAsTheyAre(phrases: Phrases, text: str) -> None:
    for phrase in [
        phrases.refusal("banned", text),
        phrases.warning("is-away", f"bob: {text}"),
        phrases.done("away", text),
        phrases.departure(Ending.KICKED, text, text),
        phrases.farewell(Ending.KICKED, text, text),
    ]:
        assert phrase.endswith(text)


def test_unknownCodesAreErrors(phrases: Phrases) -> None:
    """A code without a phrase is a mistake of ours and must be noticed."""
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
        (0, "0s", "0 秒"),
        (59, "59s", "59 秒"),
        (60, "1m", "1 分钟"),
        (3599, "59m", "59 分钟"),
        (3600, "1h", "1 小时"),
        (86399, "23h", "23 小时"),
        (86400, "1d", "1 天"),
    ],
)
def test_durationsHaveTheirLargestUnit(seconds: int, english: str, chinese: str) -> None:
    assert Phrases("en").duration(seconds) == english
    assert Phrases("zh_CN").duration(seconds) == chinese


def test_timeoutsHaveTheirChinesePhrase() -> None:
    for reason in [Ending.IDLE_TIMEOUT, Ending.REGISTRATION_TIMEOUT]:
        assert Phrases("zh_CN").departure(reason, "") == "超时"
        assert Phrases("zh_CN").farewell(reason, "").endswith("，连接已断开")


def test_peacefulEndings() -> None:
    assert set(PEACEFUL) == {
        "quit",
        "input-closed",
        "connection-lost",
        "shutdown",
        "parted",
        "moved",
        "session-ended",
        "room-deleted",
        "other",
    }


@pytest.mark.parametrize(
    ("seconds", "time"),
    [("6", "6s"), ("90", "1m 30s"), ("3599", "59m 59s"), ("4316", "1h 12m"), ("86400", "1d")],
)
def test_aTimeToWaitReadsAsOne(seconds: str, time: str) -> None:
    """After it, it is not too early any more."""
    refusal = Phrases("en").refusal("registering-too-fast", seconds)
    assert refusal == f"Too many new accounts from you; try again in {time}"


def test_howAVerbIsTypedReadsAsTheLanguageDoes() -> None:
    english, chinese = Wording("en"), Wording("zh_CN")
    usage = "/ban NAME|ADDRESS|CIDR [2h|30d] [REASON]"
    assert english.refusal("argument-missing", usage).endswith(f": {usage}")
    assert chinese.refusal("argument-missing", usage).endswith(
        "/封禁 昵称|地址|网段 [时长，如 2h] [原因]"
    )
    assert "/帮助" in chinese.refusal("command-meant", "/help")
    assert "/帮助" in chinese.refusal("slash-missing", "/help")
    assert chinese.usage("/motd") == "/公告"
    # Of a service that has more verbs.
    assert chinese.usage("/polka DANCER") == "/polka DANCER"
    who = Helped("/who", ("/w", "/在线"), "[#ROOM]", "list who is here")
    assert chinese.lines(who) == ["--- /在线 [#聊天室]（/who、/w）：查看谁在线"]
    ping = Helped("/ping", (), "[TOKEN]", "list who is here")
    assert chinese.lines(ping) == ["--- /ping [标记]：查看谁在线"]
    subjects = Done("help-subjects", "talk,rooms,all")
    assert english.lines(subjects) == ["--- More: /help talk|rooms|all"]
    assert chinese.lines(subjects) == ["--- 更多：/帮助 聊天|聊天室|全部"]
