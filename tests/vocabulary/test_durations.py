"""Tests for L{chat.vocabulary.durations}."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.durations import LONGEST, seconds


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1s", 1),
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("30d", 30 * 86400),
        ("1w", 7 * 86400),
        ("1h30m", 5400),
        ("1H30M", 5400),
        ("0d1s", 1),
        ("007m", 420),
        (f"{LONGEST // 86400}d", LONGEST),
    ],
)
def test_spans(text: str, span: int) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "s", "5", "m5", "5 m", " 5m", "5m ", "-5m", "1.5h", "5x", "5mm", "5mo", "spam"),
        *("0s", "0h0m", f"{LONGEST // 86400}d1s", "9999999999s", "9" * 5000 + "s"),
        *("٥m", "５m", "5ｍ", "五分"),
    ],
)
def test_noSpans(text: str) -> None:
    """None at all, of nothing, too long, or in digits that SQL and JSON do not know."""
    assert seconds(text) is None


@given(st.text())
def test_anyText(text: str) -> None:
    span = seconds(text)
    assert span is None or 0 < span <= LONGEST


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from("smhdw")), max_size=4))
def test_partsAreAdded(parts: list[tuple[int, str]]) -> None:
    """In any order, and a unit may come twice."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    total = sum(number * units[unit] for number, unit in parts)
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert seconds(text) == (total if 0 < total <= LONGEST else None)
