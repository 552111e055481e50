"""
Which names are there that look like another one.
"""

from __future__ import annotations

from collections.abc import Iterable


class Lookalikes:
    """
    The holders of names, by what their names look like.

    Several may look the same, since names that were given before the comparison stay.
    """

    def __init__(self) -> None:
        self._holders: dict[str, tuple[str, ...]] = {}

    def add(self, holder: str, looks: Iterable[str]) -> None:
        """
        @param holder: whose name it is; each time it is added, it has to be removed.
        @param looks: see L{chat.vocabulary.confusables}.
        """
        for look in looks:
            self._holders[look] = (*self._holders.get(look, ()), holder)

    def remove(self, holder: str, looks: Iterable[str]) -> None:
        """
        Forget what has been added; the last holder takes the look along.
        """
        for look in looks:
            left = list(self._holders[look])
            left.remove(holder)
            if left:
                self._holders[look] = tuple(left)
            else:
                del self._holders[look]

    def of(self, look: str) -> tuple[str, ...]:
        """
        @return: the holders of names that look like this.
        """
        return self._holders.get(look, ())
