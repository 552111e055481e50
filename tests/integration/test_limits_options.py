"""
Each limit has an option, which can be turned off, is documented, and takes no nonsense.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from subprocess import PIPE, Popen

from tests.integration.daemon import TWISTD, Daemon

# Each with its default, as the help shows it.
_LIMITS = {
    "max-line": "1024",
    "max-unended": "16K",
    "turn-lines": "32",
    "turn-bytes": "16K",
    "soft-waiting": "64K",
    "max-waiting": "256K",
    "max-waiting-all": "128M",
    "stall-timeout": "30",
    "send-buffer": "64K",
    "registration-timeout": "60",
    "idle-timeout": "1800",
    "keepalive": "60/15/4",
    "user-timeout": "60",
    "max-connections": "auto",
    "max-nameless": "512",
    "backlog": "1024",
    "max-per-address": "16",
    "connect-rate": "60",
    "line-burst": "10",
    "line-rate": "2",
    "max-behind": "60",
    "nick-rate": "3",
    "join-rate": "10",
}

# Some of each kind.
_NONSENSE = [
    ("max-line", "much"),
    ("max-waiting-all", "-1"),
    ("turn-lines", "1.5"),
    ("stall-timeout", "nan"),
    ("line-rate", "fast"),
    ("keepalive", "60/15"),
    ("max-connections", "many"),
    ("trust", "127.0.0.1/33"),
]


def test_documented(tmp_path: Path) -> None:
    command = [TWISTD, "tcpchat", "--help"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20)
    text = " ".join(result.stdout.split())
    for name, default in _LIMITS.items():
        # Up to the next option; one that is only mentioned has no =.
        [more] = re.findall(rf"--{name}= (.*?) (?:--[\w-]+=|--[\w-]+ [A-Z]|-\w,|$)", text)
        [found] = re.findall(r"\[default: ([^]]+)\]", more)
        assert _plain(found) == _plain(default), name
    assert "--trust=" in text


def _plain(value: str) -> object:
    """
    @return: What is the same for 16K, 16384 and 16384.0.
    """
    if match := re.fullmatch(r"([\d.]+)([KM]?)", value):
        return float(match[1]) * {"": 1, "K": 1024, "M": 1024 * 1024}[match[2]]
    return value


def test_nonsense(tmp_path: Path) -> None:
    """
    One line, which names the option, and a status that is not 0.
    """
    # All at a time: most of it is the start of Python.
    processes = [
        Popen(
            [TWISTD, "-n", "--pidfile=", "tcpchat", f"--{name}", value],
            cwd=tmp_path,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
        )
        for name, value in _NONSENSE
    ]
    for (name, value), process in zip(_NONSENSE, processes, strict=True):
        out, err = process.communicate(timeout=60)
        assert process.returncode != 0, (name, value)
        assert out == ""
        [line] = err.splitlines()
        assert f"--{name} " in line, (value, line)


def test_allOff(tmp_path: Path) -> None:
    """
    Without any limit it is still a chat.
    """
    off = (("--" + name, "0") for name in _LIMITS)
    with (
        Daemon(tmp_path, *(each for pair in off for each in pair)) as daemon,
        daemon.join("alice") as alice,
        daemon.join("bob") as bob,
    ):
        bob.catchUp()
        alice.send(*(f"line {number}" for number in range(1000)))
        alice.catchUp()
        assert bob.catchUp() == [f"alice: line {number}" for number in range(1000)]
        alice.leave()
        bob.leave()
