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
