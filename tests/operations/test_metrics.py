"""Tests for L{chat.operations.metrics}."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generateOpenMetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parseOpenMetrics
from prometheus_client.parser import text_string_to_metric_families as parse

import chat.vocabulary.errors
from chat import __version__
from chat.operations.metrics import ChatCollector
from chat.operations.metricsport import registryOf
from chat.operations.timing import Distribution
from chat.vocabulary.counters import Counters, Snapshot
from chat.vocabulary.endings import Ending

COUNTERS = Counters(
    connections=31,
    doors=Counter({"line": 30, "net": 1}),
    refusals=Counter({"nick-taken": 2, "service-full": 5, "of-a-later-version": 1}),
    endings=Counter({"quit": 3}),
    tooSlow=Counter({"stall": 4}),
    delays=Counter({"line-rate": 6}),
    faults=7,
    lines=32,
    deliveries=33,
    bytesIn=34,
    bytesOut=35,
    historyLost=36,
    transcriptLost=37,
    logLost=38,
    historyDamaged=39,
)

EMPTY = Snapshot(Counters(), 0, 0, 0, 0, 0, ())
SNAPSHOT = Snapshot(
    COUNTERS, 21, 22, 23, 24, 25, (0, 0, 1024, 300_000), Counter({"line": 21, "net": 0})
)


def registryFor(snapshot: Snapshot) -> CollectorRegistry:
    lateness = Distribution((0.5, 1.0), [0.25, 3.0])
    return registryOf(ChatCollector(lambda: snapshot, lateness, Distribution((0.5, 1.0), [0.75])))


def told(snapshot: Snapshot = EMPTY) -> dict[str, float]:
    """
    @return: What Prometheus reads, by name and labels as they are written.
    """
    families = parse(generate_latest(registryFor(snapshot)).decode())
    return {written(sample): sample.value for family in families for sample in family.samples}


def written(sample: object) -> str:
    name, labels = sample[0], sample[1]  # type: ignore[index]
    return name + "".join(f"{{{key}={value}}}" for key, value in labels.items())


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        ("connections", 21),
        ("nameless", 22),
        ("participants", 23),
        ("rooms", 24),
        ("history_waiting", 25),
        ("connections_accepted_total", 31),
        ("door_connections{door=line}", 21),
        ("door_connections{door=net}", 0),
        ("door_connections_accepted_total{door=net}", 1),
        ("lines_received_total", 32),
        ("deliveries_total", 33),
        ("received_bytes_total", 34),
        ("sent_bytes_total", 35),
        ("history_lost_total", 36),
        ("transcript_lost_total", 37),
        ("log_lost_total", 38),
        ("history_damaged_total", 39),
        ("faults_total", 7),
        ("refusals_total{code=nick-taken}", 2),
        ("refusals_total{code=service-full}", 5),
        ("refusals_total{code=of-a-later-version}", 1),
        ("refusals_total{code=not-utf8}", 0),
        ("ends_total{reason=quit}", 3),
        ("too_slow_total{limit=stall}", 4),
        ("too_slow_total{limit=all}", 0),
        ("delays_total{limit=line-rate}", 6),
        ("waiting_bytes_bucket{le=0.0}", 2),
        ("waiting_bytes_bucket{le=1024.0}", 3),
        ("waiting_bytes_bucket{le=262144.0}", 3),
        ("waiting_bytes_bucket{le=+Inf}", 4),
        ("waiting_bytes_gcount", 4),
        ("waiting_bytes_gsum", 301_024),
        ("reactor_lateness_seconds_bucket{le=0.5}", 1),
        ("reactor_lateness_seconds_count", 2),
        ("reactor_lateness_seconds_sum", 3.25),
        ("fanout_seconds_bucket{le=1.0}", 1),
        ("fanout_seconds_sum", 0.75),
        (f"info{{version={__version__}}}", 1),
    ],
)
def test_allOfASnapshotIsTold(sample: str, value: float) -> None:
    assert told(SNAPSHOT)["tcpchat_" + sample] == value


def test_everyKnownLabelIsThereFromTheStart() -> None:
    samples = told()
    errors = [each for each in vars(chat.vocabulary.errors).values() if isinstance(each, type)]
    codes = [each.code for each in errors if hasattr(each, "code")]
    assert len(codes) > 40
    for code in codes:
        assert samples[f"tcpchat_refusals_total{{code={code}}}"] == 0
    # Each ending is told once: as that of a connection that was in, or as a refusal.
    for ending in Ending:
        ends = f"tcpchat_ends_total{{reason={ending}}}"
        turnedAway = f"tcpchat_refusals_total{{code={ending}}}"
        assert (ends in samples) != (turnedAway in samples) or ending == "banned"
    for limit in ("waiting", "stall", "all"):
        assert samples[f"tcpchat_too_slow_total{{limit={limit}}}"] == 0
    for limit in ("turn", "line-rate", "waiting"):
        assert samples[f"tcpchat_delays_total{{limit={limit}}}"] == 0


def test_noLabelGoesAwayWithTheFirstEvent() -> None:
    assert set(told()) <= set(told(SNAPSHOT))


def test_theProcessAndPythonAreToldToo() -> None:
    samples = told()
    for name in ("process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"):
        assert samples[name] > 0
    assert any(name.startswith("python_info") for name in samples)
    assert any(name.startswith("python_gc_collections_total") for name in samples)


def test_theTextIsValidOpenMetrics() -> None:
    """
    Prometheus asks for this format first. Its parser also finds names that clash.
    """
    text = generateOpenMetrics(registryFor(SNAPSHOT)).decode()
    families = {family.name: family for family in parseOpenMetrics(text)}
    assert families["tcpchat_waiting_bytes"].type == "gaugehistogram"
    assert families["tcpchat_connections"].type == "gauge"
    assert families["tcpchat_fanout_seconds"].type == "histogram"


def test_everyFamilyIsExplained() -> None:
    registry = CollectorRegistry()
    registry.register(ChatCollector(lambda: EMPTY, Distribution(()), Distribution(())))
    families: list[Metric] = list(registry.collect())
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.name.startswith("tcpchat")
        assert family.documentation.endswith("."), family.name
