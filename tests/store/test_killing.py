"""
A process that is killed at any moment loses no line that it was told is stored, stores none
twice, and gives no id twice.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pytest

from tests.support.programs import runPython

TIMES = 50
MEMORY = "/dev/shm"


@pytest.fixture
def directory() -> Iterator[str]:
    """In memory, if possible: what the kernel has survives a killed process anyway."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as directory:
        yield directory


def test_killedAtAnyMoment(directory: str) -> None:
    found = json.loads(
        runPython("-m", "tests.support.killing", f"{directory}/chat.sqlite3", TIMES, 1, directory)
    )
    given: Counter[tuple[str, int]] = Counter()
    last: dict[str, int] = {}
    wentOn = Counter[bool]()
    acknowledged: list[tuple[int, str, int]] = []
    for life, told in enumerate(found["lives"]):
        known = [line.split() for line in told]
        numbers = [(room, int(id)) for what, room, id in known if what == "given"]
        given.update(numbers)
        for room in {room for room, _ in numbers}:
            # Within a room ids count up by one.
            of = [id for each, id in numbers if each == room]
            assert of == list(range(of[0], of[0] + len(of)))
            if room in last:
                wentOn[of[0] == last[room] + 1] += 1
            last[room] = of[-1]
        ends = {room: int(id) for what, room, id in known if what == "stored"}
        acknowledged += [(life, *each) for each in numbers if each[1] <= ends.get(each[0], 0)]

    assert max(given.values()) == 1
    stored = Counter((room, id) for room, id, _ in found["stored"])
    assert max(stored.values()) == 1
    assert set(stored) <= set(given)
    texts = {tuple(text.split()[:3]) for *_, text in found["stored"]}
    assert {(str(life), room, str(id)) for life, room, id in acknowledged} <= texts
    # The process was killed at different moments.
    lives = {life for life, *_ in acknowledged}
    assert len(lives) > TIMES // 5
    assert len(acknowledged) > TIMES
    assert len(given) > len(acknowledged)
    # Where no line was lost, as in memory is known, the next number follows.
    if os.access(MEMORY, os.W_OK):
        assert min(wentOn[True], wentOn[False]) > TIMES // 10, wentOn
