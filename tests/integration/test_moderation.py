"""
Operators at work, over real sockets; and what is read again while the service runs.
"""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import ssl
from contextlib import closing
from pathlib import Path
from time import monotonic

from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.doors import Certificate, Doors
from tests.integration.peer import Peer

BANNED = "!!! You are banned until TIME (by olga: spam) (banned)"


def _farewell(peer: Peer) -> str:
    """
    @return: the last line, without the time.
    """
    return re.sub(r"until \S+ \S+ \(", "until TIME (", peer.eof()[-1])


def _operator(daemon: Daemon) -> Peer:
    """
    @return: olga, who has just registered the nickname.
    """
    olga = daemon.join("olga")
    olga.send("/register opensesame")
    olga.expect("is now registered to you")
    return olga


def test_bannedAddressIsDisconnectedAndKeptOut(tmp_path: Path) -> None:
    """
    It is kept out after a restart as well.
    """
    with (
        Daemon(tmp_path, "--operator", "olga") as daemon,
        _operator(daemon) as olga,
        daemon.connect("127.0.0.2") as two,
        daemon.connect("127.0.0.3") as three,
    ):
        two.join("two")
        three.join("three")
        olga.send("/ban 127.0.0.2 1h spam")
        assert _farewell(two) == BANNED
        with daemon.connect("127.0.0.2") as again:
            assert _farewell(again) == BANNED
        # A connection without a nickname gets none; and a network is banned.
        with daemon.connect("127.0.0.5") as nobody:
            nobody.expect("Choose a nickname")
            olga.send("/ban 127.0.0.4/30")
            olga.expect("127.0.0.4/30 is now banned")
            nobody.send("nobody")
            assert nobody.line() == "!!! You are banned (by olga) (banned)"
        three.send("still here")
        olga.expect("three: still here")
    with Daemon(tmp_path, "--operator", "olga") as daemon:
        with daemon.connect("127.0.0.2") as two, daemon.connect("127.0.0.7") as seven:
            assert _farewell(two) == BANNED
            assert seven.eof() == ["!!! You are banned (by olga) (banned)"]
        with daemon.connect() as olga:
            olga.send("/login olga opensesame", "/unban 127.0.0.2", "/ban three 1s")
            olga.expect("three is now banned")
            with daemon.connect("127.0.0.2") as two:
                two.expect("Choose a nickname")
                two.send("three")
                # The ban ends sooner or later.
                deadline = monotonic() + 10
                while (line := two.line()).startswith("!!! You are banned until "):
                    assert monotonic() < deadline
                    two.send("three")
                assert line.startswith("--- You are three")


def test_signalRereadsTheFiles(tmp_path: Path) -> None:
    """
    SIGHUP rereads the message of the day, and the bans in the database.
    """
    motd = tmp_path / "motd"
    motd.write_text("old\n")
    options = ("--operator", "olga", "--motd", str(motd))
    with Daemon(tmp_path / "daemon", *options) as daemon, _operator(daemon) as olga:
        olga.send("/ban mallory")
        olga.expect("mallory is now banned")
        motd.write_text("new\n")
        path = tmp_path / "daemon" / "tcpchat.sqlite3"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("DELETE FROM fact WHERE kind = 'sanction'")
        daemon.process.send_signal(signal.SIGHUP)
        deadline = monotonic() + 10
        while "--- new" not in olga.catchUp():
            assert monotonic() < deadline
            olga.send("/motd")
        while olga.catchUp() != ["--- Nobody is banned or muted."]:
            assert monotonic() < deadline
            olga.send("/bans")
        daemon.join("mallory").leave()
        assert daemon.process.poll() is None


def test_operatorRereadsTheFiles(startDaemon: StartDaemon, tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("old\n")
    daemon = startDaemon("--operator", "olga", "--motd", str(motd))
    with _operator(daemon) as olga, daemon.join("bob") as bob:
        bob.send("/rehash")
        assert bob.line() == "!!! Only operators can do that (operator-needed)"
        motd.write_bytes(b"caf\xe9\n")
        olga.catchUp()
        olga.send("/rehash", "/motd")
        assert olga.catchUp() == [
            f"!!! Could not reload: message of the day: {motd}: not UTF-8 (not-read)",
            "--- old",
        ]
        motd.write_text("caf\u00e9\n")
        olga.send("/rehash", "/motd")
        assert olga.catchUp() == ["--- Reloaded.", "--- café"]


def test_newConnectionsGetTheNewCertificate(tmp_path: Path) -> None:
    """
    Those that are there stay.
    """
    old, new = (tmp_path / name for name in ("old", "new"))
    for directory in (old, new):
        directory.mkdir()
    certificate, other = Certificate.make(old), Certificate.make(new)
    with (
        Doors(tmp_path / "doors", certificate) as doors,
        doors.connectTLS() as alice,
        doors.join("bob") as bob,
    ):
        alice.join("alice")
        shutil.copy(other.key, certificate.key)
        shutil.copy(other.chain, certificate.chain)
        doors.process.send_signal(signal.SIGHUP)
        deadline = monotonic() + 10
        while ssl.get_server_certificate(("127.0.0.1", doors.secure)) != other.chain.read_text():
            assert monotonic() < deadline
        alice.send("still here")
        bob.expect("alice: still here")
        # The certificate on the disk, verified as a client would.
        with doors.connectTLS() as carol:
            carol.join("carol")
