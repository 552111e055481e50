"""Tests for L{chat.session.handlers.general}."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chat.vocabulary.commands import Access
from chat.vocabulary.events import (
    Done,
    FormatSet,
    Helped,
    LanguageSet,
    Listed,
    Noticed,
    Ponged,
    Refused,
    Said,
    Uptime,
    UserRow,
    Versioned,
)
from chat.vocabulary.verbs import VERBS, verbNamed
from tests.support.hubs import AT
from tests.support.service import Service
from tests.support.sessions import SessionStage, SessionUser

# With a nickname or without.


@pytest.mark.parametrize("nick", [(), ("alice",)])
@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/ping", Ponged()),
        ("/PING 42", Ponged("42")),
        ("/version", Versioned("tcpchat", "")),
        ("/lang", LanguageSet("en")),
        ("/lang zh_CN", LanguageSet("zh_CN", True)),
        ("/lang zh", LanguageSet("zh_CN", True)),
        ("/lang xx", Refused("unknown-language", "en, zh_CN")),
        ("/format", FormatSet("text")),
        ("/format TEXT", FormatSet("text")),
        ("/format xml", Refused("unknown-format", "text, json")),
        ("/timestamps", Done("timestamps", "off")),
        ("/timestamps ON", Done("timestamps", "on")),
        ("/timestamps maybe", Refused("argument-invalid", "/timestamps [on|off]")),
        ("/bell", Done("bell", "off")),
        ("/bell Mention", Done("bell", "mention")),
        ("/bell loud", Refused("argument-invalid", "/bell [off|mention|all]")),
        ("/uptime", Uptime(0)),
        ("/nonsense", Refused("unknown-command", "/nonsense")),
        ("/help nonsense", Refused("unknown-command", "/nonsense")),
    ],
)
def test_commandsAreAnsweredWithAndWithoutANickname(
    stage: SessionStage, nick: tuple[str, ...], line: str, answer: object
) -> None:
    assert stage.user(*nick).hears(line) == [answer]


SUBJECTS = "talk,rooms,history,account,settings"


def _asked(user: SessionUser, line: str) -> list[str]:
    """The names of the verbs that the answer explains."""
    return [event.command for event in user.hears(line) if isinstance(event, Helped)]


def test_helpShowsTheEssentialVerbsAndTheSubjects(stage: SessionStage) -> None:
    *rows, last = stage.user().hears("/help")
    assert len(rows) == 10
    assert all(isinstance(row, Helped) and verbNamed(row.command).isEssential for row in rows)
    assert last == Done("help-subjects", SUBJECTS + ",all")


@pytest.mark.parametrize("name", ["history", "HISTORY", "历史"])
def test_helpOfASubject(stage: SessionStage, name: str) -> None:
    assert _asked(stage.user(), f"/help {name}") == ["/history", "/search"]


def test_eachVerbHasASubject(stage: SessionStage) -> None:
    alice = stage.user("alice")
    bySubject = [name for each in SUBJECTS.split(",") for name in _asked(alice, f"/help {each}")]
    assert sorted(bySubject) == sorted(_asked(alice, "/help all"))


def test_onlyOperatorsAreShownTheVerbsOfOperators() -> None:
    stage = SessionStage(operators=["carol"])
    alice = stage.user("alice")
    theirs = {f"/{verb.name}" for verb in VERBS if verb.access is Access.OPERATORS}
    everything = [f"/{verb.name}" for verb in VERBS]
    assert _asked(alice, "/help all") == [each for each in everything if each not in theirs]
    assert alice.hears("/help operators") == [Refused("operator-needed")]
    carol = stage.registered("carol")
    assert _asked(carol, "/help all") == everything
    assert set(_asked(carol, "/help operators")) == theirs
    assert carol.hears("/help")[-1] == Done("help-subjects", SUBJECTS + ",operators,all")


@pytest.mark.parametrize("name", ["w", "/w", "who", "/在线", "WHO"])
def test_helpOfOneCommand(stage: SessionStage, name: str) -> None:
    [verb] = [verb for verb in VERBS if verb.name == "who"]
    assert stage.user().hears(f"/help {name}") == [
        Helped("/who", ("/names", "/users", "/w", "/在线"), verb.arguments, verb.help)
    ]


def test_theCurrentMessageOfTheDayIsTold(stage: SessionStage) -> None:
    alice = stage.user("alice")
    assert alice.hears("/motd") == [Done("no-motd")]
    stage.server.motd = "Be kind.\n\nClosed on Monday."
    assert alice.hears("/motd") == [Noticed("Be kind."), Noticed(""), Noticed("Closed on Monday.")]


def test_uptimeIsInWholeSeconds(stage: SessionStage) -> None:
    stage.server.startedAt = 100.0
    stage.clock.advance(160.9)
    assert stage.user().hears("/uptime") == [Uptime(60)]


# Choices.


def test_choicesAreKept(stage: SessionStage) -> None:
    alice = stage.user("/timestamps on", "/bell all", "/lang zh_CN")
    assert alice.hears("/timestamps", "/bell", "/lang") == [
        Done("timestamps", "on"),
        Done("bell", "all"),
        LanguageSet("zh_CN"),
    ]


def test_theFormatIsToldWithTheLongestLine(stage: SessionStage) -> None:
    alice = stage.user()
    alice.maxLine = 300
    assert alice.hears("/format") == [FormatSet("text", 300)]


def test_choosingJsonListsTheUsersOfAllRooms(stage: SessionStage) -> None:
    alice, _ = stage.users("alice", "bob")
    alice.says("/join #dev")
    assert alice.hears("/format json") == [
        FormatSet("json"),
        Listed("#lobby", (UserRow("alice"), UserRow("bob"))),
        Listed("#dev", (UserRow("alice"),)),
    ]
    assert alice.hears("/format json") == [FormatSet("json")]
    assert alice.hears("/format text") == [FormatSet("text")]


def test_aProgramHearsItsOwnLines(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    assert alice.hears("hello") == []
    alice.says("/format json")
    assert alice.hears("hello again") == [Said("#lobby", 2, AT, "alice", "hello again")]
    assert [event for event in bob.heard() if isinstance(event, Said)] == [
        Said("#lobby", 1, AT, "alice", "hello"),
        Said("#lobby", 2, AT, "alice", "hello again"),
    ]


# Timestamps and bells.


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


def test_timestampsAreShown(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.rendering.text.localTime", lambda at: at)
    alice, bob = service.connect("alice"), service.connect("bob", "/timestamps on")
    service.say(alice, "hello", "/me waves", "/msg bob psst")
    assert service.heard(bob) == [
        "[00:00] alice: hello",
        "[00:00]  * alice waves",
        "[00:00] [alice -> you] psst",
    ]
    service.say(bob, "/timestamps off")
    service.heard(bob)
    service.say(alice, "hello")
    assert service.heard(bob) == ["alice: hello"]


@pytest.mark.parametrize(
    ("bell", "rung"),
    [
        ("off", []),
        ("mention", ["alice: hello Bob!\a", "[alice -> you] psst\a"]),
        ("all", ["alice: hello\a", "alice: hello Bob!\a", "[alice -> you] psst\a"]),
    ],
)
def test_theBellRingsAsChosen(service: Service, bell: str, rung: list[str]) -> None:
    alice, bob = service.connect("alice"), service.connect("bob", f"/bell {bell}")
    service.say(alice, "hello", "hello Bob!", "/msg bob psst")
    heard = service.heard(bob)
    assert [line.removesuffix("\a") for line in heard] == [
        "alice: hello",
        "alice: hello Bob!",
        "[alice -> you] psst",
    ]
    assert [line for line in heard if line.endswith("\a")] == rung
