"""
What holds for a whole connection, with its session and the room, whatever the peer sends and does:
nothing goes wrong inside, what others hear is clean text, and nothing is left of him afterwards.
"""

from __future__ import annotations

import json
import re
from contextlib import closing

from twisted.logger import LogLevel, capturedLogs

from chat.vocabulary.limits import Limits
from chat.vocabulary.verbs import VERBS
from tests.fuzz.source import Source
from tests.fuzz.text import checkSafe
from tests.support.doubles import HandPeer
from tests.support.service import RELAXED, Service
from tests.vocabulary.test_commands_fuzz import checkHub

_NAMES = [name for verb in VERBS for name in (verb.name, *verb.aliases)]
_REPLY = re.compile(rb"\xff[\xfb-\xfe].", re.DOTALL)
_BELL = "\a"

SEEDS = [
    b"",
    b"\x01" + bytes((0, 7)) + b"hello\r\n" + bytes((4, 1)),
    b"\x00"
    + bytes((0, 8))
    + b"alice\r\n\n"
    + bytes((0, 12))
    + b"/me waves\xff\xf6\n"
    + bytes((5,)),
    b"\x01" + bytes((1, 9, 1, 4)) + b"#tea" + bytes((1, 4, 3)) + b"w x" + bytes((6,)),
    b"\x01" + bytes((0, 5)) + b"\xff\xf4\xff\xfd\x06" + bytes((3, 2, 3, 0)),
    b"\x01" + bytes((1, 40, 4)) + b"json" + bytes((0, 5)) + b"\xff\xfa\x18\xff\xf0" + bytes((4, 3)),
    b"\x03" + bytes((7, 1, 6, 2)) + b"hi" * 3 + bytes((2, 2, 3, 1, 5)),
    b"\x00" + bytes((0, 20)) + b"GET / HTTP/1.1\r\n\r\n\r\n",
]


def oneInput(data: bytes) -> None:
    """
    Try what a fuzzer has thought of: first who it is, and then one step after the other.
    """
    source = Source(data)
    kind = source.number(4)
    with (
        closing(Service(limits=Limits() if kind & 2 else RELAXED)) as service,
        capturedLogs() as logs,
    ):
        witness = service.connect("witness")
        stranger = _Stranger(service, isNamed=bool(kind & 1))
        for _ in range(40):
            if not source.isLeft or stranger.isGone:
                break
            if stranger.step(source):
                _ask(witness, service)
            else:
                _hear(witness, service)
        stranger.leave()
        _checkAfterwards(service, witness)
    bad = [each for each in logs if each["log_level"] >= LogLevel.error]
    assert not bad, bad


class _Stranger:
    """
    Somebody who does what the fuzzer says.
    """

    def __init__(self, service: Service, isNamed: bool) -> None:
        self.isGone = False
        self._service = service
        self._peer = service.reactor.connect(service.factory.buildProtocol(None))
        self._isReading = True
        self._heard = b""
        if isNamed:
            self._send(b"alice\n")
        service.reactor.turn()

    def step(self, source: Source) -> int:
        """
        @return: How many seconds have passed meanwhile.
        """
        seconds = 0
        match source.number(8):
            case 0:
                self._send(source.take(source.number(256)))
            case 1:
                name = _NAMES[source.number(len(_NAMES))]
                rest = source.take(source.number(64))
                self._send(b"/%b %b\n" % (name.encode(), rest))
            case 2:
                self._isReading = not self._isReading
            case 3:
                seconds = (1, 30, 120, 1200)[source.number(4)]
            case 4:
                for _ in range(source.number(8)):
                    self._service.reactor.turn()
            case 5:
                self._finish()
            case 6:
                self.leave()
            case 7:
                self._send(source.take(source.number(64)) * (source.number(64) + 1))
        self._service.reactor.turn(seconds)
        self._read()
        return seconds

    def leave(self) -> None:
        if not self.isGone:
            self._isReading = True
            self._read()
            self.isGone = True
            self._peer.close()

    def _send(self, data: bytes) -> None:
        try:
            self._peer.send(data)
        except (BrokenPipeError, ConnectionResetError, BlockingIOError, AssertionError):
            # He was told that it is over and went on talking, or nobody reads him.
            self._read()

    def _finish(self) -> None:
        self._peer.finish()

    def _read(self) -> None:
        if self.isGone or not self._isReading:
            return
        try:
            while data := self._peer.read():
                self._heard += data
        except ConnectionResetError:
            self.isGone = True
        *lines, self._heard = _REPLY.sub(b"", self._heard).split(b"\r\n")
        for line in lines:
            _checkLine(line.decode().removesuffix(_BELL))


def _hear(peer: HandPeer, service: Service) -> None:
    service.reactor.turn()
    for line in peer.take():
        _checkLine(line)


def _ask(peer: HandPeer, service: Service) -> None:
    """
    Have somebody speak, who else would be idle for too long.
    """
    service.say(peer, "/ping")
    lines = service.heard(peer)
    assert "--- PONG" in lines
    for line in lines:
        _checkLine(line)


def _checkLine(line: str) -> None:
    checkSafe(line)
    assert "internal-error" not in line
    if line.startswith("{"):
        assert json.loads(line)["event"]


def _checkAfterwards(service: Service, witness: HandPeer) -> None:
    # What he has sent is still done, at its rate; or he is far behind, and thrown out.
    for _ in range(20):
        service.reactor.turn(10)
        _ask(witness, service)
    checkHub(service.hub)
    assert [member.nick for member in service.hub.nicknames.members] == ["witness"]
    assert service.heard(witness) == []
    service.say(witness, "/ping still")
    assert service.heard(witness) == ["--- PONG still"]
    witness.close()
    for _ in range(8):
        service.reactor.turn(10)
    assert not service.hub.nicknames.members
    assert not service.reactor.getDelayedCalls()
