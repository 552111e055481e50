"""
Which names are there that look like another one.
"""

from __future__ import annotations

from chat.vocabulary.confusables import look


class Lookalikes:
    """
    The holders of names, by what their names look like: as they are spelled, and in small letters,
    since users do not tell names by their case.  C{Ian} may be taken for C{Lan}, and for C{ɪan},
    which is like C{ian}.

    Several may look the same, since names that were given before the comparison stay.
    """

    def __init__(self) -> None:
        self._holders: dict[str, tuple[str, ...]] = {}

    def add(self, holder: str, name: str) -> None:
        """
        @param holder: whose name it is; each time it is added, it has to be removed.
        @param name: as it is spelled.
        """
        for shape in _looks(name):
            self._holders[shape] = (*self._holders.get(shape, ()), holder)

    def remove(self, holder: str, name: str) -> None:
        """
        Forget what has been added; the last holder takes the look along.
        """
        for shape in _looks(name):
            left = list(self._holders[shape])
            left.remove(holder)
            if left:
                self._holders[shape] = tuple(left)
            else:
                del self._holders[shape]

    def of(self, name: str) -> tuple[str, ...]:
        """
        @return: the holders of names that look like this one.
        """
        found = [holder for shape in _looks(name) for holder in self._holders.get(shape, ())]
        return tuple(dict.fromkeys(found))


def _looks(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((look(name), look(name.lower()))))
