"""
Kill a process that stores lines, again and again, and look what is there afterwards.

C{python -m tests.support.killing PATH TIMES SEED MEMORY} prints one JSON object: which ids each
process gave, which lines it was told are stored, and what is in the store in the end.  The
processes are forks of this one, since starting Python takes longer than they live.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

# Loads all that a reactor needs without making one, which the forks would share.
import twisted.internet.default  # noqa: F401

from chat.store import flushing
from chat.store.sqlite import SQLiteStore
from chat.vocabulary.events import Said
from tests.support.stores import SQLiteStage, now

ROOMS = ["#a", "#b", "#c"]


def live(path: str, life: int, output: int, memory: str) -> None:
    """
    Append lines until the process is killed, or in some lives for a while.

    @param output: a file descriptor, to which each id that is given is written, and each
        line that is stored.
    """
    from twisted.internet import reactor
    from twisted.internet.task import LoopingCall

    # So that there are many batches in a short life.
    flushing.COLLECT = 0.003
    rng = random.Random(life)

    class Observer:
        def stored(self, room: str, id: int) -> None:
            os.write(output, f"stored {room} {id}\n".encode())

    store = SQLiteStore(path, reactor, lambda records: None, memory=memory)
    store.observe(Observer())  # type: ignore[arg-type]
    store.startService()

    def talk() -> None:
        for _ in range(rng.randrange(8)):
            room = rng.choice(ROOMS)
            id = store.nextId(room)
            os.write(output, f"given {room} {id}\n".encode())
            text = f"{life} {room} {id} " + "x" * rng.randrange(300)
            store.history.append(Said(room, id, datetime.now(UTC), "alice", text))

    talking = LoopingCall(talk)
    talking.start(0.001)
    if life % 2:
        reactor.callLater(0.005, talking.stop)  # type: ignore[attr-defined]
    reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]


def kill(path: str, life: int, after: float, memory: str) -> list[str]:
    """
    Let a process live for so many seconds.

    @return: what it wrote, each when it had become true.
    """
    reading, output = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            live(path, life, output, memory)
        finally:
            os._exit(1)
    os.close(output)
    with open(reading, "rb") as stream:
        # Mostly its life begins when the store is open; some are killed before that.
        end = time.monotonic() + after
        first = stream.readline() if life % 5 else b""
        time.sleep(max(0.0, end - time.monotonic()) if not first else after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = (first + stream.read()).decode()
    return [line for line in told.splitlines(True) if line.endswith("\n")]


def stored(path: Path) -> Iterator[tuple[str, int, str]]:
    """
    @return: the rooms, ids and texts of all lines.
    """
    stage = SQLiteStage(path)
    for room in ROOMS:
        for line in now(stage.history.after(room, 0, 1_000_000)).lines:
            yield room, line.id, line.text
    stage.stop()


def main(path: str, times: int, seed: int, memory: str) -> None:
    rng = random.Random(seed)
    lives = [kill(path, life, rng.random() * 0.08, memory) for life in range(times)]
    print(json.dumps({"lives": lives, "stored": list(stored(Path(path)))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
