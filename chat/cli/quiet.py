"""
What C{tcpchat --quiet} leaves out: all that a script hears although it has asked for
nothing and nobody has said anything, which is the greeting, the history with which
it is welcomed into a room, and the goodbye.
"""

from __future__ import annotations

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Entered,
    Event,
    Excerpt,
    Greeted,
    Missed,
    Recalled,
    SessionsChanged,
    TopicShown,
    Welcomed,
)

_GREETING = Greeted | Welcomed | Entered | TopicShown | Done | SessionsChanged
"""What is told to a session that signs on, besides the replay."""


class Quiet:
    """
    Sorts the events of one connection.

    @ivar isGreeting: whether the session still signs on.
    """

    def __init__(self) -> None:
        self.isGreeting = True
        # How many lines of a replay are still to come.  It comes in one piece.
        self._replayed: int | None = None

    def covers(self, event: Event) -> bool:
        """
        @return: whether an event is left out.
        """
        match event:
            case Excerpt(reason="replay", count=count):
                self._replayed = count
                return True
            case Recalled() if self._replayed:
                self._replayed -= 1
                return True
            case Missed() if self._replayed is not None:
                return True
            case _:
                self._replayed = None
        match event:
            case Closed(reason=reason):
                return reason in (Ending.QUIT, Ending.INPUT_CLOSED)
            case _:
                return self.isGreeting and isinstance(event, _GREETING)
