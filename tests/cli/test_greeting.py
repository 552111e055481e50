"""Tests for L{chat.cli.greeting}."""

import pytest

from chat.cli.greeting import greetingIn
from chat.rendering.lines import Wording
from chat.vocabulary.events import Greeted, Noticed
from chat.vocabulary.i18n import LANGUAGES


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
@pytest.mark.parametrize("name", ["tcpchat", "Chat 24", "聊天室", "1"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_greetingIsFoundInEveryLanguage(language: str, name: str, count: int) -> None:
    greeted = Greeted(name, count)
    [line] = Wording(language).lines(greeted)
    assert greetingIn(line) == greeted


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "Be nice.", "Welcome to the 1 place for cats.", "欢迎来到"])
def test_otherLinesAreNoGreeting(language: str, text: str) -> None:
    for line in (text, *Wording(language).lines(Noticed(text))):
        assert greetingIn(line) is None
