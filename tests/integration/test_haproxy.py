"""
The service behind the real haproxy, which a crowd comes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import create_connection
from subprocess import DEVNULL, STDOUT, Popen
from typing import NamedTuple

import pytest

from tests.integration.daemon import Daemon, freePort
from tests.integration.doors import Certificate
from tests.integration.kernel import eventually
from tests.integration.peer import Peer
from tests.support.programs import requireProgram

# One socket for both families: haproxy tells of IPv4 as of IPv6.
_CONFIGURATION = """
global
    maxconn 2000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1m
    timeout server 1m
listen first
    bind [::]:{first} v4v6
    server chat 127.0.0.1:{proxied} send-proxy
listen second
    bind [::]:{second} v4v6
    server chat 127.0.0.1:{proxied} send-proxy-v2
listen third
    bind 127.0.0.1:{third}
    server chat 127.0.0.1:{secured} send-proxy-v2 ssl verify required ca-file {authority}
"""


class Behind(NamedTuple):
    """
    A service behind haproxy.

    @ivar proxied: the port of the service at which haproxy comes in.
    @ivar first: the port of haproxy that tells addresses in version 1 of the PROXY protocol.
    @ivar second: the one that does in version 2.
    @ivar third: the one that speaks TLS to the service, behind a header of version 2.
    """

    daemon: Daemon
    proxied: int
    first: int
    second: int
    third: int


@pytest.fixture
def behind(tmp_path: Path, certificate: Certificate) -> Iterator[Behind]:
    proxied, secured, first, second, third = (freePort() for _ in range(5))
    haproxy = requireProgram("haproxy")
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text(
        _CONFIGURATION.format(
            proxied=proxied,
            secured=secured,
            first=first,
            second=second,
            third=third,
            authority=certificate.chain,
        ),
    )
    doors = (
        *("--port", f"haproxy:tcp:{proxied}:interface=127.0.0.1"),
        *("--port", f"haproxy:{certificate.endpoint(secured)}"),
    )
    with Daemon(tmp_path / "daemon", *doors, "--replay", "0") as daemon:
        with (tmp_path / "haproxy.log").open("wb") as log:
            command = [haproxy, "-db", "-f", str(configuration)]
            proxy = Popen(command, stdin=DEVNULL, stdout=log, stderr=STDOUT)
        try:
            eventually(lambda: all(map(_listens, (first, second, third))))
            yield Behind(daemon, proxied, first, second, third)
        finally:
            proxy.terminate()
            proxy.wait(20)


def _listens(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), 10.0).close()
    except OSError:
        return False
    return True


def test_allOfACrowdAreServedThoughTheySpeakAtOnce(behind: Behind) -> None:
    """
    Through haproxy in both versions and with TLS behind the header, and where the first line is in
    one segment with the header.
    """
    crowds = [
        ("a", behind.first, 200, ""),
        ("b", behind.second, 200, ""),
        ("d", behind.third, 50, ""),
        ("c", behind.proxied, 50, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n"),
    ]
    with ExitStack() as stack:
        peers = []
        for letter, port, count, header in crowds:
            # From 100 on: a11 would look like a word that is reserved, all.
            for number in range(100, 100 + count):
                peer = stack.enter_context(Peer(create_connection(("127.0.0.1", port), 10.0)))
                peer.send(f"{header}{letter}{number}", f"/ping {letter}{number}")
                peers.append((f"{letter}{number}", peer))
        for nick, peer in peers:
            peer.expect(f"--- PONG {nick}")
        zone = create_connection(("127.0.0.1", behind.proxied), 10.0)
        with Peer(zone) as peer:
            peer.send("PROXY TCP6 fe80::1%\x1b[31m fe80::2 4711 80", "mallory")
            peer.expect("You are mallory")
            peer.leave()
    behind.daemon.stop()
    log = behind.daemon.log
    assert "Traceback" not in log
    named = re.findall(r"closed (\S+) \d+ ([abcd]\d+|mallory) ", log)
    assert {nick: address for address, nick in named} == {
        **{nick: "192.0.2.7" if nick.startswith("c") else "127.0.0.1" for nick, _ in peers},
        "mallory": "fe80::1",
    }
