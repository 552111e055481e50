"""
How much a connection may send: too much is refused or waits, and other users notice nothing.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from tests.integration.kernel import eventually
from tests.integration.meters import MeteredDaemon
from tests.integration.robot import Robot
from tests.integration.witnesses import Witnesses


def test_longLineIsRefused(tmp_path: Path) -> None:
    with (
        MeteredDaemon(tmp_path, "--max-line", "100") as daemon,
        Witnesses(daemon) as witnesses,
        daemon.join("alice") as alice,
    ):
        witnesses.expect("--> alice joined")
        alice.sendBytes(b"x" * 98 + b"\r\n" + b"y" * 99 + b"\r\n" + b"z" * 10_000 + b"\r\n")
        refusal = "!!! Not sent: that line is longer than 100 bytes (line-too-long)"
        alice.expect(refusal)
        alice.expect(refusal)
        witnesses.expect(f"alice: {'x' * 98}")
        assert daemon.meter("refusals_total", code="line-too-long") == 2
        alice.leave()
        witnesses.expect("<-- alice left #lobby: input closed")


def test_lineWithoutEndIsClosed(tmp_path: Path) -> None:
    with (
        MeteredDaemon(tmp_path, "--max-unended", "2K") as daemon,
        Witnesses(daemon) as witnesses,
        daemon.join("alice") as alice,
    ):
        witnesses.expect("--> alice joined")
        alice.sendBytes(b"x" * 2048 + b"\n" + b"y" * 2049)
        alice.expect("(line-too-long)")
        alice.expect("!!! You sent more than 2048 bytes without a line end (line-endless)")
        witnesses.expect("<-- alice left #lobby: sent an endless line")
        eventually(lambda: daemon.meter("ends_total", reason="line-endless") == 1)


def test_floodDoesNotDelayOthers(tmp_path: Path) -> None:
    """
    Megabytes of lines come as fast as they are taken, and no line of another user is late.
    """
    with MeteredDaemon(tmp_path, "--line-rate", "0") as daemon, Witnesses(daemon) as witnesses:
        with daemon.join("alice") as alice:
            witnesses.expect("--> alice joined")
            for piece in b"\n" * 65536, b"/ping\n" * 10_000, b"\xff\xf1\n" * 20_000:
                alice.sendBytes(piece * 4)
            alice.sendBytes(b"/ping end\n")
            while "PONG end" not in alice.line():
                pass
            alice.leave()
        witnesses.expect("<-- alice left")
        assert daemon.meter("delays_total", limit="turn") > 1000


@pytest.mark.parametrize("option", ["--turn-lines", "--turn-bytes"])
def test_workPerTurnIsAnOption(tmp_path: Path, option: str) -> None:
    """
    One line or one byte a turn is slow, but everything is done.
    """
    with (
        MeteredDaemon(tmp_path, option, "1", "--line-rate", "0") as daemon,
        daemon.join("alice") as alice,
    ):
        before = daemon.meter("delays_total", limit="turn")
        alice.send(*(f"/ping {number}" for number in range(100)))
        heard = [alice.line() for _ in range(100)]
        assert heard == [f"--- PONG {number}" for number in range(100)]
        assert daemon.meter("delays_total", limit="turn") - before >= 90
        alice.leave()


def test_linesAboveTheRateWait(tmp_path: Path) -> None:
    """
    They come later, in order, and none is lost.
    """
    # A delay of less than the quarter of a second between two lines changes nothing.
    rate = ["--line-burst", "5", "--line-rate", "4"]
    with (
        MeteredDaemon(tmp_path, *rate) as daemon,
        Witnesses(daemon, perSecond=4, allowed=r"^(alice: \d+|(-->|<--) \w+ .*)$"),
        daemon.join("listener") as listener,
        daemon.join("alice") as alice,
    ):
        listener.expect("--> alice joined")
        begun = monotonic()
        # The nickname was the first line.
        alice.send(*(str(number) for number in range(12)))
        alice.send("/quit")
        heard: list[tuple[str, float]] = []
        while len(heard) < 12:
            line = listener.expect("alice: ")
            heard.append((line, monotonic() - begun))
        assert [line for line, _ in heard] == [f"alice: {number}" for number in range(12)]
        # Four or five come at once, and the others at four a second.
        assert heard[2][1] < 0.5
        assert 1.6 < heard[-1][1] < 5
        assert alice.eof()[-1] == "--- Goodbye."
        assert daemon.meter("delays_total", limit="line-rate") >= 8
        assert daemon.meter("refusals_total", code="too-fast") == 0


def test_connectionTooFarBehindIsClosed(tmp_path: Path) -> None:
    rate = ["--line-burst", "5", "--line-rate", "10", "--max-behind", "3"]
    with (
        MeteredDaemon(tmp_path, *rate) as daemon,
        Witnesses(daemon, perSecond=10, allowed="^alice: spam") as witnesses,
        daemon.join("alice") as alice,
    ):
        witnesses.expect("--> alice joined")
        with suppress(OSError):
            alice.connection.sendall(b"spam\r\n" * 1000)
        assert alice.eof()[-1].endswith("(too-fast)")
        witnesses.expect("<-- alice left #lobby")
        eventually(lambda: daemon.meter("ends_total", reason="too-fast") == 1)


def test_defaultRateOfLines(tmp_path: Path) -> None:
    """
    Ten lines at once and two a second are chat; more than a minute behind is not.
    """
    rate = ["--line-burst", "10", "--line-rate", "2", "--max-behind", "60"]
    with (
        MeteredDaemon(tmp_path, *rate) as daemon,
        Witnesses(daemon, perSecond=3, allowed="^(alice|bob): chat") as witnesses,
        daemon.join("alice") as alice,
        daemon.join("bob") as bob,
    ):
        witnesses.expect("--> alice joined")
        witnesses.expect("--> bob joined")
        # Nine come, as the nickname is a line, and a little more.
        alice.send(*(f"chat {number}" for number in range(12)))
        bob.send(*(f"chat {number}" for number in range(200)))
        assert bob.eof()[-1].endswith("(too-fast)")
        alice.catchUp()
        alice.leave()
        witnesses.expect("<-- alice left")
        witnesses.expect("<-- bob left")


def test_renamingTooFastIsRefused(tmp_path: Path) -> None:
    """
    Three a minute are allowed, and others hear of no more.
    """
    with MeteredDaemon(tmp_path, "--nick-rate", "3") as daemon, Witnesses(daemon) as witnesses:
        with Robot.join(daemon, "a0") as robot:
            witnesses.expect("--> a0 joined")
            answers = [robot.answer(f"/nick a{number}") for number in range(1, 7)]
            assert [answer["event"] for answer in answers] == ["renamed"] * 3 + ["refused"] * 3
            for answer in answers[3:]:
                assert answer["code"] == "renaming-too-fast"
                # The seconds until one more is allowed.
                assert 15 <= int(answer["about"]) <= 20
            robot.peer.leave()
        for number in range(1, 4):
            witnesses.expect(f"a{number - 1} is now a{number}")
        witnesses.expect("<-- a3 left")
        assert daemon.meter("refusals_total", code="renaming-too-fast") == 3


def test_joiningTooFastIsRefused(tmp_path: Path) -> None:
    """
    Ten a minute are allowed, successful or not, with leaving in between or not.
    """
    with MeteredDaemon(tmp_path, "--join-rate", "10") as daemon, Witnesses(daemon) as witnesses:
        with Robot.join(daemon, "alice") as robot:
            witnesses.expect("--> alice joined")
            codes: list[str] = []
            for number in range(15):
                events = robot.ask(f"/join #room{number}", f"/leave #room{number}")
                codes += [
                    event["code"]
                    for event in events
                    if event["event"] == "refused" and event["code"] != "not-in-room"
                ]
            assert codes == ["joining-too-fast"] * len(codes)
            # The user was put into the first room by the service.
            assert 5 <= len(codes) <= 6
            robot.peer.leave()
        witnesses.expect("<-- alice left")
        assert daemon.meter("refusals_total", code="joining-too-fast") == len(codes)
