"""
The port of a store.

There are two stores of the same shape: L{chat.store.sqlite.SQLiteStore} and
L{chat.store.memory.MemoryStore}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from chat.interfaces import History, HistoryObserver, Ledger
from chat.vocabulary.records import Record

OnLoaded = Callable[[Sequence[Record]], None]
"""Called with every record there is, while the store starts."""


class Store(Protocol):
    """
    A Twisted service that keeps lines, records and the ids of lines.

    @ivar history: the lines.
    @ivar ledger: the records.
    @ivar waiting: how many lines are still to be written.
    """

    history: History
    ledger: Ledger

    @property
    def waiting(self) -> int: ...

    def nextId(self, room: str) -> int:
        """
        Give away the next id of a room.  No id is given twice, not even after the process
        was killed.

        @return: one more than the last one, or 0 when none may be given because the disk
            has failed for too long.
        """

    def lastId(self, room: str) -> int:
        """
        @return: the id that was given last, or, where none was given yet, the one before
            the first.
        """

    def observe(self, observer: HistoryObserver) -> None:
        """
        Tell an observer from now on how the keeping goes.
        """

    def privilegedStartService(self) -> None:
        """
        Look, without making anything, whether the store can be opened.

        @raise chat.vocabulary.errors.CannotStart: when it cannot.
        """

    def startService(self) -> None:
        """
        Open the store.

        @raise chat.vocabulary.errors.CannotStart: when it cannot be opened.
        """

    def stopService(self) -> Deferred[None]:
        """
        Write what waits, for five seconds at most, and close the store.

        @return: fires when it is closed.  What could not be written is logged, and is no
            failure.
        """

    def setServiceParent(self, parent: Any) -> Any:
        """
        Start and stop with another service; see
        L{twisted.application.service.IService.setServiceParent}.
        """
