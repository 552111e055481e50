"""
The metrics of the service, as Prometheus and a supervisor ask for them.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

from tests.integration.daemon import Daemon, freePort
from tests.integration.doors import Certificate

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"

Samples = dict[str, float]


class Metered(Daemon):
    """
    A daemon with metrics.

    @ivar metricsPort: their port.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        self.metricsPort = freePort()
        endpoint = f"tcp:{self.metricsPort}:interface=127.0.0.1"
        super().__init__(directory, "--metrics", endpoint, "--database", ":memory:", *options)

    def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        """
        @return: the status and the content of the answer.
        """
        return ask(HTTPConnection("127.0.0.1", self.metricsPort, timeout=10), path, method)

    def samples(self) -> Samples:
        """
        @return: the samples now, by name, with the value of the label if there is one.
        """
        status, content = self.ask("/metrics")
        assert status == 200
        return {
            " ".join((sample.name, *sample.labels.values())): sample.value
            for family in parse(content)
            for sample in family.samples
        }

    def samplesWhen(self, isSo: Callable[[Samples], bool]) -> Samples:
        """
        Ask until the samples meet a condition.
        """
        deadline = monotonic() + 10
        while monotonic() < deadline:
            samples = self.samples()
            if isSo(samples):
                return samples
        raise AssertionError({name: value for name, value in samples.items() if value})


def ask(connection: HTTPConnection, path: str, method: str = "GET") -> tuple[int, str]:
    try:
        connection.request(method, path, headers={"Accept": OPEN_METRICS})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def metered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metered]:
    with Metered(tmp_path_factory.mktemp("metered"), "--replay", "0") as daemon:
        yield daemon


def test_eventsAreCounted(metered: Metered) -> None:
    before = metered.samplesWhen(lambda now: now["tcpchat_connections"] == 0)
    with metered.join("alice") as alice, metered.join("bob") as bob, metered.connect() as carol:
        carol.line()
        alice.catchUp()
        alice.send("hello", "/nosuch", "/nosuch", "/join #garden")
        alice.catchUp()
        bob.expect("hello")
        during = metered.samples()
        bob.send("/quit")
        bob.eof()
    after = metered.samplesWhen(lambda now: now["tcpchat_connections"] == 0)

    def more(name: str, there: Samples = after) -> float:
        return there[name] - before[name]

    assert during["tcpchat_connections"] == 3
    assert during["tcpchat_nameless"] == 1
    assert during["tcpchat_participants"] == 2
    assert during["tcpchat_rooms"] == 2
    assert more("tcpchat_waiting_bytes_gcount", during) == 3
    assert more("tcpchat_connections_accepted_total", during) == 3
    assert more("tcpchat_refusals_total unknown-command", during) == 2
    # Senders do not hear themselves.
    assert more("tcpchat_deliveries_total", during) >= 1
    assert more("tcpchat_lines_received_total", during) >= 6
    assert more("tcpchat_received_bytes_total", during) > len("hello/nosuch/nosuch/join #garden")
    assert more("tcpchat_sent_bytes_total", during) > more("tcpchat_received_bytes_total", during)
    assert more("tcpchat_fanout_seconds_count", during) >= 1
    assert more("tcpchat_ends_total quit") == 1
    assert more("tcpchat_ends_total connection-lost") + more("tcpchat_ends_total input-closed") == 2
    assert more("tcpchat_faults_total") == 0


def test_delayOfTheReactorIsMeasured(metered: Metered) -> None:
    before = metered.samples()["tcpchat_reactor_lateness_seconds_count"]
    metered.samplesWhen(lambda now: now["tcpchat_reactor_lateness_seconds_count"] > before)


def test_bytesThatWaitForARecipientAreShown(metered: Metered) -> None:
    with metered.connectNarrow() as stuck:
        stuck.join("stuck")
        stuck.connection.setblocking(False)
        with suppress(OSError):
            while True:
                stuck.connection.send(b"/help\r\n" * 1000)
        samples = metered.samplesWhen(lambda now: now["tcpchat_delays_total waiting"] > 0)
        assert samples["tcpchat_waiting_bytes_gsum"] > 0
        assert samples["tcpchat_waiting_bytes_bucket 0.0"] == samples["tcpchat_connections"] - 1


