"""
Connections to the database.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from chat.history.connecting import STEPS, connect


def test_whoWorksForLongGivesWay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Else a reactor on the same core would wait for the scheduler.
    """
    given: list[None] = []
    monkeypatch.setattr(os, "sched_yield", lambda: given.append(None))
    with closing(connect(str(tmp_path / "file"), "rwc")) as connection:
        given.clear()
        counting = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT ?)"
        [count] = connection.execute(f"{counting} SELECT count(i) FROM n", (STEPS,)).fetchone()
    assert count == STEPS
    # Each row takes several steps.
    assert len(given) > 1
