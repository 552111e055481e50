"""
What is told of how the keeping goes.
"""

from __future__ import annotations

from chat.session.server import Facilities
from chat.vocabulary.events import Warned


class StorageWatch:
    """
    Tells those whom it concerns; see L{chat.interfaces.HistoryObserver}.  What is for
    the log, the store itself has logged.
    """

    def __init__(self, shared: Facilities) -> None:
        """
        @param shared: knows who keeps order here.
        """
        self._shared = shared

    def stored(self, room: str, id: int) -> None:
        """See L{chat.interfaces.HistoryObserver.stored}."""
        self._shared.hub.authors.stored(room, id)

    def failing(self, reason: str) -> None:
        """See L{chat.interfaces.HistoryObserver.failing}."""
        self._shared.tellOperators(Warned("history-failing", reason))

    def recovered(self) -> None:
        """See L{chat.interfaces.HistoryObserver.recovered}."""
        self._shared.tellOperators(Warned("history-recovered"))

    def lost(self, count: int) -> None:
        """See L{chat.interfaces.HistoryObserver.lost}."""
        self._shared.counters.historyLost += count
        self._shared.tellOperators(Warned("history-lost", str(count)))
