"""
The units, socket activation, the notifications to the service manager, and its reactions.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.kernel import eventually
from tests.integration.machine import SERVICE, SOCKET, UNITS, Machine, requireMachine
from tests.support.programs import requireProgram

# As in the unit, except for the program and the port.
_EXEC = "ExecStart=/opt/tcpchat/bin/twistd "


def _commandOfTheUnit() -> list[str]:
    lines = (UNITS / "tcpchat.service").read_text().splitlines()
    [command] = [line.removeprefix(_EXEC) for line in lines if line.startswith(_EXEC)]
    return [TWISTD, *command.split()]


def test_unitsAreValid(tmp_path: Path) -> None:
    analyze = requireProgram("systemd-analyze")
    units = []
    for unit in sorted(UNITS.iterdir()):
        # It requires the program that the unit starts.
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text().replace("/opt/tcpchat/bin/twistd", TWISTD))
        units.append(copy)
    assert [unit.name for unit in units] == ["tcpchat.service", "tcpchat.socket"]
    result = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_exposureIsLow() -> None:
    """
    systemd rates the hardening: 0 is no access to anything, 10 access to everything.
    """
    analyze = requireProgram("systemd-analyze")
    command = [analyze, "security", "--offline=true", "--no-pager", str(UNITS / SERVICE)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(rf"Overall exposure level for {SERVICE}: ([\d.]+) ", result.stdout)
    assert found is not None, result
    assert float(found[1]) <= 1.5


@pytest.mark.parametrize("interface", ["127.0.0.1", "[::]"])
def test_socketActivation(tmp_path: Path, interface: str) -> None:
    activate = requireProgram("systemd-socket-activate")
    port = freePort()
    listening = [activate, "--fdname=chat", "--listen", f"{interface}:{port}"]
    command = [*listening, *_commandOfTheUnit()]
    with Daemon(tmp_path, command=command, port=port) as daemon:
        with daemon.connect() as peer:
            assert peer.line().startswith("--- Welcome to ")
        assert daemon.stop() in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """
    The socket on which a service manager would listen.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(20)
        manager.bind(str(tmp_path / "notify"))
        yield manager


def test_serviceManagerIsNotified(tmp_path: Path, manager: socket.socket) -> None:
    def heard() -> list[str]:
        return manager.recv(4096).decode().splitlines()

    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "400000"}
    with Daemon(tmp_path / "daemon", environ=environ) as daemon:
        assert "READY=1" in heard()
        # A single one could be chance.
        for _ in range(3):
            while (message := heard()) != ["WATCHDOG=1"]:
                assert message[0].startswith("STATUS=")
        daemon.process.terminate()
        while "STOPPING=1" not in (message := heard()):
            assert message == ["WATCHDOG=1"] or message[0].startswith("STATUS=")
        assert daemon.process.wait(15) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """
    A machine for all tests of the module.
    """
    requireMachine()
    with Machine(tmp_path_factory.mktemp("machine") / "parts") as machine:
        # As in the documentation.
        machine.systemctl("enable", "--now", SOCKET, SERVICE)
        yield machine


@pytest.fixture
def service(machine: Machine) -> Machine:
    """
    The machine, with the service running as the unit has it.
    """
    machine.systemctl("start", SERVICE)
    return machine


@pytest.fixture
def changed(machine: Machine) -> Iterator[Callable[[str], None]]:
    """
    A function that changes the C{[Service]} of the unit for one test.
    """

    def change(text: str) -> None:
        machine.install(f"{SERVICE}.d/test.conf", f"[Service]\n{text}\n")

    yield change
    change("")
    machine.systemctl("stop", SERVICE)


def _active(state: str) -> bool:
    return state == "active"


def test_connectionsWaitInTheSocketDuringARestart(service: Machine) -> None:
    """
    Lines that were said are still there afterwards.
    """
    before = service.process()
    with service.connect() as alice:
        alice.join("alice")
        alice.send("before")
        alice.catchUp()
        service.systemctl("restart", "--no-block", SERVICE)
        assert alice.eof()[-1] == "--- Goodbye: the service is shutting down."
    waiting = [service.connect() for _ in range(5)]
    for number, peer in enumerate(waiting):
        with peer:
            assert peer.line().startswith("--- Welcome to ")
            peer.join(f"guest{number}")
            peer.expect("] alice: before")
            peer.leave()
    service.until(SERVICE, "ActiveState", _active)
    assert service.process() != before


def test_connectionStartsTheService(service: Machine) -> None:
    service.systemctl("stop", SERVICE)
    assert service.show(SERVICE, "ActiveState") == "inactive"
    assert service.show(SERVICE, "Result") == "success"
    with service.connect() as peer:
        assert peer.line().startswith("--- Welcome to ")


