"""
Certificates as people have them, as C{openssl s_client} sees them.
"""

from __future__ import annotations

import fcntl
import pty
import select
import signal
import subprocess
import termios
from pathlib import Path

from cryptography.hazmat.primitives.serialization import PrivateFormat

from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.kernel import eventually
from tests.support.programs import requireProgram
from tests.support.secure import Authority

_PHRASE = "has a pass phrase, and the service cannot ask for it"


def _shown(port: int, host: str, root: Path) -> tuple[int, bool]:
    """
    @param root: What the client trusts.
    @return: How many certificates a client is sent, and whether it trusts them.
    """
    command = ["s_client", "-connect", f"127.0.0.1:{port}", "-servername", host, "-showcerts"]
    result = subprocess.run(
        [requireProgram("openssl"), *command, "-CAfile", root, "-verify_hostname", host],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )
    text = result.stdout
    return text.count("BEGIN CERTIFICATE"), "Verify return code: 0 (ok)" in text


def test_filesAreAsPeopleHaveThem(tmp_path: Path) -> None:
    """
    The whole chain is sent. Files that cannot be used later change nothing.
    """
    root = Authority("root")
    middle = Authority("middle", root)
    own, other = (Authority("host", middle, [host]) for host in ("chat.test", "other.test"))
    trusted, key, chain = (tmp_path / name for name in ("root", "key", "fullchain"))
    trusted.write_bytes(root.pem)
    key.write_bytes(own.private())
    # The order is wrong.
    chain.write_bytes(root.pem + middle.pem + own.pem)
    directory = tmp_path / "hosts"
    directory.mkdir()
    (directory / "1.pem").write_bytes(own.private() + own.pem + middle.pem)
    (directory / "2.pem").write_bytes(other.private() + other.pem + middle.pem)
    one, many = freePort(), freePort()
    ports = (
        *("--port", f"ssl:{one}:interface=127.0.0.1:privateKey={key}:certKey={chain}"),
        *("--port", f"tls:{directory}:{many}:interface=127.0.0.1"),
    )

    def areShown() -> None:
        assert _shown(one, "chat.test", trusted) == (3, True)
        assert _shown(many, "chat.test", trusted) == (2, True)
        assert _shown(many, "other.test", trusted) == (2, True)

    with Daemon(tmp_path / "daemon", *ports) as daemon:
        areShown()
        key.write_bytes(own.private(b"secret"))
        (directory / "1.pem").unlink()
        (directory / "2.pem").write_bytes(other.private(b"secret"))
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "cannot reload" in daemon.log)
        [line] = [line for line in daemon.log.splitlines() if "cannot reload" in line]
        assert line.endswith(
            f" cannot reload certificates: ssl:{one}: the private key in {key} {_PHRASE}; "
            f"tls:{many}: the private key in {directory}/2.pem {_PHRASE}"
        )
        areShown()


def test_nobodyIsAskedForAPassPhrase(tmp_path: Path) -> None:
    """
    Not even where the service has a terminal.
    """
    own = Authority("own")
    path = tmp_path / "server.pem"
    path.write_bytes(own.pem + own.private(b"secret", PrivateFormat.TraditionalOpenSSL))
    terminal, end = pty.openpty()
    with open(terminal, "rb", 0), open(end, "rb", 0):
        result = subprocess.run(
            [TWISTD, "--nodaemon", "--pidfile=", "tcpchat", "--port", f"ssl:0:privateKey={path}"],
            cwd=tmp_path,
            stdin=end,
            capture_output=True,
            text=True,
            timeout=30,
            start_new_session=True,
            # Make it the terminal of the session.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        asked, _, _ = select.select([terminal], [], [], 0)
    assert asked == []
    assert result.returncode == 1
    assert result.stderr == (
        f"twistd tcpchat: cannot use --port ssl:0:privateKey={path}: the private key in {path} "
        f"{_PHRASE}; see twistd tcpchat --help\n"
    )
