"""
The programs of the system that tests run.
"""

import shutil

import pytest

# Where Debian has them.
_PACKAGES = {
    "ip": "iproute2",
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
