"""
What holds for a whole connection, with its session and the room, whatever arrives: nothing goes
wrong inside, what others hear is clean text, and nothing is left of the user afterwards.
"""

from __future__ import annotations

from contextlib import closing

from chat.vocabulary.verbs import VERBS
from tests.fuzz.source import Source
from tests.support.faults import LOW, CheckedCrowd, CheckedPeer, Reads
from tests.support.insides import checkSettled, nicksOf
from tests.support.service import RELAXED

_NAMES = [name for verb in VERBS for name in (verb.name, *verb.aliases)]

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
    Check an input of the fuzzer: first how a connection begins, and then one step after the
    other, while a witness is there.
    """
    source = Source(data)
    kind = source.number(4)
    with closing(CheckedCrowd(LOW if kind & 2 else RELAXED)) as crowd:
        witness = crowd.connect()
        witness.asks("witness")
        stranger = crowd.connect()
        if kind & 1:
            stranger.says("alice")
        for _ in range(40):
            if not source.isLeft or not stranger.isThere:
                break
            _step(source, crowd, stranger)
            crowd.check()
            # Or the witness would be idle for too long.
            witness.asks("/ping")
        stranger.read(isAll=True)
        stranger.vanishes()
        # What has arrived is still done, at its rate, or it is given up as too far behind.
        for _ in range(20):
            crowd.turn(10.0)
            witness.asks("/ping")
        crowd.turn(10.0)
        crowd.check()
        checkSettled(crowd.service.hub)
        assert nicksOf(crowd.service) == ["witness"]
        assert witness.isThere
        assert witness.isAnswered()
        crowd.leaveAll(isPolite=True)


def _step(source: Source, crowd: CheckedCrowd, stranger: CheckedPeer) -> None:
    match source.number(8):
        case 0:
            stranger.sends(source.take(source.number(256)))
        case 1:
            name = _NAMES[source.number(len(_NAMES))]
            stranger.sends(b"/%b %b\n" % (name.encode(), source.take(source.number(64))))
        case 2:
            isReading = stranger.reads is Reads.ALL
            stranger.reads = Reads.NOTHING if isReading else Reads.ALL
        case 3:
            crowd.turn((1.0, 30.0, 120.0, 1200.0)[source.number(4)])
        case 4:
            for _ in range(source.number(8)):
                crowd.turn()
        case 5:
            stranger.finishes()
        case 6:
            stranger.vanishes()
        case 7:
            stranger.sends(source.take(source.number(64)) * (source.number(64) + 1))
    crowd.turn()
