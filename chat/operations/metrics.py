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
            "Open connections, by front door.",
            labels=["door"],
        )
        for door, open_ in now.doors.items():
            doors.add_metric([door], open_)
        yield doors
        # It shows the present, and so may shrink, which no histogram does.
        waiting = Distribution(_WAITING, now.waiting)
        yield GaugeHistogramMetricFamily(
            PREFIX + "waiting_bytes",
            "Open connections, by the number of bytes waiting for the reader.",
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
            "Time taken to write the lines of one reactor turn to everybody in a room.",
            _buckets(self._fanOut),
            self._fanOut.sum,
        )

    # A registry asks when the collector is registered which names it is to know.
    describe = collect


_GAUGES: tuple[tuple[str, str, Callable[[Snapshot], float]], ...] = (
    ("connections", "Open connections.", lambda now: now.connections),
    ("nameless", "Open connections without a nickname.", lambda now: now.nameless),
    ("participants", "Users who are online, each counted once.", lambda now: now.users),
    ("rooms", "Rooms that exist.", lambda now: now.rooms),
    (
        "history_waiting",
        "Lines waiting to be written to the database.",
        lambda now: now.historyWaiting,
    ),
)

_COUNTERS: tuple[tuple[str, str, Callable[[Counters], float]], ...] = (
    (
        "connections_accepted",
        "Connections that were accepted.",
        lambda counted: counted.connections,
    ),
    ("faults", "Unexpected exceptions.", lambda counted: counted.faults),
    ("lines_received", "Lines received.", lambda counted: counted.lines),
    (
        "lines_undone",
        "Lines received but not carried out because their connection had ended.",
        lambda counted: counted.undone,
    ),
    (
        "deliveries",
        "Lines delivered to users in rooms, counted once for each recipient.",
        lambda counted: counted.deliveries,
    ),
    ("received_bytes", "Bytes received.", lambda counted: counted.bytesIn),
    (
        "unread_bytes",
        "Bytes received but not read before their connection was closed.",
        lambda counted: counted.unread,
    ),
    ("sent_bytes", "Bytes handed over for sending.", lambda counted: counted.bytesOut),
    ("history_lost", "Lines that were not saved.", lambda counted: counted.historyLost),
    (
        "history_damaged",
        "Lines left out of answers because they are damaged.",
        lambda counted: counted.historyDamaged,
    ),
    (
        "transcript_lost",
        "Lines missing from the transcript.",
        lambda counted: counted.transcriptLost,
    ),
    ("log_lost", "Lines missing from the log.", lambda counted: counted.logLost),
    (
        "wrong_passwords",
        "Wrong passwords, whether the account exists or not.",
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
        "Connections that were accepted, by front door.",
        "door",
        (),
        lambda counted: counted.doors,
    ),
    (
        "refusals",
        "Requests and connections that were refused.",
        "code",
        (*_codes(), *(each.value for each in _TURNED_AWAY)),
        lambda counted: counted.refusals,
    ),
    (
        "ends",
        "How accepted connections ended.",
        "reason",
        [each.value for each in Ending if each not in _TURNED_AWAY],
        lambda counted: counted.endings,
    ),
    (
        "too_slow",
        "Readers disconnected for being too slow, by the limit they exceeded.",
        "limit",
        _LIMITS_OF_READERS,
        lambda counted: counted.tooSlow,
    ),
    (
        "delays",
        "How often a sender had to wait, by the limit that applied.",
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