def test_processIsMeasured(metered: Metered) -> None:
    told = metered.samples()["process_resident_memory_bytes"]
    assert told == pytest.approx(metered.memory, rel=0.1)


def test_nothingElseIsServed(metered: Metered) -> None:
    assert metered.ask("/metrics", "HEAD") == (200, "")
    assert metered.ask("/metrics", "POST")[0] == 405
    assert metered.ask("/metrics/x")[0] == 404
    assert metered.ask("/")[0] == 404
    assert "/metrics" not in metered.log
    assert "Traceback" not in metered.log


def test_fewRequestsAreServedAtOnce(metered: Metered) -> None:
    with ExitStack() as stack:
        place = "127.0.0.1", metered.metricsPort
        asking = [stack.enter_context(socket.create_connection(place, 10)) for _ in range(64)]
        with socket.create_connection(place, 10) as late, suppress(ConnectionResetError):
            assert late.recv(1) == b""
        # The users notice nothing.
        with metered.join("alice") as alice:
            alice.leave()
        asking.pop().close()
        deadline = monotonic() + 10
        while monotonic() < deadline:
            with suppress(OSError, HTTPException):
                assert metered.ask("/healthz") == (200, "ok\n")
                return
        raise AssertionError("one has gone, and nobody else may come")


def test_stopCanBeWatched(tmp_path: Path) -> None:
    with Metered(tmp_path) as metered, metered.join("alice") as alice:
        assert metered.ask("/healthz") == (200, "ok\n")
        metered.process.terminate()
        alice.eof()
        # The service waits for this connection until it is closed.
        assert metered.ask("/healthz") == (503, "stopping\n")
        assert metered.samples()["tcpchat_connections"] == 1
        alice.close()
        assert metered.process.wait(10) in (0, -15)
        with pytest.raises(ConnectionRefusedError):
            metered.ask("/healthz")


def test_requestsDoNotDelayTheStop(tmp_path: Path) -> None:
    """
    They come while the port closes.
    """
    with Metered(tmp_path) as metered:
        answered = Event()

        def whileItRuns(act: Callable[[], object]) -> Thread:
            def run() -> None:
                while metered.process.poll() is None:
                    with suppress(OSError, HTTPException):
                        act()

            thread = Thread(target=run)
            thread.start()
            return thread

        def ask() -> None:
            metered.ask("/metrics")
            answered.set()

        def leave() -> None:
            place = "127.0.0.1", metered.metricsPort
            with socket.create_connection(place, 10) as connection:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")

        threads = [whileItRuns(each) for each in (ask, ask, leave, leave)]
        assert answered.wait(10)
        metered.process.terminate()
        assert metered.process.wait(10) in (0, -15)
        for each in threads:
            each.join()
        assert "Traceback" not in metered.log


def test_metricsByTLS(tmp_path: Path, certificate: Certificate) -> None:
    port = freePort()
    context = ssl.create_default_context(cafile=str(certificate.chain))
    # These are offered by many clients, and not spoken here.
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Daemon(tmp_path, "--metrics", certificate.endpoint(port)), ExitStack() as stack:
        plain = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        connection = HTTPConnection("localhost")
        connection.sock = stack.enter_context(
            context.wrap_socket(plain, server_hostname="localhost")
        )
        status, content = ask(connection, "/metrics")
    assert status == 200
    assert content.endswith("# EOF\n")


def test_metricsByAUnixSocket(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--metrics", "unix:metrics.sock"), socket.socket(socket.AF_UNIX) as unix:
        unix.settimeout(10)
        unix.connect(str(tmp_path / "metrics.sock"))
        connection = HTTPConnection("localhost")
        connection.sock = unix
        status, content = ask(connection, "/metrics")
    assert status == 200
    assert content.endswith("# EOF\n")
