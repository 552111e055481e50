"""Tests for L{chat.cli.tty}, with a real pseudo-terminal."""

import errno
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
    """A pseudo-terminal, a L{Terminal} on it, and what it has told."""

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
        """@return: what the screen has got since the last time."""
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


def test_everyKeyArrivesAtOnce(device: Device) -> None:
    """None is echoed, and none is a signal."""
    device.terminal.enter()
    assert device.shown() == b"\x1b[?2004h"
    os.write(device.master, b"a\x03\r\x1a\x04")
    assert device.world.readers == {device.terminal}
    assert device.terminal.doRead() is None
    assert device.typed == [b"a\x03\r\x1a\x04"]
    assert device.shown() == b""


def test_leavingRestoresTheTerminal(device: Device) -> None:
    """Everything is written before; leaving again changes nothing."""
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


def test_whatAnotherProgramChangedIsRestored(device: Device) -> None:
    device.terminal.enter()
    device.terminal.leave()
    changed = device.attributes()
    changed[3] &= ~termios.ECHO
    termios.tcsetattr(device.slave, termios.TCSANOW, changed)
    device.terminal.enter()
    # SIGCONT may come without a suspend before.
    device.terminal.enter()
    device.terminal.leave()
    assert device.attributes() == changed


def test_takingTheTerminalFromTheBackgroundWaitsForTheForeground(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the shell changed until then is restored."""
    changed = device.attributes()
    changed[3] &= ~termios.ECHO
    change = termios.tcsetattr

    def interrupted(*given: Any) -> None:
        monkeypatch.undo()
        change(device.slave, termios.TCSANOW, changed)
        raise termios.error(errno.EINTR, "Interrupted system call")

    monkeypatch.setattr(termios, "tcsetattr", interrupted)
    device.terminal.enter()
    assert device.attributes() != changed
    assert device.world.readers == {device.terminal}
    device.terminal.leave()
    assert device.attributes() == changed


def test_aTerminalThatCannotBeTakenHasHungUp(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is so without a shell that could bring the process to the foreground."""

    def failing(*given: Any) -> None:
        raise termios.error(errno.EIO, "Input/output error")

    monkeypatch.setattr(termios, "tcsetattr", failing)
    device.terminal.enter()
    assert device.hangUps == 1
    assert not device.world.readers
    assert not device.terminal.isRaw


def test_sharedFileStaysBlocking(device: Device) -> None:
    """The shell reads from it."""
    device.terminal.enter()
    assert os.get_blocking(device.slave)
    assert not os.get_blocking(device.terminal.fileno())


def test_columns(device: Device) -> None:
    """A terminal that does not know its width is 80 wide."""
    assert device.terminal.columns == 80
    fcntl.ioctl(device.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 37, 0, 0))
    assert device.terminal.columns == 37


def test_hangingUpIsToldOnce(device: Device) -> None:
    """Nothing breaks afterwards."""
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


def test_leavingATerminalThatHasHungUp(device: Device) -> None:
    device.terminal.enter()
    os.close(device.master)
    device.terminal.leave()
    device.master = os.open(os.devnull, os.O_RDONLY)


def test_producerIsPausedWhileTheTerminalIsSlow(device: Device) -> None:
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


def test_whatIsNoTerminalIsRefused() -> None:
    reading, writing = os.pipe()
    with pytest.raises(OSError, match=r"."):
        Terminal(World(), lambda data: None, lambda: None, reading)
    os.close(reading)
    os.close(writing)