def test_reloadRereadsTheFiles(service: Machine) -> None:
    before = service.process()
    with service.connect() as alice:
        alice.join("alice")
        service.systemctl("reload", SERVICE)
        alice.catchUp()
        service.until(SERVICE, "ActiveState", _active)
        assert service.process() == before
        assert "reloaded: bans" in service.journal()


def test_connectionsWaitInTheSocketAfterAKill(service: Machine) -> None:
    """
    The next process greets them.
    """
    with service.connect() as alice:
        alice.join("alice")
        os.kill(service.process(), signal.SIGKILL)
        alice.eof()
    # The next one begins one second later.
    with service.connect() as bob:
        assert bob.line().startswith("--- Welcome to ")
    assert service.show(SERVICE, "NRestarts") == "1"
    # The memory in which it counts lines outlives the process.
    assert "was not closed cleanly; no line was lost" in service.journal()


_LENT = ("chat", "proxied", "metrics")

_SOCKET = """
[Socket]
ListenStream=/run/lent/{name}.sock
SocketMode=0660
FileDescriptorName={name}-unix
Service=tcpchat.service
"""

_PORTS = """ExecStart=
ExecStart=/opt/tcpchat/bin/twistd --nodaemon --pidfile= tcpchat \\
    --port systemd:domain=INET6:name=chat --port systemd:domain=UNIX:name=chat-unix \\
    --port haproxy:systemd:domain=UNIX:name=proxied-unix \\
    --metrics systemd:domain=UNIX:name=metrics-unix
RestartSec=10ms
"""


def test_unixSocketsOfSystemdStayAsTheyAre(
    machine: Machine, changed: Callable[[str], None]
) -> None:
    """
    The service is not their owner, and systemd hands them over again and again.
    """
    for name in _LENT:
        machine.install(f"lent-{name}.socket", _SOCKET.format(name=name))
    paths = [f"/run/lent/{name}.sock" for name in _LENT]
    sockets = [f"lent-{name}.socket" for name in _LENT]
    machine.systemctl("stop", SERVICE)
    changed(_PORTS)
    machine.systemctl("start", *sockets)
    # Also when any of it was changed last.
    stat = ("stat", "--format=%n %d %i %a %U %G %z", *paths)
    before = machine.run(*stat).stdout
    assert before.count(" 660 root root ") == 3

    def serves(nick: str) -> None:
        plain, proxied, metrics = map(machine.connectUnix, paths)
        with plain, proxied, metrics:
            plain.join(f"{nick}1")
            proxied.send("PROXY TCP4 192.0.2.7 192.0.2.1 4711 80")
            proxied.join(f"{nick}2")
            metrics.send("GET /healthz HTTP/1.0", "")
            assert metrics.line() == "HTTP/1.0 200 OK"
        assert machine.run(*stat).stdout == before

    # The first connection starts it.
    serves("alice")
    machine.systemctl("restart", SERVICE)
    serves("bob")
    os.kill(machine.process(), signal.SIGKILL)
    serves("carol")
    machine.systemctl("stop", SERVICE, *sockets)
    assert "Traceback" not in machine.journal()


def test_watchdogEndsAHangingService(service: Machine, changed: Callable[[str], None]) -> None:
    """
    The service writes where it was.
    """
    assert service.show(SERVICE, "WatchdogUSec") == "30s"
    changed("WatchdogSec=1")
    service.systemctl("restart", SERVICE)
    with service.connect() as alice:
        alice.join("alice")
        before = service.process()
        # It may still be busy with alice, and is to hang where it waits.
        eventually(lambda: "poll" in Path(f"/proc/{before}/wchan").read_text())
        os.kill(before, signal.SIGSTOP)
        alice.eof()
    with service.connect() as bob:
        assert bob.line().startswith("--- Welcome to ")
    assert service.process() != before
    journal = service.journal()
    assert f"{SERVICE}: Watchdog timeout (limit 1s)!" in journal
    assert "Fatal Python error: Aborted" in journal
    assert re.search(r'File ".*/epollreactor.py", line \d+ in doPoll', journal)


def test_failingServiceIsStartedAgain(service: Machine, changed: Callable[[str], None]) -> None:
    """
    It is, however often it fails; connections that came meanwhile are greeted in the end.
    """
    changed("ExecStart=\nExecStart=/bin/false\nRestartSec=10ms")
    service.systemctl("restart", "--no-block", SERVICE)
    with service.connect() as alice:
        # More than the five in ten seconds, and the twenty by the socket, that systemd allows.
        service.until(SERVICE, "NRestarts", lambda number: int(number) > 25)
        assert service.show(SOCKET, "ActiveState") == "active"
        changed("")
        assert alice.line().startswith("--- Welcome to ")
