"""
Records that an older version kept, with the folds of this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from twisted.logger import Logger

from chat.interfaces import Ledger
from chat.vocabulary.names import ROOM_MARK, fold
from chat.vocabulary.records import Account, Record, RoomRecord

_log = Logger()


def renewed(records: Sequence[Record], ledger: Ledger) -> list[Record]:
    """
    Fold the names in records anew, since a later version may take two names for the same
    that an earlier one did not.  What has another key then is kept under that one, and one
    whose key another record has already is left out, and stays in the ledger as it is.

    @param records: of all kinds, as the ledger has them.
    """
    taken = {(type(record), record.key) for record in records}
    found = []
    for record in records:
        newer = _renewed(record)
        if newer.key != record.key:
            if (type(newer), newer.key) in taken:
                _log.warn(
                    "{record} is ignored: another one has the same name",
                    event="record-unused",
                    record=record.key,
                )
                continue
            taken.add((type(newer), newer.key))
            ledger.remove(record)
            ledger.put(newer)
        found.append(newer)
    return found


def _renewed(record: Record) -> Record:
    if isinstance(record, Account):
        return replace(record, fold=fold(record.name), ignored=_folds(record.ignored))
    if isinstance(record, RoomRecord):
        return replace(
            record,
            name=ROOM_MARK + fold(record.name.removeprefix(ROOM_MARK)),
            owners=_folds(record.owners),
            guests=_folds(record.guests),
        )
    # The fold of an address is the address.
    return replace(record, target=fold(record.target))


def _folds(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(fold, names)))
