"""
The message of the day, out of its file.
"""

from __future__ import annotations

from chat.vocabulary.errors import CannotRead
from chat.vocabulary.sanitizing import clean

MAX_BYTES = 64 * 1024
"""How long the file may be: everybody who comes is told all of it."""


def readMOTD(path: str) -> str:
    """
    Read the file.  This waits for the disk.

    @param path: of a text in UTF-8.
    @return: its lines as they may be shown, parted by a line feed, without one
        at the end.
    @raise CannotRead: when it cannot be read, is longer than L{MAX_BYTES} or is
        not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise CannotRead(f"{path}: longer than {MAX_BYTES} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CannotRead(f"{path}: not UTF-8") from error
    return "\n".join(clean(line) for line in text.splitlines())
