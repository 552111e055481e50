"""Tests for L{chat.history.writer}."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.history import threads
from chat.history.backlog import Batch
from chat.history.opening import openStore
from chat.history.writer import SHARE, Writer
from tests.history.stages import lines


@pytest.mark.parametrize("count", [1, SHARE, SHARE + 1, 10 * SHARE])
def test_aFewAtATime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """
    However large a batch is, there is a pause before any more than a share of it is inserted.
    """
    done: list[str] = []
    opened = openStore(str(tmp_path / "chat.sqlite3"))
    writer = Writer(opened)
    opened.connection.set_trace_callback(lambda statement: done.append(statement.split("(")[0]))
    monkeypatch.setattr(threads.time, "sleep", lambda _: done.append("pause"))
    writer.write(Batch(lines(1, count), {}, {}))
    shares = [each for each in done if each in ("INSERT INTO line ", "INSERT INTO word ", "pause")]
    while shares[0] == "pause":
        del shares[0]
    full, rest = divmod(count, SHARE)
    one = ["INSERT INTO line ", "INSERT INTO word "]
    assert shares == [*one, "pause"] * full + one * (rest > 0)
    [stored] = opened.connection.execute("SELECT count(*) FROM line").fetchone()
    assert stored == count
    writer.close({})
    opened.lock.close()
