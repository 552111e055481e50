"""
The service stands still for a while, as on a machine that swaps or is paused, or in a debugger:
nobody is thrown out for what could not be heard meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from time import sleep

from tests.integration.daemon import Daemon
from tests.integration.kernel import eventually

# Seconds.
_LIMIT = 2
_STILL = 2.3


def test_timeInWhichNobodyCanBeHeardDoesNotCount(tmp_path: Path) -> None:
    """
    Some write meanwhile, and others have as much time left as before.
    """
    options = ["--idle-timeout", str(_LIMIT), "--registration-timeout", str(_LIMIT)]
    with (
        Daemon(tmp_path, *options) as daemon,
        daemon.join("alice") as alice,
        daemon.join("bob") as bob,
        daemon.connect() as newcomer,
    ):
        assert bob.catchUp() == []
        with daemon.paused():
            alice.send("meanwhile")
            newcomer.send("carol")
            sleep(_STILL)
        bob.expect("alice: meanwhile")
        bob.expect("--> carol joined #lobby (3 here)")
        newcomer.send("here I am")
        alice.expect("carol: here I am")
        bob.expect("carol: here I am")
        bob.send("so am I")
        alice.expect("bob: so am I")
        newcomer.expect("bob: so am I")
        eventually(lambda: "#warn] the reactor was blocked for 2." in daemon.log)
        assert daemon.log.count("the reactor was blocked") == 1
