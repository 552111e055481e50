"""Tests for L{chat.cli.tty}, with a real pseudo-terminal."""

import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from chat.cli.tty import Terminal
from tests.support.clients import World


class Device:
    """A pseudo-terminal, a L{Terminal} on it, and what it told."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.world = World()
        self.typed: list[bytes] = []
        self.hangUps = 0
        self.terminal = Terminal(self.world, self.typed.append, self.hungUp, self.slave)

    def hungUp(self) -> None:
        self.hangUps += 1

    def turn(self) -> None:
        """Let the reactor write what waits."""
        for writer in list(self.world.writers):
            writer.doWrite()

    def shown(self) -> bytes:
        """What the screen has got since the last time."""
        os.set_blocking(self.master, False)
        data = b""
        with suppress(BlockingIOError):
            while True:
                self.turn()
                data += os.read(self.master, 100_000)
        return data

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.terminal.close()
    os.close(device.slave)
    os.close(device.master)


def test_raw(device: Device) -> None:
    """Every key comes at once, none is echoed, none is a signal."""
    device.terminal.enter()
    assert device.shown() == b"\x1b[?2004h"
    os.write(device.master, b"a\x03\r\x1a\x04")
    assert device.world.readers == {device.terminal}
    assert device.terminal.doRead() is None
    assert device.typed == [b"a\x03\r\x1a\x04"]
    assert device.shown() == b""


def test_restored(device: Device) -> None:
    """Leaving gives it back as it was, with everything written, twice or once."""
    device.terminal.enter()
    assert device.attributes() != device.before
    device.terminal.write(b"bye")
    device.terminal.leave()
    assert device.attributes() == device.before
    assert device.shown() == b"\x1b[?2004hbye\x1b[?2004l"
    device.terminal.leave()
    device.terminal.close()
    device.terminal.close()
    assert device.shown() == b""
    assert not device.world.readers
    assert not device.world.writers


def test_enterAgain(device: Device) -> None:
    """What was changed while it was not ours is what it goes back to."""
    device.terminal.enter()
    device.terminal.leave()
    changed = device.attributes()
    changed[3] &= ~termios.ECHO
    termios.tcsetattr(device.slave, termios.TCSANOW, changed)
    device.terminal.enter()
    # SIGCONT may come although nobody has left.
    device.terminal.enter()
    device.terminal.leave()
    assert device.attributes() == changed


def test_othersStayBlocking(device: Device) -> None:
    """The file that is shared with the shell does not become non-blocking."""
    device.terminal.enter()
    assert os.get_blocking(device.slave)
    assert not os.get_blocking(device.terminal.fileno())


def test_columns(device: Device) -> None:
    """It knows how wide it is; one that does not is 80 wide."""
    assert device.terminal.columns == 80
    fcntl.ioctl(device.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 37, 0, 0))
    assert device.terminal.columns == 37


def test_hangUp(device: Device) -> None:
    """When it hangs up it is told once, and nothing breaks."""
    device.terminal.enter()
    device.turn()
    os.close(device.master)
    reason = device.terminal.doRead()
    assert reason is not None
    device.terminal.connectionLost(reason)
    device.terminal.connectionLost(reason)
    assert device.hangUps == 1
    assert device.terminal.fileno() == -1
    device.terminal.write(b"into nothing")
    device.terminal.enter()
    device.terminal.leave()
    assert device.terminal.columns == 80
    device.master = os.open(os.devnull, os.O_RDONLY)


def test_hangUpWhileLeaving(device: Device) -> None:
    """Neither does leaving one that has hung up."""
    device.terminal.enter()
    os.close(device.master)
    device.terminal.leave()
    device.master = os.open(os.devnull, os.O_RDONLY)


def test_slow(device: Device) -> None:
    """Who writes more than the terminal takes is paused, and resumed in time."""
    calls: list[str] = []

    class Producer:
        def pauseProducing(self) -> None:
            calls.append("pause")

        def resumeProducing(self) -> None:
            calls.append("resume")

    device.terminal.enter()
    device.terminal.setProducer(Producer())
    data = b"x" * 1000
    written = 0
    while not calls:
        device.terminal.write(data)
        written += len(data)
    assert len(device.shown()) == len(b"\x1b[?2004h") + written
    assert calls == ["pause", "resume"]
    assert not device.world.writers


def test_noTerminal() -> None:
    """What is no terminal is refused."""
    reading, writing = os.pipe()
    with pytest.raises(OSError, match=r"."):
        Terminal(World(), lambda data: None, lambda: None, reading)
    os.close(reading)
    os.close(writing)
