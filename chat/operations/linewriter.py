"""
Lines on their way to a file, a pipe or a terminal, which may be full, slow or stuck for ever.

Writing a line never waits: a thread carries it on, and lines beyond L{MAX_WAITING} bytes are lost.
So are those that cannot be written. Lost lines are counted, and once it is possible again one line
in their place says how many they were.

A handler of a signal may write a line while the function that it has interrupted is writing one, in
the same thread. Therefore the queue is a L{SimpleQueue}, which can be interrupted by itself, and
the lock an L{RLock}: any other would wait for itself.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, RLock, Thread
from typing import Protocol

MAX_WAITING = 8 * 1024 * 1024
"""How many bytes may wait to be written."""

_BATCH = 64 * 1024
"""
How many bytes are written together. A busy reactor lets another thread run every 5 ms, so line by
line it could not keep up.
"""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: memoryview) -> int:
        """
        As C{os.write} does. It may wait for as long as it likes.

        @raise OSError: When no byte could be written.
        """


class Watch(Protocol):
    """Is told when lines begin and cease to be lost, in whatever thread."""

    def failing(self, reason: str) -> None:
        """Lines are lost from now on."""

    def recovered(self, lost: int) -> None:
        """Lines are written again. So many were lost meanwhile."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """
    @ivar lines: How many lines it is.
    @ivar gap: Of how many lost lines it tells.
    @ivar then: Called when it has been written, or could not be.
    """

    data: bytes
    lines: int = 0
    gap: int = 0
    then: Callable[[], object] | None = None


class LineWriter:
    """
    Writes lines in a thread, in their order.

    @ivar lost: How many lines were lost, in all.
    """

    def __init__(
        self, name: str, sink: Sink, gap: Callable[[int], bytes], watch: Watch | None = None
    ) -> None:
        """
        @param name: Of the thread.
        @param gap: Makes the line that stands for so many lost ones.
        """
        self.lost = 0
        self._name = name
        self._sink = sink
        self._gap = gap
        self._watch = watch
        self._isFailing = False
        # How many lost lines the watch knows of.
        self._reported = 0
        self._queue: SimpleQueue[_Entry] = SimpleQueue()
        self._lock = RLock()
        # How many bytes wait, and how many lines were lost that no gap tells of yet. What a signal
        # handler adds at a bad moment may be missed, which matters little: it ends the process.
        self._size = 0
        self._untold = 0
        # What ends a line of which only a part was written.
        self._cut = b""
        self._thread: Thread | None = None
        self._isStopped = False

    def start(self) -> None:
        """
        Begin to write. A thread does not outlive a fork, so this is for the process that is to
        write; what came before waits.
        """
        # A thread that is stuck must not keep the process from ending.
        self._thread = Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """
        @param line: With its end. Any thread may call this, and any signal handler.
        """
        with self._lock:
            # After a loss all that waits goes first, or there would be a gap for every few lines.
            isFull = self._size + len(line) > MAX_WAITING or (self._untold and self._size)
            if not isFull:
                self._tellGap()
                self._put(_Entry(line, lines=1))
                return
            isNew = self._lose(1, 1)
        if isNew and self._watch is not None:
            self._watch.failing("it takes lines too slowly")

    def then(self, act: Callable[[], object]) -> None:
        """
        @param act: Called in the thread, after all that has come until now. It raises nothing.
        """
        with self._lock:
            self._tellGap()
            self._put(_Entry(b"", then=act))

    def flush(self, within: float) -> None:
        """
        Wait until all that has come until now is written.

        @param within: For how many seconds at most; without a thread, however long it takes.
        """
        if self._thread is None:
            while not self._queue.empty():
                self._step()
            return
        done = Event()
        self.then(done.set)
        done.wait(within)

    def stop(self, then: Callable[[], object]) -> None:
        """
        Write all that has come until now, and end the thread.

        @param then: Called in the thread, at its end.
        """

        def end() -> None:
            self._isStopped = True
            then()

        self.then(end)

    def _put(self, entry: _Entry) -> None:
        self._size += len(entry.data)
        self._queue.put(entry)

    def _tellGap(self) -> None:
        if self._untold:
            count, self._untold = self._untold, 0
            self._put(_Entry(self._gap(count), gap=count))

    def _run(self) -> None:
        while not self._isStopped:
            self._step()

    def _step(self) -> None:
        batch = self._take()
        self._write(batch)
        if (then := batch[-1].then) is not None:
            then()

    def _take(self) -> Sequence[_Entry]:
        """
        @return: Some of what waits, or the next that comes. Only the last entry may have something
            to call.
        """
        batch = [self._queue.get()]
        size = len(batch[0].data)
        while batch[-1].then is None and size < _BATCH:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                break
            size += len(batch[-1].data)
        return batch

    def _write(self, batch: Sequence[_Entry]) -> None:
        data = memoryview(self._cut + b"".join(entry.data for entry in batch))
        done, reason = 0, ""
        try:
            while done < len(data):
                done += self._sink.write(data[done:])
        except OSError as error:
            reason = error.strerror or str(error)
        end = len(self._cut)
        lines = gaps = told = 0
        for entry in batch:
            end += len(entry.data)
            if end > done:
                lines += entry.lines
                gaps += entry.gap
            else:
                told += entry.gap
        if done:
            self._cut = b"" if data[done - 1] == ord("\n") else b"\n"
        with self._lock:
            self._size -= sum(len(entry.data) for entry in batch)
            isNew = bool(reason) and self._lose(lines, lines + gaps)
            isOver = bool(told) and not self._untold
            if isOver:
                recovered = self.lost - self._reported
                self._reported = self.lost
                self._isFailing = False
        if self._watch is not None:
            if isOver:
                self._watch.recovered(recovered)
            elif isNew:
                self._watch.failing(reason)

    def _lose(self, lines: int, untold: int) -> bool:
        """
        @return: Whether none was lost before, as far as the watch knows.
        """
        isNew = not self._isFailing
        self._isFailing = True
        self.lost += lines
        self._untold += untold
        return isNew


def writeTo(descriptor: int, data: memoryview) -> int:
    """
    As C{os.write}, but wait also for a descriptor that does not block: another program that has the
    same terminal or pipe may have set it so.
    """
    while True:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            ready = select.poll()
            ready.register(descriptor, select.POLLOUT)
            ready.poll()
