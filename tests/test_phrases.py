"""
Tests for C{tools/phrases.py}: a native reader sees every phrase.
"""

from importlib.resources import files

import pytest
from babel.messages.pofile import read_po

from tools.phrases import Phrasebook, occurs


@pytest.fixture(scope="module")
def printed() -> str:
    return str(Phrasebook())


def test_everyPhraseIsShownInBothLanguages(printed: str) -> None:
    with (files("chat") / "locale/zh_CN/LC_MESSAGES/tcpchat.po").open("rb") as stream:
        messages = [message for message in read_po(stream) if message.id]
    phrases = {
        form
        for message in messages
        for text in (message.id, message.string)
        for form in ([text] if isinstance(text, str) else text)
    }
    assert len(phrases) > 1000
    assert {phrase for phrase in phrases if not occurs(phrase, printed)} == set()


def test_whatAUserMeetsIsFilledIn(printed: str) -> None:
    """Where this fails, L{tests.support.examples} lacks an example."""
    _, _, rest = printed.partition("## Not filled in")
    # Others read that a user left, without a reason.
    assert [line for line in rest.splitlines() if line.startswith("    ")] == [
        "    left the room",
        "    离开了聊天室",
    ]


def test_aTextIsShownWithItsMarkInBothLanguages(printed: str) -> None:
    _, _, after = printed.partition("`refused no-such-room`\n\n")
    [english, chinese] = after.split("\n\n")[0].splitlines()
    for line in (english, chinese):
        assert line.startswith("    !!! ")
        assert line.endswith(" (no-such-room)")
    assert english != chinese


def test_logAndMetricsAreShown(printed: str) -> None:
    assert "    listening on {address}\n" in printed
    assert "`tcpchat_connections`\n\n    Open connections.\n" in printed
