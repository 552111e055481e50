"""Tests for L{chat.rendering.jsonlines}, beside those of the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chat.rendering.jsonevents import fromMapping
from chat.rendering.jsonlines import JSONLinesRendering
from chat.rendering.messages import Phrases
from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Event,
    Helped,
    Ponged,
    Refused,
    Said,
    Warned,
)
from chat.vocabulary.i18n import LANGUAGES
from chat.vocabulary.verbs import VERBS

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, UTC)
SAID = Said("#lobby", 42, AT, "alice", "hi")


def mappingOf(event: Event, language: str = "en") -> dict[str, Any]:
    """The object in the line of an event."""
    mapping: dict[str, Any] = json.loads(JSONLinesRendering(language).render(event))
    return mapping


def test_asPublished() -> None:
    """Byte for byte the line that the protocol shows."""
    assert JSONLinesRendering("en").render(SAID) == (
        b'{"event":"said","room":"#lobby","id":42,"at":"2026-11-21T04:35:38.123456Z",'
        b'"nick":"alice","text":"hi"}\r\n'
    )


def test_utf8() -> None:
    """Letters stand as they are, not as escapes; and the line is UTF-8."""
    line = JSONLinesRendering("en").render(Ponged("你好 👍"))
    assert line == '{"event":"ponged","token":"你好 👍"}\r\n'.encode()


def test_quoting() -> None:
    assert mappingOf(Ponged('"\\/{}')) == {"event": "ponged", "token": '"\\/{}'}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences(language: str) -> None:
    """A program need not know every code; what it shows is in the language chosen."""
    phrases = Phrases(language)
    refused = mappingOf(Refused("nick-taken", "bob"), language)
    assert refused == {
        "event": "refused",
        "code": "nick-taken",
        "about": "bob",
        "text": phrases.refusal("nick-taken", "bob"),
    }
    warned = mappingOf(Warned("idle", "60"), language)
    assert warned["text"] == phrases.warning("idle", "60")
    closed = mappingOf(Closed(Ending.NOT_CHAT, "HTTP"), language)
    assert closed["text"] == phrases.farewell(Ending.NOT_CHAT, "HTTP")
    assert closed["reason"] == "not-chat"
    kicked = mappingOf(Closed(Ending.KICKED, "spam", by="carol"), language)
    assert kicked["text"] == phrases.farewell(Ending.KICKED, "spam", "carol")
    done = mappingOf(Done("operators", "carol"), language)
    assert done == {
        "event": "done",
        "code": "operators",
        "about": "carol",
        "text": phrases.done("operators", "carol"),
    }


def test_helpIsTranslated() -> None:
    for verb in VERBS:
        event = Helped("/" + verb.name, (), verb.arguments, verb.help)
        assert mappingOf(event, "en")["text"] == verb.help
        assert mappingOf(event, "zh_CN")["text"] == Phrases("zh_CN").gettext(verb.help)


def test_languageChangesNothingElse() -> None:
    assert JSONLinesRendering("zh_CN").render(SAID) == JSONLinesRendering("en").render(SAID)


def test_isReadBack() -> None:
    assert fromMapping(mappingOf(SAID)) == SAID


def test_elsewhereIsTheSame() -> None:
    """Every line names its room."""
    rendering = JSONLinesRendering("en")
    assert rendering.elsewhere is rendering
    assert rendering.ringing is rendering
