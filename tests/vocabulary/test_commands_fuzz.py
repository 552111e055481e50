"""Any line is a command or is refused."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

from hypothesis import example, given, settings

from chat.vocabulary.errors import ChatError
from chat.vocabulary.verbs import VERBS, parse
from tests.fuzz.commands import check
from tests.support.typed import texts


@settings(max_examples=500)
@given(texts)
@example("/\ufe0fnick x")
@example("/history after 9999999999999999")
@example("//\ufe0f")
@example("、\u0301私聊 bob hi")
def test_anyLineIsACommandOrRefusedInCleanText(line: str) -> None:
    check(line)


def test_parsingIsLinear() -> None:
    """It would take minutes if the work for each word grew with all that follows it."""
    begun = process_time()
    for verb in VERBS:
        for word in ("a ", "in #a from b ", "1h", "9", "#", "/"):
            with suppress(ChatError):
                parse(f"/{verb.name} x {word * (50_000 // len(word))}")
    assert process_time() - begun < 30
