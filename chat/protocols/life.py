"""
The life of one connection, as it is told when it has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chat.vocabulary.endings import Ending


@dataclass(slots=True)
class Life:
    """
    What is known of a connection.

    @ivar peer: who it is, for the log.
    @ivar address: from where it comes: an IP address, or C{unix}.
    @ivar origin: see L{chat.protocols.admission.Admission}.
    @ivar opened: when it began.
    @ivar began: the same, in seconds of the clock.
    @ivar named: how many seconds later there was a nickname, if there was one.
    @ivar lines: how many came.
    @ivar bytesIn: how many came.
    @ivar ending: why it is no more, if the service did not end it.
    """

    peer: str
    address: str
    origin: str
    opened: datetime
    began: float
    named: float | None = None
    lines: int = 0
    bytesIn: int = 0
    ending: Ending = Ending.CONNECTION_LOST
