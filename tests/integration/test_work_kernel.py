"""
The cost of a line in system calls: one for each recipient, and none to watch sockets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.crowds import Crowd, addresses
from tests.integration.daemon import Daemon
from tests.integration.doors import Certificate, Doors
from tests.integration.peer import Peer
from tests.integration.tracer import SENDS, Call, traced

READERS = 50

# More than the kernels of the service and of a narrow peer keep, and less than makes it too slow;
# and a batch is no more than is done in one turn.
_BATCHES, _BATCH, _LINE = 17, 15, "x" * 900


class Theatre:
    """
    One user who talks, and many who listen and keep up.
    """

    def __init__(self, daemon: Daemon, crowd: Crowd) -> None:
        self._crowd = crowd
        crowd.come(addresses(READERS), b"reader%d\r\n")
        crowd.wait(lambda guest: b"/help " in guest.received)
        self._author = daemon.join("author")
        self.say("everybody has come, and everybody has heard of that")

    def say(self, *lines: str) -> None:
        """
        Say lines in one go, and wait until all have heard them, and nothing is on its way to the
        sender.
        """
        self._author.send(*lines)
        end = f"author: {lines[-1]}\r\n".encode()
        self._crowd.wait(lambda guest: guest.received.endswith(end))
        self._author.catchUp()

    def close(self) -> None:
        self._author.close()


@pytest.fixture
def hall(daemon: Daemon) -> Iterator[Theatre]:
    with Crowd(daemon.port) as crowd:
        hall = Theatre(daemon, crowd)
        yield hall
        hall.close()


def _ofTurn(calls: list[Call], first: str, last: str) -> list[Call]:
    """
    @return: the calls from the reading of the first line to the last sending of the last line.
    """
    begin = next(index for index, call in enumerate(calls) if f'"{first}' in call.arguments)
    ends = [
        index
        for index, call in enumerate(calls)
        if call.name in SENDS and f"author: {last}\\r\\n" in call.arguments
    ]
    return calls[begin + 1 : ends[-1] + 1]


def _require(calls: list[Call], lines: list[str]) -> None:
    """
    Require that each recipient got these lines by one call, in the turn in which they came, and
    that there was no other call.
    """
    turn = _ofTurn(calls, lines[0], lines[-1])
    text = "".join(f"author: {line}\\r\\n" for line in lines)
    assert {call.name for call in turn} <= set(SENDS)
    assert all(f'"{text}"' in call.arguments for call in turn)
    assert len(turn) == len({call.descriptor for call in turn}) == READERS
    assert not [call for call in calls if call.name == "epoll_ctl"]


@pytest.mark.parametrize("count", [1, 8])
def test_oneSendForEachRecipient(daemon: Daemon, hall: Theatre, tmp_path: Path, count: int) -> None:
    lines = [f"line {number} of {count}" for number in range(count)]
    with traced(daemon, tmp_path) as calls:
        hall.say(*lines)
    _require(calls, lines)


def test_oneSendForEachRecipientByTLS(
    tmp_path: Path, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """
    It is in the turn in which the line comes.
    """
    with ExitStack() as stack:
        doors = stack.enter_context(Doors(tmp_path_factory.mktemp("doors"), certificate))
        author = stack.enter_context(doors.join("author"))
        readers = [stack.enter_context(doors.connectTLS()) for _ in range(5)]
        for number, reader in enumerate(readers):
            reader.join(f"reader{number}")
        author.send("everybody has come")
        for reader in readers:
            reader.expect("everybody has come")
        author.catchUp()
        with traced(doors, tmp_path) as calls:
            author.send("one", "two")
            assert all(reader.expect("author: two") for reader in readers)
        sends = [call for call in calls if call.name in SENDS and call.result > len("author: one")]
        assert len(sends) == len({call.descriptor for call in sends}) == len(readers)
        assert not [call for call in calls if call.name == "epoll_ctl"]
        for reader in readers:
            reader.leave()


def test_onlyTheSocketOfASlowReaderIsWatched(daemon: Daemon, hall: Theatre, tmp_path: Path) -> None:
    """
    It reads nothing, and is not tried again and again.
    """
    with daemon.connectNarrow() as slow:
        _enter(slow, hall)
        with traced(daemon, tmp_path) as calls:
            for batch in range(_BATCHES):
                hall.say(*[_LINE] * _BATCH, f"batch {batch}")
        [watching] = [call for call in calls if call.name == "epoll_ctl"]
        behind = calls[calls.index(watching) :]
        assert not [call for call in behind if call.descriptor == watching.watched]
        # The slow user was written to at first, and no more long before the last batch.
        tries = [call for call in calls if call.descriptor == watching.watched]
        assert 0 < len([call for call in tries if call.name in SENDS]) < _BATCHES - 3
        # A recipient that has caught up costs no more than the others.
        slow.expect(f"batch {_BATCHES - 1}")
        slow.catchUp()
        hall.say("he is back")
        with traced(daemon, tmp_path) as calls:
            hall.say("once more")
        assert not [call for call in calls if call.name == "epoll_ctl"]


def _enter(slow: Peer, hall: Theatre) -> None:
    slow.join("slow")
    hall.say("welcome")
    slow.expect("welcome")
