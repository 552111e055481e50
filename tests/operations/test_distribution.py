"""Tests for L{chat.operations.distribution}."""

from __future__ import annotations

from chat.operations.distribution import Distribution


def test_eachBucketCountsAllThatIsNotGreater() -> None:
    seen = Distribution((0.0, 1.0, 2.5), [0.0, 0.5, 1.0, 2.0, 99.0])
    assert seen.buckets == [("0.0", 1.0), ("1.0", 3.0), ("2.5", 4.0), ("+Inf", 5.0)]
    assert seen.sum == 102.5


def test_nothingSeen() -> None:
    assert Distribution((1.0,)).buckets == [("1.0", 0.0), ("+Inf", 0.0)]


def test_aCopyStaysAsItWas() -> None:
    seen = Distribution((1.0,), [0.5])
    copy = seen.copy()
    seen.observe(3.0)
    assert copy.buckets == [("1.0", 1.0), ("+Inf", 1.0)]
    assert copy.sum == 0.5
    assert seen.buckets == [("1.0", 1.0), ("+Inf", 2.0)]
