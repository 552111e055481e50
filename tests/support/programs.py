"""
The programs that tests run: those of the system, and Python.
"""

import shutil
import subprocess
import sys

import pytest

from tests.support.pages import ROOT

# Where Debian has them.
_PACKAGES = {
    "bash": "bash",
    "busybox": "busybox",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "localedef": "locales",
    "make": "make",
    "mandoc": "mandoc",
    "nc": "netcat-openbsd",
    "ncat": "ncat",
    "openssl": "openssl",
    "setpriv": "util-linux",
    "socat": "socat",
    "strace": "strace",
    "systemd-analyze": "systemd",
    "systemd-socket-activate": "systemd",
    "telnet": "telnet",
    "tmux": "tmux",
    "zsh": "zsh",
}


def requireProgram(name: str) -> str:
    """
    @param name: A program of the table above.
    @return: Its path. Without it the test is skipped, with the line that installs it.
    """
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: apt install {_PACKAGES[name]}")
    return path


def runPython(*arguments: object) -> str:
    """
    Run Python in the directory of the project.

    @return: What it has printed; it must succeed within two minutes.
    """
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout
