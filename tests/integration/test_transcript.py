"""
The transcript.
"""

import re
from pathlib import Path

from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon


def test_transcriptIsAppendedAcrossRestarts(tmp_path: Path) -> None:
    """
    After the file has been moved away there is a new one.
    """
    path = tmp_path / "transcript"
    path.write_text("before\n")

    def say(directory: str, *lines: str) -> None:
        options = ("--transcript", str(path))
        with Daemon(tmp_path / directory, *options) as daemon, daemon.join("alice") as alice:
            alice.send(*lines)
            alice.catchUp()
            alice.close()
            # It is complete when the daemon has ended, though nothing waits for it.
            daemon.stop()

    say("first", "hello", "/me waves", "/msg alice secret", "/nick alicia")
    say("second", "你好 \x1b[31mred")
    before, *lines = path.read_text().splitlines()
    assert before == "before"
    times, said = zip(*(line.split(" ", 1) for line in lines), strict=True)
    assert list(said) == ["#lobby alice: hello", "#lobby  * alice waves", "#lobby alice: 你好 red"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)
    path.rename(tmp_path / "old")
    say("third", "anew")
    assert path.read_text().endswith("#lobby alice: anew\n")
    assert len(path.read_text().splitlines()) == 1


def test_movedTranscriptIsBegunAnew(startDaemon: StartDaemon, tmp_path: Path) -> None:
    """
    The daemon goes on running meanwhile.
    """
    path = tmp_path / "transcript"
    daemon = startDaemon("--transcript", str(path))
    path.rename(tmp_path / "old")
    with daemon.join("alice") as alice:
        alice.send("anew")
        alice.leave()
    daemon.stop()
    assert path.read_text().endswith("#lobby alice: anew\n")


def test_fullDiskIsLoggedOnce(startDaemon: StartDaemon, tmp_path: Path) -> None:
    """
    And once more when there is room again.
    """
    path = tmp_path / "transcript"
    path.symlink_to("/dev/full")
    daemon = startDaemon("--transcript", str(path))
    with daemon.join("alice") as alice:
        for number in range(20):
            alice.send(f"{number}")
            alice.catchUp()
        path.unlink()
        alice.send("kept")
        alice.leave()
    daemon.stop()
    gap, *kept = path.read_text().splitlines()
    assert kept[-1].endswith("#lobby alice: kept")
    lost = 21 - len(kept)
    assert gap == f"--- {lost} lines were lost"
    logged = [line for line in daemon.log.splitlines() if "transcript" in line]
    assert [line.partition("] ")[2] for line in logged] == [
        "cannot write the transcript: No space left on device",
        f"{lost} lines are missing from the transcript",
    ]
    assert path.stat().st_mode & 0o777 == 0o600
