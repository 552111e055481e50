"""
The innermost loop of the service: the same bytes to many outlets.
"""

from __future__ import annotations

import os

from chat.interfaces import DirectOutlet, Outlet, OutletGroup


class Fan(OutletGroup):
    """
    Outlets that get the same bytes.

    Most of them keep up with what is written.  Of these, nothing is looked at but the file
    descriptor: with thousands of them, next to the work of the kernel, it is the memory
    touched for each that costs.
    """

    __slots__ = ("direct", "others", "total")

    def __init__(self) -> None:
        self.direct: dict[int, DirectOutlet] = {}
        # A dict, which keeps the order.
        self.others: dict[Outlet, None] = {}
        self.total = 0

    def write(self, data: bytes) -> None:
        """
        Write to all outlets.

        @param data: whole lines, with their line ends.
        """
        # An outlet that falls behind meanwhile becomes one of the others, and has its bytes.
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
