"""
A disk that fails: the chat goes on, and waiting lines are stored when the disk is back.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic

import pytest

from chat.store.database import LATEST
from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.robot import Robot
from tests.support.programs import requireProgram

DATABASE = "tcpchat.sqlite3"

# How many lines may wait for the disk.
BACKLOG = 10_000


class _Scene:
    """
    An operator with text, a sender with JSON, and a listener.
    """

    def __init__(self, stack: ExitStack, daemon: Daemon) -> None:
        self.operator = stack.enter_context(daemon.join("olga"))
        self.operator.send("/register opensesame")
        self.operator.expect("is now registered to you")
        self.author = stack.enter_context(Robot.join(daemon, "alice"))
        self.listener = stack.enter_context(daemon.join("bob"))
        self.author.ask("a line")
        self.author.expect("stored")
        self.listener.catchUp()
        self.operator.catchUp()

    def say(self, text: str) -> float:
        """
        @return: the seconds until the listener has heard it.
        """
        begun = monotonic()
        self.author.peer.send(text)
        assert self.listener.line() == f"alice: {text}"
        return monotonic() - begun

    def told(self) -> list[str]:
        """
        @return: the codes of the warnings to the operator since the last time.
        """
        lines = [line for line in self.operator.catchUp() if line.startswith("!!!")]
        return [line.rpartition("(")[2].rstrip(")") for line in lines]

    def waitUntilStored(self) -> None:
        """Wait until every line that was said is on the disk."""
        self.author.ask()
        last = max(id for _, id in self.author.said)
        while self.author.stored["#lobby"] < last:
            self.author.expect("stored")


def _said(tmp_path: Path) -> dict[int, str]:
    """
    @return: the lines that a new daemon finds in the history of the lobby.
    """
    with Daemon(tmp_path) as daemon, Robot.join(daemon, "reader") as reader:
        texts, missed = reader.past("#lobby")
        assert missed == []
        return texts


def test_chatGoesOnWhileTheDatabaseIsLocked(tmp_path: Path) -> None:
    """
    Another program locks the file for longer than two attempts to write.
    """
    with Daemon(tmp_path, "--operator", "olga") as daemon, ExitStack() as stack:
        scene = _Scene(stack, daemon)
        before = max(scene.say(f"before {number}") for number in range(100))
        with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            until = monotonic() + 2.5
            delays: list[float] = []
            while monotonic() < until and len(delays) < BACKLOG // 2:
                delays.append(scene.say(f"line {len(delays)}"))
            assert max(delays) < max(0.25, 5 * before)
            assert scene.told() == ["history-failing"]
            # Lines that are not on the disk yet can be read all the same.
            texts, missed = scene.author.past("#lobby")
            assert (len(texts), missed) == (101 + len(delays), [])
        scene.operator.expect("(history-recovered)")
        scene.waitUntilStored()
        assert scene.told() == []
        heard = {id: text for (_, id), text in scene.author.said.items()}
    assert _said(tmp_path) == heard


def test_chatGoesOnWhileTheDiskIsFull(tmp_path: Path) -> None:
    """
    No file may grow any more, and more is said than can wait.
    """
    with Daemon(tmp_path, "--operator", "olga") as daemon, ExitStack() as stack:
        scene = _Scene(stack, daemon)
        limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        size = max(path.stat().st_size for path in tmp_path.iterdir())
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, limits[1]))
        scene.say("x" * 900)
        scene.operator.expect("(history-failing)")
        for first in range(0, BACKLOG + 500, 500):
            scene.author.ask(*(f"line {number}" for number in range(first, first + 500)))
            scene.listener.catchUp()
        scene.operator.expect("(history-lost)")
        stored = scene.author.stored["#lobby"]
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, limits)
        scene.operator.expect("(history-recovered)")
        assert scene.told() == []
        scene.say("again")
        scene.waitUntilStored()
        texts, missed = scene.author.past("#lobby", stored)
        gone = sum(event["last"] - event["first"] + 1 for event in missed)
        assert {event["reason"] for event in missed} == {"lost"}
        # Each line that was heard is there, or is told to be lost.
        assert len(texts) + gone == max(texts) - stored
        assert len(texts) == BACKLOG + 1
        assert max(texts.values()) == "x" * 900
        assert texts[max(texts)] == "again"


def test_chatGoesOnWhileTheDatabaseIsAway(tmp_path: Path) -> None:
    """
    All of its files are moved away, and back later.  Nothing counts as stored meanwhile, and no
    second service starts in its place.
    """
    here, away = tmp_path / "here", tmp_path / "away"
    away.mkdir()
    with Daemon(here, "--operator", "olga") as daemon, ExitStack() as stack:
        scene = _Scene(stack, daemon)
        carol = stack.enter_context(Robot.join(daemon, "carol"))
        scene.listener.catchUp()
        for path in here.glob(f"{DATABASE}*"):
            path.rename(away / path.name)
        stored = scene.author.stored["#lobby"]
        scene.say("away")
        scene.operator.expect("(history-failing)")
        carol.peer.send("/register sesame-open")
        assert _refused(here) == f"cannot open /{DATABASE}: another tcpchat is using it"
        # After the three seconds for which an answer waits.
        while (warning := carol.expect("warned"))["code"] != "not-stored":
            pass
        assert warning["about"] == "carol"
        scene.author.ask()
        assert scene.author.stored["#lobby"] == stored
        for path in away.iterdir():
            path.rename(here / path.name)
        scene.operator.expect("(history-recovered)")
        scene.waitUntilStored()
        heard = {id: text for (_, id), text in scene.author.said.items()}
        assert scene.author.past("#lobby") == (heard, [])


def test_damagedRowsAreLeftOut(tmp_path: Path) -> None:
    """
    Nothing of them is logged, the lines are told to be lost, and the account is not free.
    """
    with Daemon(tmp_path) as daemon, Robot.join(daemon, "alice") as alice:
        alice.ask("/register opensesame", *(f"line {number}" for number in range(1, 6)))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as other:
        other.execute(
            "UPDATE line SET text = CAST(x'6b65657020736563726574ff' AS TEXT) WHERE id = 2"
        )
        other.execute("UPDATE line SET at = 1 << 62 WHERE id = 5")
        other.execute("UPDATE fact SET value = CAST(x'6b65657020736563726574ff' AS TEXT)")
        other.commit()
    with Daemon(tmp_path) as daemon, Robot.join(daemon, "bob") as bob:
        texts, missed = bob.past("#lobby")
        assert texts == {number: f"line {number}" for number in (1, 3, 4)}
        assert [(each["first"], each["last"], each["reason"]) for each in missed] == [
            (2, 2, "lost"),
            (5, 5, "lost"),
        ]
        assert bob.ask("/nick alice")[0]["code"] == "nick-registered"
        assert bob.ask("/login alice opensesame")[0]["code"] == "wrong-password"
        assert "the record alice cannot be read" in daemon.log
        assert "2 lines are damaged and were left out, such as 5 of #lobby" in daemon.log
        assert "Traceback" not in daemon.log
        assert "secret" not in daemon.log


# A database that cannot be used is refused, and left as it is.


def _refused(directory: Path, *options: str, command: Sequence[str] = ()) -> str:
    """
    @param command: the beginning of the command line.
    @return: the one line that says why the service does not start.
    """
    files = _files(directory)
    arguments = [TWISTD, "-n", "--pidfile=", "tcpchat", "--port", f"{freePort()}", *options]
    result = subprocess.run(
        [*command, *arguments], cwd=directory, capture_output=True, text=True, timeout=20
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    after = _files(directory)
    assert {path: after[path] for path in files} == files
    # The file that shows which daemon uses the database does not count.
    assert all(path.name.endswith(".lock") for path in after.keys() - files.keys())
    [line] = result.stderr.splitlines()
    return line.removeprefix("twistd tcpchat: ").replace(str(directory), "")


def _files(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.iterdir() if path.name != "log"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """
    @return: the file that a daemon leaves behind.
    """
    directory = tmp_path_factory.mktemp("database")
    with Daemon(directory) as daemon, daemon.join("alice") as alice:
        alice.leave()
    return (directory / DATABASE).read_bytes()


# Offsets in the header of the file: https://www.sqlite.org/fileformat.html, section 1.3.
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: b"no database, but somebody needs it\n" * 99, "it is not a database"),
        (lambda data: data[:50], "it is not a database"),
        (
            lambda data: data[:68] + bytes(4) + data[72:],
            "it belongs to another program",
        ),
        (
            lambda data: data[:60] + b"\0\0\0c" + data[64:],
            f"it is version 99, made by a newer tcpchat; this one supports versions up to {LATEST}",
        ),
        (lambda data: data[:100] + b"?" * (len(data) - 100), "database disk image is malformed"),
        (lambda data: data[:-4096], "database disk image is malformed"),
    ],
)
def test_unusableDatabaseIsRefused(
    tmp_path: Path, database: bytes, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    (tmp_path / DATABASE).write_bytes(spoil(database))
    assert _refused(tmp_path) == f"cannot open /{DATABASE}: {reason}"


@pytest.mark.parametrize("kibibytes", [0, 8, 20])
def test_fullDiskIsRefused(tmp_path: Path, kibibytes: int) -> None:
    """Ids could be given twice after a crash. Nothing is left of a database that was not made."""
    command = [requireProgram("prlimit"), f"--fsize={kibibytes << 10}"]
    line = _refused(tmp_path, command=command)
    assert line.startswith(f"cannot open /{DATABASE}: d"), line
    assert not list(tmp_path.glob("*.new*"))


def test_databaseInUseIsRefused(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, daemon.join("alice") as alice:
        assert _refused(tmp_path) == f"cannot open /{DATABASE}: another tcpchat is using it"
        alice.send("still here")
        alice.leave()


def test_readOnlyDirectoryIsRefused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    command: list[str] = []
    if not os.getuid():
        # Root may write anywhere, unless it gives that up.
        command = [requireProgram("setpriv"), "--bounding-set=-dac_override"]
    try:
        assert _refused(tmp_path, command=command).startswith("cannot keep a database in ")
    finally:
        tmp_path.chmod(0o755)


def test_missingDirectoryIsRefused(tmp_path: Path) -> None:
    line = _refused(tmp_path, "--database", f"nowhere/{DATABASE}")
    assert line == "cannot keep a database in /nowhere: there is no such directory"
