"""
A reactor for services that are called from signal handlers.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock


class SignalReactor(Clock):
    """
    A clock that keeps calls from other threads, and from signal handlers, until its turn comes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[[], object]) -> None:
        self.asked.append(call)

    def turn(self) -> None:
        asked, self.asked = self.asked, []
        for call in asked:
            call()
