"""
No two options may name one file: a transcript would be appended to the database, or the log to the
message that all users are shown.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable


def requireDistinct(files: Iterable[tuple[str, str]]) -> None:
    """
    @param files: The option that names each file, or has it beside its own, and its path.
    @raise ValueError: When two options have one file, by whatever paths. Devices and pipes are
        there to be shared.
    """
    users: dict[object, str] = {}
    for option, path in files:
        user = users.setdefault(_identity(path), option)
        if user != option:
            raise ValueError(f"{user} and {option} use the same file, {path}")


def _identity(path: str) -> object:
    """
    @return: What is equal for two paths of one file, also of one that is yet to be made.
    """
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else object()
