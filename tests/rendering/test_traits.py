"""Tests for the traits of L{chat.interfaces.Rendering}: each brings what it names, and no more."""

from __future__ import annotations

import pytest

from chat.rendering import renderingFor
from chat.vocabulary.events import Event, Listed, Said, Stored
from chat.vocabulary.style import Style
from tests.support.doubles import TRAITS
from tests.support.sessions import EventRendering, SessionStage

TOLD: dict[str, type[Event]] = {
    "echoesOwn": Said,
    "listsPeople": Listed,
    "wantsReceipts": Stored,
    "none of them": type(None),
}


@pytest.mark.parametrize("trait", TOLD)
def test_eachTraitByItself(trait: str) -> None:
    rendering = EventRendering(renderingFor(Style("json")))
    for each in TRAITS:
        setattr(rendering, each, each == trait)
    stage = SessionStage(renderings=lambda style: rendering)
    alice = stage.user()
    heard = alice.hears("alice", "hello")
    stage.hub.receipts.stored("#lobby", 1)
    kinds = {type(event) for event in [*heard, *alice.heard()]}
    assert kinds & {Said, Listed, Stored} == {TOLD[trait]} - {type(None)}
