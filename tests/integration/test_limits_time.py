"""
How long a connection may have no nickname, and how long a user may be silent.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from tests.integration.crowds import Crowd, Guest, addresses
from tests.integration.kernel import connections, eventually
from tests.integration.meters import MeteredDaemon
from tests.integration.witnesses import Witnesses

_PIECE = b"/ping\r\nwilma\r\n/"


def test_nothingRenewsTheTimeForANickname(tmp_path: Path) -> None:
    """
    Neither bytes nor lines nor refused nicknames do.
    """
    with (
        MeteredDaemon(tmp_path, "--registration-timeout", "1") as daemon,
        Crowd(daemon.port) as crowd,
        Witnesses(daemon),
    ):
        begun = monotonic()
        crowd.come(addresses(50))
        [talker] = crowd.come(["127.0.0.2"], _PIECE)

        def hasEnded(guest: Guest) -> bool:
            if guest is talker:
                # Each output is answered.
                guest.write(_PIECE)
            return bool(guest.end)

        crowd.wait(hasEnded)
        assert 0.9 < monotonic() - begun < 4
        codes = {guest.code for guest in crowd.guests if guest.end == "closed"}
        assert codes == {"registration-timeout"}
        eventually(lambda: len(connections(daemon)) == 2)
        assert daemon.meter("ends_total", reason="registration-timeout") == 51
        assert daemon.meter("nameless") == 0


def test_onlyCompleteLinesRenewTheIdleTime(tmp_path: Path) -> None:
    """
    A user who is about to be disconnected is warned.
    """
    with (
        MeteredDaemon(tmp_path, "--idle-timeout", "2") as daemon,
        Witnesses(daemon) as witnesses,
        daemon.join("alice") as alice,
        daemon.join("bob") as bob,
    ):
        witnesses.expect("--> alice joined")
        witnesses.expect("--> bob joined")
        warning = "!!! You have been silent; say something within 1 second"
        alice.expect(warning)
        alice.send("/ping")
        bob.sendBytes(b"not a line")
        bob.expect(warning)
        witnesses.expect("<-- bob left #lobby: timed out")
        assert bob.eof()[-1] == "!!! You have been silent for too long (idle-timeout)"
        assert daemon.meter("participants") == 3
        alice.leave()
        witnesses.expect("<-- alice left #lobby: input closed")
        eventually(lambda: daemon.meter("ends_total", reason="idle-timeout") == 1)
