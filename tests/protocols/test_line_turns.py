"""Tests for L{chat.protocols.line}: how much is done in one turn, and how long a line may be."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from chat.protocols.closing import LINGER_TIMEOUT
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.service import Service

# The work of one turn.


def unpaced(**limits: Any) -> Service:
    """
    @return: A service with the limits that hold by default, but for the rate of lines and these.
    """
    return Service(limits=Limits(lineRate=UNLIMITED, **limits))


def lineCount(service: Service) -> int:
    [connection] = service.connections
    return connection.lines


@pytest.mark.parametrize(
    ("limits", "perTurn"),
    [({}, 32), ({"turnLines": 5}, 5), ({"turnLines": UNLIMITED}, 100)],
)
def test_soManyLinesAreDoneInATurn(limits: dict[str, Any], perTurn: int) -> None:
    with closing(unpaced(**limits)) as service:
        bob = service.connect("bob")
        service.say(bob, *["/ping"] * 100)
        counts = [0]
        while counts[-1] < 100:
            service.reactor.turn()
            counts.append(lineCount(service) - 1)
        assert counts == [*range(0, 100, perTurn), 100]
        delays = -(-100 // perTurn) - 1
        assert service.server.counters.delays["turn"] == delays


@pytest.mark.parametrize(
    ("limits", "perTurn"),
    [({}, 16), ({"turnBytes": 2048}, 2), ({"turnBytes": UNLIMITED}, 40)],
)
def test_soManyBytesAreLookedAtInATurn(limits: dict[str, Any], perTurn: int) -> None:
    """Lines of 1024 bytes, their ends included."""
    with closing(unpaced(turnLines=UNLIMITED, **limits)) as service:
        bob = service.connect("bob")
        service.say(bob, *["x" * 1022] * 40)
        counts = [0]
        while counts[-1] < 40:
            service.reactor.turn()
            counts.append(lineCount(service) - 1)
        assert counts == [*range(0, 40, perTurn), 40]


def test_aLineIsDoneThoughItTakesSeveralTurns() -> None:
    with closing(unpaced(turnBytes=3)) as service:
        bob = service.connect("bob")
        for _ in range(3):
            service.heard(bob)
        service.say(bob, "/ping one")
        for _ in range(4):
            service.reactor.turn()
        assert service.heard(bob) == ["--- PONG one"]


# The length of lines.


def test_withoutALimitALineMayHaveAnyLength() -> None:
    with closing(unpaced(maxLine=UNLIMITED)) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        service.heard(alice)
        service.say(bob, "x" * 16_000)
        assert service.heard(alice) == ["bob: " + "x" * 16_000]
        bob.send(b"x" * 16_385)
        assert service.heard(bob)[-1].endswith("(line-endless)")


def test_withoutALimitALineMayComeInAnyNumberOfBytes() -> None:
    with closing(unpaced(maxUnended=UNLIMITED)) as service:
        bob = service.connect("bob")
        for _ in range(10):
            bob.send(b"x" * 10_000)
            service.heard(bob)
        bob.send(b"\r\n")
        assert service.heard(bob)[-1].endswith("(line-too-long)")
        assert service.server.counters.refusals == {"line-too-long": 1}


def test_theLongestLineAndTheNext() -> None:
    with closing(unpaced(maxLine=10)) as service:
        bob = service.connect("bob")
        service.say(bob, "/ping 12", "/ping 123")
        assert [line.rpartition(" ")[2] for line in service.heard(bob)] == [
            "12",
            "(line-too-long)",
        ]


@pytest.mark.parametrize(("size", "isEndless"), [(100, False), (101, True)])
def test_theLongestBeginning(size: int, isEndless: bool) -> None:
    with closing(unpaced(maxUnended=100, maxLine=50)) as service:
        bob = service.connect("bob")
        bob.send(b"x" * size)
        assert bool(service.heard(bob)) is isEndless
        assert bob.isEnded is isEndless
        bob.finish()
        service.reactor.turn(LINGER_TIMEOUT)
        service.heard(bob)
        assert service.server.counters.endings["line-endless"] == isEndless


def test_nothingBehindTheEndIsDone() -> None:
    with closing(unpaced()) as service:
        bob = service.connect("bob")
        connection = bob.transport.protocol
        service.say(bob, "/quit", *["/ping"] * 5)
        service.heard(bob)
        assert connection.lines == len(["bob", "/quit"])
