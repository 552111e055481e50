"""
The metric families of the service, in the terms of Prometheus.

A label whose values are known is there from the start, with 0: a value that appears with its first
event has no rate before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from chat import __version__
from chat.operations.timing import Distribution
from chat.vocabulary.counters import Counters, Snapshot
from chat.vocabulary.endings import Ending
from chat.vocabulary.errors import ChatError

PREFIX = "tcpchat_"

_WAITING = tuple(float(kilobytes * 1024) for kilobytes in (0, 1, 4, 16, 64, 128, 256, 512, 1024))


class ChatCollector(Collector):
    """
    Makes families of what a registry of prometheus-client asks for.
    """

    def __init__(
        self, read: Callable[[], Snapshot], lateness: Distribution, fanOut: Distribution
    ) -> None:
        """
        @param read: Returns what there is now.
        @param lateness: How late the reactor was, in seconds.
        @param fanOut: How long a fan-out took, in seconds.
        """
        self._read = read
        self._lateness = lateness
        self._fanOut = fanOut

    def collect(self) -> Iterator[Metric]:
        now = self._read()
        yield InfoMetricFamily("tcpchat", "The version of tcpchat.", {"version": __version__})
        for name, text, value in _GAUGES:
            yield GaugeMetricFamily(PREFIX + name, text, value(now))
        for name, text, count in _COUNTERS:
            yield CounterMetricFamily(PREFIX + name, text, count(now.counters))
        for name, text, label, known, counter in _LABELLED:
            yield _labelled(name, text, label, known, counter(now.counters))
        doors = GaugeMetricFamily(
            PREFIX + "door_connections",
            "Connections that are open, by the front door they came by.",
            labels=["door"],
        )
        for door, open_ in now.doors.items():
            doors.add_metric([door], open_)
        yield doors
        # It shows the present, and so may shrink, which no histogram does.
        waiting = Distribution(_WAITING, now.waiting)
        yield GaugeHistogramMetricFamily(
            PREFIX + "waiting_bytes",
            "Open connections by how many bytes wait for the reader.",
            _buckets(waiting),
            waiting.sum,
        )
        yield HistogramMetricFamily(
            PREFIX + "reactor_lateness_seconds",
            "How late the reactor came to what was due; nobody was served meanwhile.",
            _buckets(self._lateness),
            self._lateness.sum,
        )
        yield HistogramMetricFamily(
            PREFIX + "fanout_seconds",
            "How long it took to write to all in a room what one reactor turn had brought.",
            _buckets(self._fanOut),
            self._fanOut.sum,
        )

    # A registry asks when the collector is registered which names it is to know.
    describe = collect


_GAUGES: tuple[tuple[str, str, Callable[[Snapshot], float]], ...] = (
    ("connections", "Connections that are open.", lambda now: now.connections),
    ("nameless", "Open connections without a nickname.", lambda now: now.nameless),
    ("participants", "People who are here, each once.", lambda now: now.users),
    ("rooms", "Rooms there are.", lambda now: now.rooms),
    ("history_waiting", "Lines that wait for the database.", lambda now: now.historyWaiting),
)

_COUNTERS: tuple[tuple[str, str, Callable[[Counters], float]], ...] = (
    (
        "connections_accepted",
        "Connections that were let in.",
        lambda counted: counted.connections,
    ),
    ("faults", "Exceptions nobody expected.", lambda counted: counted.faults),
    ("lines_received", "Lines that came.", lambda counted: counted.lines),
    (
        "lines_undone",
        "Lines that came and were not carried out, as their connection had ended.",
        lambda counted: counted.undone,
    ),
    (
        "deliveries",
        "Lines that rooms wrote to those who are in them, each recipient counted.",
        lambda counted: counted.deliveries,
    ),
    ("received_bytes", "Bytes that came.", lambda counted: counted.bytesIn),
    (
        "unread_bytes",
        "Bytes that came and were not read before their connection was closed.",
        lambda counted: counted.unread,
    ),
    ("sent_bytes", "Bytes that were taken over for delivery.", lambda counted: counted.bytesOut),
    ("history_lost", "Lines that were not kept.", lambda counted: counted.historyLost),
    (
        "history_damaged",
        "Lines that answers lacked, since they are damaged.",
        lambda counted: counted.historyDamaged,
    ),
    (
        "transcript_lost",
        "Lines that are missing from the transcript.",
        lambda counted: counted.transcriptLost,
    ),
    ("log_lost", "Lines that are missing from the log.", lambda counted: counted.logLost),
    (
        "wrong_passwords",
        "Passwords that were wrong, for accounts that there are or not.",
        lambda counted: counted.wrongPasswords,
    ),
)

_LIMITS_OF_READERS = ("waiting", "stall", "all")
_DELAYS = ("turn", "line-rate", "waiting", "password")
# Told to connections that are not let in. Such a connection is refused; it does not end.
_TURNED_AWAY = (
    Ending.SERVICE_FULL,
    Ending.NAMELESS_FULL,
    Ending.ADDRESS_FULL,
    Ending.CONNECTING_TOO_FAST,
)


def _codes(kind: type[ChatError] = ChatError) -> Iterator[str]:
    for each in kind.__subclasses__():
        yield each.code
        yield from _codes(each)


_LABELLED: tuple[tuple[str, str, str, Iterable[str], Callable[[Counters], Counter[str]]], ...] = (
    (
        "door_connections_accepted",
        "Connections that were let in, by the front door they came by.",
        "door",
        (),
        lambda counted: counted.doors,
    ),
    (
        "refusals",
        "What was refused: requests, and whole connections.",
        "code",
        (*_codes(), *(each.value for each in _TURNED_AWAY)),
        lambda counted: counted.refusals,
    ),
    (
        "ends",
        "How connections that had been let in ended.",
        "reason",
        [each.value for each in Ending if each not in _TURNED_AWAY],
        lambda counted: counted.endings,
    ),
    (
        "too_slow",
        "Readers who were let go, by the limit they were too slow for.",
        "limit",
        _LIMITS_OF_READERS,
        lambda counted: counted.tooSlow,
    ),
    (
        "delays",
        "How often what somebody sent had to wait, by the limit that made it wait.",
        "limit",
        _DELAYS,
        lambda counted: counted.delays,
    ),
)


def _buckets(seen: Distribution) -> list[tuple[str, float]]:
    return [(floatToGoString(bound), float(count)) for bound, count in seen.buckets]


def _labelled(
    name: str, text: str, label: str, known: Iterable[str], counter: Counter[str]
) -> Metric:
    family = CounterMetricFamily(PREFIX + name, text, labels=[label])
    for value in dict.fromkeys((*known, *counter)):
        family.add_metric([value], counter[value])
    return family
