"""
What makes values of the text behind an option of the command line.

Each is made with the name of its option, and called with the text; it raises
C{UsageError}, with one line for the operator, where that will not do.
"""

from __future__ import annotations

from twisted.python.usage import UsageError

from chat.vocabulary.addresses import Network, parseNetwork
from chat.vocabulary.limits import UNLIMITED, Keepalive

_MOST_DIGITS = 1000
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


class Seconds:
    """
    A time limit.
    """

    coerceDoc = "Seconds; 0 for no limit."

    def __init__(self, option: str, most: float = 10**9) -> None:
        """
        @param most: the greatest number that makes sense.
        """
        self._option = option
        self._most = most

    def __call__(self, text: str) -> float:
        seconds = _number(text)
        if not 0 <= seconds < UNLIMITED:
            raise UsageError(f"--{self._option} is a number of seconds, 0 for no limit")
        if seconds > self._most:
            raise UsageError(f"--{self._option} is at most {self._most} seconds")
        return seconds


class PerSecond:
    """
    How often something may happen.
    """

    coerceDoc = "Times a second; 0 for no limit."

    def __init__(self, option: str) -> None:
        self._option = option

    def __call__(self, text: str) -> float:
        count = _number(text)
        # What is allowed less than once a day is not allowed.
        if count != 0 and not 1e-5 <= count <= 1e9:
            raise UsageError(f"--{self._option} is a number a second, 0 for no limit")
        return count


class Count:
    """
    A whole number.
    """

    coerceDoc = "A whole number."

    def __init__(self, option: str, most: int = 10**12) -> None:
        """
        @param most: the greatest number that makes sense.
        """
        self._option = option
        self._most = most

    def __call__(self, text: str) -> int:
        if not _isWhole(text) or int(text) > self._most:
            raise UsageError(f"--{self._option} is a whole number, at most {self._most}")
        return int(text)


class Size:
    """
    A number of bytes.
    """

    coerceDoc = "Bytes, or 64K, 128M; 0 for no limit."

    def __init__(self, option: str, most: int = 2**40) -> None:
        """
        @param most: the greatest number that makes sense.
        """
        self._option = option
        self._most = most

    def __call__(self, text: str) -> int:
        digits = text.rstrip("KMG")
        factor = _UNITS.get(text[len(digits) :])
        if factor is None or not _isWhole(digits):
            raise UsageError(f"--{self._option} is a number of bytes such as 64K, 0 for no limit")
        if (size := int(digits) * factor) > self._most:
            raise UsageError(f"--{self._option} is at most {self._most} bytes")
        return size


class KeepaliveTimes:
    """
    When a silent connection is asked for a sign of life, and given up.
    """

    coerceDoc = "IDLE/INTERVAL/COUNT, the first two in seconds; 0 for never."

    def __init__(self, option: str) -> None:
        self._option = option

    def __call__(self, text: str) -> str:
        try:
            keepaliveFrom(text)
        except ValueError:
            raise UsageError(
                f"--{self._option} is IDLE/INTERVAL/COUNT such as 60/15/4, 0 for never"
            ) from None
        return text


def keepaliveFrom(text: str) -> Keepalive | None:
    """
    @raise ValueError: when it is none that the kernel would take.
    """
    if text == "0":
        return None
    if not text.isascii():
        raise ValueError(text)
    idle, interval, count = (int(part) for part in text.split("/"))
    # The most that Linux takes (tcp(7), TCP_KEEPIDLE and the others).
    if not (0 < idle < 32768 and 0 < interval < 32768 and 0 < count < 128):
        raise ValueError(text)
    return Keepalive(idle, interval, count)


def networkFrom(option: str, text: str) -> Network:
    """
    @param text: an IP address, or a network in CIDR notation.
    @raise UsageError: when it is neither.
    """
    network = parseNetwork(text, strict=True)
    if network is None:
        raise UsageError(f"--{option} is an address or a network such as 192.0.2.0/24, not {text}")
    return network


def _number(text: str) -> float:
    """
    @return: what the text says, -1 where that is no number.
    """
    try:
        return float(text)
    except ValueError:
        return -1


def _isWhole(text: str) -> bool:
    """
    Whether a text is a whole number.  What Python would not make one of is too
    great in any case.
    """
    return text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS
