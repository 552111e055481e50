"""
The unit as systemd applies it: everything that the service does works within its limits, and
nothing else does.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration import probes
from tests.integration.doors import Certificate
from tests.integration.machine import SERVICE, SOCKET, UNITS, Machine, requireMachine
from tests.integration.peer import Peer

SECURE = 8443
UNIX = "/run/tcpchat/chat.sock"

# As in the documentation.
_DOORS = f"""
[Service]
LoadCredential=key.pem:/opt/shared/key.pem
LoadCredential=certificate.pem:/opt/shared/certificate.pem
ExecStart=
ExecStart=/opt/tcpchat/bin/twistd --nodaemon --pidfile= tcpchat \\
    --port systemd:domain=INET6:name=chat \\
    --port ssl:{SECURE}:privateKey=%d/key.pem:certKey=%d/certificate.pem \\
    --port unix:{UNIX}
"""

_PROBE = "/opt/tcpchat/bin/python /opt/shared/probes.py"

# The user of the service may not even know that these are there.
_REFUSED = {
    "write elsewhere": "EROFS",
    "write to its own programs": "EROFS",
    "make a cgroup": "EROFS",
    "read a home": "EACCES",
    "read the temporary files of others": "ENOENT",
    "execute what it keeps": "EACCES",
    "execute what it has beside its sockets": "EACCES",
    "execute a temporary file": "EACCES",
    "execute one that lasts": "EACCES",
    "execute what is in memory": "EACCES",
    "make a program that runs as its owner": "EPERM",
    "make a device": "EPERM",
    "see a device": "ENOENT",
    "see other processes": "ENOENT",
    "see the kernel's settings": "ENOENT",
    "signal other processes": "EPERM",
    "become root": "EPERM",
    "give a file away": "EPERM",
    "change the root": "EPERM",
    "mount": "EPERM",
    "make a user namespace": "EPERM",
    "rename the machine": "EPERM",
    "run before all others": "EPERM",
    "keep its memory from being swapped": "EPERM",
    "trace": "EPERM",
    "use io_uring": "EPERM",
    "forge packets": "EPERM",
    "listen to every packet": "EAFNOSUPPORT",
    "speak to the kernel": "EAFNOSUPPORT",
    "listen on a low port": "EACCES",
}


@pytest.fixture(scope="module")
def machine(
    tmp_path_factory: pytest.TempPathFactory, certificate: Certificate
) -> Iterator[Machine]:
    """
    A machine whose service has every kind of way in, for all tests of the module.
    """
    requireMachine()
    with Machine(tmp_path_factory.mktemp("machine") / "parts") as machine:
        shutil.copy(certificate.key, machine.shared / "key.pem")
        shutil.copy(certificate.chain, machine.shared / "certificate.pem")
        shutil.copy(probes.__file__, machine.shared)
        machine.shared.chmod(0o777)
        machine.install(f"{SERVICE}.d/doors.conf", _DOORS)
        machine.systemctl("enable", "--now", SOCKET, SERVICE)
        yield machine


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_everyFeatureWorksWithinTheLimits(machine: Machine) -> None:
    """
    Sockets of each kind, the database, the threads that hash passwords, and signals work.
    """
    with ExitStack() as stack:
        people: dict[str, Peer] = {
            "alice": machine.connect(),
            "bob": machine.connectTLS(SECURE, machine.shared / "certificate.pem"),
            "carol": machine.connectUnix(UNIX),
        }
        for nick, peer in people.items():
            stack.enter_context(peer)
            peer.join(nick)
        for nick, peer in people.items():
            peer.send(f"I am {nick}", f"/register {nick}-sesame")
            peer.expect(f"{nick} is now registered to you")
        for peer in people.values():
            peer.send("/history", "/search carol")
            heard = peer.catchUp()
            assert all(any(f"{nick}: I am {nick}" in line for line in heard) for nick in people)
            assert sum("carol: I am carol" in line for line in heard) >= 2
        machine.systemctl("reload", SERVICE)
        people["bob"].send("still here")
        people["alice"].expect("bob: still here")
        machine.until(SERVICE, "ActiveState", lambda state: state == "active")
        # The new certificate is used only after the service has told of the reload.
        assert "reloaded: certificates" in machine.journal()
        machine.systemctl("stop", "--no-block", SERVICE)
        for peer in people.values():
            assert peer.eof()[-1] == "--- Goodbye: the service is shutting down."
            peer.close()
    machine.until(SERVICE, "ActiveState", lambda state: state == "inactive")
    assert machine.show(SERVICE, "Result") == "success"
    with machine.connect() as alice:
        alice.send("alice", "alice-sesame")
        alice.expect("/help ")
    journal = machine.journal()
    assert "Traceback" not in journal
    assert "not permitted" not in journal


def test_processHasNoPrivileges(machine: Machine) -> None:
    """
    The kernel says so of the process.
    """
    machine.systemctl("start", SERVICE)
    pid = machine.process()
    status = _status(pid)
    assert "0" not in status["Uid"].split()
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    # System calls are filtered, and no program that the service runs can gain privileges.
    assert (status["Seccomp"], status["NoNewPrivs"], status["Umask"]) == ("2", "1", "0077")
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    [core] = [line.split()[4:6] for line in limits if line.startswith("Max core file size")]
    assert core == ["0", "0"]


def test_databaseThreadMayLowerItsPriority(machine: Machine) -> None:
    """
    The filter allows this one call of a group that it forbids: otherwise it would fail silently.
    """
    machine.systemctl("start", SERVICE)
    threads = Path(f"/proc/{machine.process()}/task").iterdir()
    # The fields after the name, which is in brackets; the niceness is field 19 (proc(5)).
    stats = [(thread / "stat").read_text().rpartition(")")[2].split() for thread in threads]
    assert {int(stat[16]) for stat in stats} > {0}


@pytest.fixture(scope="module")
def outcomes(machine: Machine) -> dict[str, dict[str, str]]:
    """
    @return: how each attempt ended, by unit: one with the limits of the service, one without.
    """
    directives = (UNITS / SERVICE).read_text().partition("[Service]")[2].partition("[Install]")[0]
    python = "Environment=LD_LIBRARY_PATH=/opt/tcpchat/python/lib\n"
    other = "Restart=no\nType=oneshot\nWatchdogSec=0\nExecStart=\nExecStart="
    for path in ("/tmp/probe", "/dev/probe", "/opt/tcpchat/probe"):
        machine.run("install", "--mode=666", "/dev/null", path)
    outcomes = {}
    for unit, before in (("hardened", directives), ("bare", "")):
        output = f"StandardOutput=file:/opt/shared/{unit}\n"
        text = f"[Service]{before}\n{python}{output}{other}{_PROBE}\n"
        machine.install(f"{unit}.service", text)
        machine.systemctl("start", f"{unit}.service")
        outcomes[unit] = json.loads((machine.shared / unit).read_text())
    return outcomes


def test_unitRefusesEveryAttempt(outcomes: dict[str, dict[str, str]]) -> None:
    """
    All of them succeed without the unit, so it is the unit that refuses.
    """
    assert outcomes["bare"] == dict.fromkeys(probes.ATTEMPTS, "done")
    assert outcomes["hardened"] == {"keep a file of its own": "done", **_REFUSED}
