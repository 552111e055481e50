"""
The process has no file descriptors left: connected users are served, and it recovers.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.crowds import Crowd, Guest, addresses
from tests.integration.daemon import Daemon
from tests.integration.kernel import eventually, openFiles
from tests.integration.witnesses import Witnesses

_ANYBODY = ["--max-connections", "0", "--max-nameless", "0", "--replay", "0"]


@contextmanager
def _only(daemon: Daemon, more: int) -> Iterator[int]:
    """
    @param more: how many descriptors it may open beside those it has.
    @return: the most it may have.
    """
    limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    most = openFiles(daemon) + more
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (most, limits[1]))
    yield most
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, limits)


def _isGreeted(guest: Guest) -> bool:
    return any("Choose a nickname" in line for line in guest.lines)


def test_connectedUsersAreServedWithoutDescriptors(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path, *_ANYBODY) as daemon,
        Crowd(daemon.port) as crowd,
        Witnesses(daemon, allowed="^--> alice|^alice: ") as witnesses,
    ):
        alice = daemon.join("alice")
        with _only(daemon, 20) as most:
            crowd.come(addresses(300))
            crowd.wait(lambda guest: _isGreeted(guest) or guest.end)
            inside = [guest for guest in crowd.guests if not guest.end]
            assert 10 <= len(inside) <= 20
            assert openFiles(daemon) <= most
            log = len(daemon.log)
            for _ in range(5):
                with Crowd(daemon.port) as others:
                    others.come(addresses(200))
                    others.wait(lambda guest: guest.end)
            # Connected users are served, whatever they do.
            alice.send("still here", "/join #attic", "/msg alice psst", "/history 5")
            alice.catchUp()
            # A thousand connections have been refused.
            assert len(daemon.log) - log < 20_000
            # When connections end, another one is accepted.
            inside[0].connection.close()
            inside[1].connection.close()
            eventually(lambda: openFiles(daemon) < most - 1)
            late = daemon.connect("127.0.0.99")
            late.expect("Choose a nickname")
            late.close()
        many = crowd.come(addresses(100))
        crowd.wait(_isGreeted, many)
        assert alice.catchUp() is not None
        alice.leave()
        witnesses.expect("<-- alice left")
    assert "Traceback" not in daemon.log
