"""
A witness of the database, in the lock file beside it.

A database that comes back from a backup does not know that it is old, and would give numbers to
lines again.  So the lock file, which backups leave alone, has in one line of text

    - the word of the last opening, and how many lines were ever stored by then: by these a database
      is told from an older one,
    - a number that is at least as great as any mark of a room; see L{chat.store.numbering},
    - the last time of day that was trusted, in microseconds since 1970; see
      L{chat.vocabulary.trusted}.

It is written after each batch, and reaches the disk when the system likes: after a power cut it may
be behind the database, never before it.  Where it is lost, only this protection is.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import astuple, dataclass

from chat.store.database import MAX_NUMBER, isNumber
from chat.store.numbering import RESERVE

_WIDTH = 127

_SANE = MAX_NUMBER // 2
"""
What is greater is damaged: behind this there are more numbers than ever will be given.  Only where
the service itself has begun shortly before it and gone on, it is not.
"""

_LARGEST = MAX_NUMBER // 4 * 3


@dataclass(frozen=True, slots=True)
class Witness:
    """
    @ivar word: see C{opening} in the schema; empty if nothing is known.
    @ivar lines: the place of the last line among those of all rooms.
    @ivar top: no number that was given is greater, by more than a reserve.
    @ivar seen: the last time that was trusted, in microseconds since 1970; 0 if none.
    """

    word: str = ""
    lines: int = 0
    top: int = 0
    seen: int = 0

    @property
    def mostNumbers(self) -> int:
        """The greatest number of a line that is believed: no start or batch adds more."""
        return max(_SANE, self.top + 2 * RESERVE)

    @property
    def mostPlaces(self) -> int:
        """The greatest place that is believed, likewise."""
        return max(_SANE, self.lines + RESERVE)

    def isOlder(self, word: object, lines: int) -> bool:
        """
        @return: whether a database is not the one that was written last, or is an earlier copy of
            it.
        """
        return self.word != "" and (word != self.word or lines < self.lines)


def readWitness(file: int) -> Witness:
    """
    @param file: a descriptor of the lock file.
    @return: an empty one where nothing that makes sense is written.
    """
    try:
        word, *numbers = os.pread(file, _WIDTH, 0).decode("ascii").split()
        lines, top, seen = (int(number) for number in numbers)
    except (OSError, ValueError):
        return Witness()
    witness = Witness(word, lines, top, seen)
    return witness if all(isNumber(each, _LARGEST) for each in (lines, top, seen)) else Witness()


def writeWitness(file: int, witness: Witness) -> None:
    """
    @raise OSError: when that is impossible.
    """
    text = " ".join(map(str, astuple(witness)))
    os.pwrite(file, f"{text:{_WIDTH}}\n".encode("ascii"), 0)


def lastPlace(connection: sqlite3.Connection, witness: Witness) -> int:
    """
    @return: the place of the line that was stored last among those of all rooms, also if that line
        is gone.
    """
    # Either of them may be damaged.
    [last] = connection.execute(
        "SELECT ifnull(max(seq), 0) FROM ("
        " SELECT max(seq) AS seq FROM line WHERE seq <= ?1 UNION ALL"
        " SELECT seq FROM sqlite_sequence"
        " WHERE name = 'line' AND typeof(seq) = 'integer' AND seq <= ?1)",
        (witness.mostPlaces,),
    ).fetchone()
    return int(last)
