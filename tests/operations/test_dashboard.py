"""Tests for the dashboard of Grafana in the documentation."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chat
from chat.operations.metrics import ChatCollector
from chat.operations.metricsport import registryOf
from chat.operations.timing import Distribution
from chat.vocabulary.counters import Counters, Snapshot

DASHBOARD = Path(chat.__file__).parents[1] / "docs/grafana/tcpchat.json"

_NAME = re.compile(r"\b(?:tcpchat|process|python)_\w+")


@pytest.fixture
def dashboard() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return parsed


def panelsOf(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


def namesOf(dashboard: dict[str, Any]) -> set[str]:
    """
    @return: The time series that its panels ask for.
    """
    queries = [target["expr"] for panel in panelsOf(dashboard) for target in panel["targets"]]
    return {name for query in queries for name in _NAME.findall(query)}


DOORS = Counter(line=1)


def families() -> dict[str, set[str]]:
    """
    @return: The time series of each family that the service tells.
    """
    empty = Snapshot(Counters(doors=DOORS), 0, 0, 0, 0, 0, (), DOORS)
    told = registryOf(ChatCollector(lambda: empty, Distribution(()), Distribution(()))).collect()
    return {each.name: {sample.name for sample in each.samples} for each in told}


def test_allThatIsShownIsTold(dashboard: dict[str, Any]) -> None:
    assert namesOf(dashboard) <= set().union(*families().values())


def test_allThatIsToldIsShown(dashboard: dict[str, Any]) -> None:
    shown = namesOf(dashboard)
    assert [name for name, series in families().items() if not series & shown] == []


def test_everyQueryIsOfTheChosenService(dashboard: dict[str, Any]) -> None:
    for panel in panelsOf(dashboard):
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            query = target["expr"]
            assert target["datasource"] == panel["datasource"]
            chosen = '{job="$job", instance=~"$instance"}'
            assert len(_NAME.findall(query)) == query.count(chosen), query
            assert query.count("(") == query.count(")")


def test_everyPanelIsExplained(dashboard: dict[str, Any]) -> None:
    for panel in panelsOf(dashboard):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_grafanaCanImportIt(dashboard: dict[str, Any]) -> None:
    variables = {each["name"]: each["type"] for each in dashboard["templating"]["list"]}
    assert variables == {"datasource": "datasource", "job": "query", "instance": "query"}
    # Grafana gives it an id when it is imported.
    assert dashboard["id"] is None
    assert dashboard["schemaVersion"] >= 38
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_noPanelLiesOnAnother(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert max(column for column, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
