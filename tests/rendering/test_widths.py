"""
No line of ours is wider than a terminal of 80 columns, where names are as long as usual.
"""

import pytest
from wcwidth import wcswidth

from chat.rendering.lines import Wording
from chat.rendering.messages import MAX_WIDTH
from chat.vocabulary.events import Greeted, NickAsked
from chat.vocabulary.i18n import LANGUAGES
from tests.support.examples import examples

SMALL = 40
"""The columns of a small terminal, as of a telephone."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_noLineIsTooWide(language: str) -> None:
    wording = Wording(language)
    lines = {line for event in examples() for line in wording.lines(event)}
    assert len(lines) > 300
    assert [line for line in sorted(lines) if wcswidth(line) > MAX_WIDTH] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_theGreetingFitsIntoASmallTerminal(language: str) -> None:
    """Before there is a nickname nothing more is shown."""
    wording = Wording(language)
    for count in (0, 1, 12, 123):
        for line in (*wording.lines(Greeted("tcpchat", count)), *wording.lines(NickAsked())):
            assert wcswidth(line) <= SMALL
