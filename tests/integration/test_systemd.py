"""
The units, socket activation, and what the daemon tells the service manager.
"""

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.programs import requireProgram

UNITS = Path(__file__).parents[2] / "systemd"

# As the unit has it; the program and the port are the test's own.
_EXEC = "ExecStart=/opt/tcpchat/bin/twistd "


def _commandOfTheUnit() -> list[str]:
    lines = (UNITS / "tcpchat.service").read_text().splitlines()
    [command] = [line.removeprefix(_EXEC) for line in lines if line.startswith(_EXEC)]
    return [TWISTD, *command.split()]


def test_unitsVerify(tmp_path: Path) -> None:
    analyze = requireProgram("systemd-analyze")
    units = []
    for unit in sorted(UNITS.iterdir()):
        # It wants the program that the unit starts to be there.
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text().replace("/opt/tcpchat/bin/twistd", TWISTD))
        units.append(copy)
    assert [unit.name for unit in units] == ["tcpchat.service", "tcpchat.socket"]
    result = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


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
    The socket that a service manager would listen on.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(20)
        manager.bind(str(tmp_path / "notify"))
        yield manager


def test_notifications(tmp_path: Path, manager: socket.socket) -> None:
    def heard() -> list[str]:
        return manager.recv(4096).decode().splitlines()

    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "400000"}
    with Daemon(tmp_path / "daemon", environ=environ) as daemon:
        assert "READY=1" in heard()
        # Once could be chance.
        for _ in range(3):
            while (message := heard()) != ["WATCHDOG=1"]:
                assert message[0].startswith("STATUS=")
        daemon.process.terminate()
        while "STOPPING=1" not in (message := heard()):
            assert message == ["WATCHDOG=1"] or message[0].startswith("STATUS=")
        assert daemon.process.wait(15) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
