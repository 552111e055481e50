"""
A mistake of ours costs one session at most, and nobody but the operator sees its traceback.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.failing import MARK, TEXT, FailingDaemon
from tests.integration.witnesses import Witnesses

_APOLOGY = "(internal-error)"


def _costsOne(daemon: FailingDaemon, witnesses: Witnesses, *lines: str) -> None:
    """
    Alice says these lines, of which the last makes her session fail.
    """
    with daemon.join("alice") as alice:
        witnesses.expect("--> alice joined")
        alice.send(*lines)
        heard = alice.eof()
        assert heard[-1].startswith("!!! ")
        assert heard[-1].endswith(_APOLOGY)
        assert not any("Traceback" in line or TEXT in line for line in heard)
    witnesses.expect("<-- alice left #lobby")
    assert daemon.log.count("Traceback (most recent call last)") == 1, daemon.log
    assert "RuntimeError" in daemon.log
    assert MARK not in daemon.log


def test_mistakeCostsOneSession(tmp_path: Path) -> None:
    """
    C{tests/session/test_mistakes.py} has more of them, without a process.
    """
    function = "chat.session.handlers.dispatch:HANDLERS"
    with FailingDaemon(tmp_path, function) as daemon, Witnesses(daemon) as witnesses:
        _costsOne(daemon, witnesses, f"{MARK} is what she says")
        # It happens again, to another user, and the service is what it was.
        with daemon.connect() as bob:
            bob.join("bob")
            witnesses.expect("--> bob joined")
            bob.leave()
        witnesses.expect("<-- bob left")


def test_mistakeBeforeThereIsANickname(tmp_path: Path) -> None:
    function = "chat.backplane.local:LocalBackplane.claim"
    with FailingDaemon(tmp_path, function) as daemon, Witnesses(daemon):
        with daemon.connect() as peer:
            peer.send(MARK)
            assert peer.eof()[-1].endswith(_APOLOGY)
        assert daemon.log.count("Traceback (most recent call last)") == 1


@pytest.mark.parametrize(
    ("function", "data"),
    [
        ("chat.session.session:Session.perform", f"{MARK}\r\n"),
        ("chat.protocols.framing:LineFramer.receive", f"{MARK}\r\n"),
        # A command of telnet, or it would not be asked.
        ("chat.protocols.telnet:TelnetCodec.receive", f"\xff\xf1{MARK}\r\n"),
    ],
)
def test_mistakeWhereBytesAreReadClosesTheConnection(
    tmp_path: Path, function: str, data: str
) -> None:
    """
    A mistake where bytes are read, before a session has anything to do with them, closes the
    connection.
    """
    with FailingDaemon(tmp_path, function) as daemon, Witnesses(daemon) as witnesses:
        with daemon.join("alice") as alice:
            witnesses.expect("--> alice joined")
            alice.sendBytes(data.encode("latin-1"))
            assert not any("Traceback" in line or TEXT in line for line in alice.eof())
        witnesses.expect("<-- alice left #lobby")
        assert daemon.log.count("Traceback (most recent call last)") == 1
        assert MARK not in daemon.log


def test_mistakeAtTheEndOfASession(tmp_path: Path) -> None:
    """
    A mistake at the end of a session keeps neither the nickname nor the connection.
    """
    function = "chat.rendering.text:TextRendering.render"
    with FailingDaemon(tmp_path, function) as daemon, Witnesses(daemon, allowed="alice"):
        with daemon.join("alice") as alice:
            alice.send(f"/quit {MARK}")
            alice.aborted()
        with daemon.join("alice") as another:
            another.leave()
        assert "RuntimeError" in daemon.log
