"""
The innermost loop of the service: the same bytes to many outlets.
"""

from __future__ import annotations

import os

from chat.interfaces import DirectOutlet, Outlet


class Fan:
    """
    Outlets that get the same bytes.

    Most of them keep up with what is written.  All that is looked at of such a one is the
    number of his socket: with thousands of them the memory that is touched for each is
    what costs, next to the kernel's work.

    @ivar direct: those who keep up, by the number of the socket.  Whoever cannot be
        written to in this way any more must leave at once.
    @ivar others: those who do not, or who cannot be written to in this way.
    @ivar total: how many bytes have been written to each of C{direct}, as long as he was
        among them.
    """

    __slots__ = ("direct", "others", "total")

    def __init__(self) -> None:
        self.direct: dict[int, DirectOutlet] = {}
        # A dictionary for its order.
        self.others: dict[Outlet, None] = {}
        self.total = 0

    def write(self, data: bytes) -> None:
        """
        Write to all of them.

        @param data: whole lines, with their line ends.
        """
        # Who falls behind meanwhile has got it, and is one of the others then.
        others = tuple(self.others)
        size = len(data)
        self.total += size
        direct, write = self.direct, os.write
        for number in tuple(direct):
            try:
                # A socket's own send does the same and costs a tenth more.
                sent = write(number, data)
            except OSError:
                # Full, or broken: the transport will find out which.
                sent = 0
            if sent != size:
                direct[number].fellBehind(data, sent)
        for other in others:
            other.write(data)
