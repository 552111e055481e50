"""
What the text behind an option of the command line may be.

A type is made with the name of its option and called with the text.  It returns the value, or
raises C{UsageError} with one line for the operator.  The help shows its C{coerceDoc}.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from twisted.python.usage import UsageError

from chat.vocabulary.addresses import Network, parseNetwork
from chat.vocabulary.errors import ChatError
from chat.vocabulary.i18n import resolve
from chat.vocabulary.limits import UNLIMITED, Keepalive
from chat.vocabulary.sanitizing import clean

_MOST_DIGITS = 1000
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


@dataclass(frozen=True)
class OptionType:
    """
    A type; made with the name of an option it says what is wrong with its text.

    @ivar option: its name, without the dashes.
    """

    option: str
    coerceDoc: ClassVar[str] = ""

    def _wrong(self, why: str) -> UsageError:
        return UsageError(f"--{self.option} {why}")


@dataclass(frozen=True)
class Seconds(OptionType):
    """
    A time limit.

    @ivar most: the greatest number that makes sense.
    """

    most: float = 10**9
    coerceDoc = "Seconds; 0 for no limit."

    def __call__(self, text: str) -> float:
        seconds = _number(text)
        if not 0 <= seconds < UNLIMITED:
            raise self._wrong("is a number of seconds, 0 for no limit")
        if seconds > self.most:
            raise self._wrong(f"is at most {self.most} seconds")
        return seconds


class PerSecond(OptionType):
    """
    How often something may happen.
    """

    coerceDoc = "Times a second; 0 for no limit."

    def __call__(self, text: str) -> float:
        count = _number(text)
        # Less than once a day is as good as never.
        if count != 0 and not 1e-5 <= count <= 1e9:
            raise self._wrong("is a number a second, 0 for no limit")
        return count


@dataclass(frozen=True)
class Count(OptionType):
    """
    A whole number.

    @ivar most: the greatest number that makes sense.
    """

    most: int = 10**12
    coerceDoc = "A whole number."

    def __call__(self, text: str) -> int:
        if not _isWhole(text) or int(text) > self.most:
            raise self._wrong(f"is a whole number, at most {self.most}")
        return int(text)


@dataclass(frozen=True)
class Size(OptionType):
    """
    A number of bytes.

    @ivar most: the greatest number that makes sense.
    """

    most: int = 2**40
    coerceDoc = "Bytes, or 64K, 128M; 0 for no limit."

    def __call__(self, text: str) -> int:
        digits = text.rstrip("KMG")
        factor = _UNITS.get(text[len(digits) :])
        if factor is None or not _isWhole(digits):
            raise self._wrong("is a number of bytes such as 64K, 0 for no limit")
        if (size := int(digits) * factor) > self.most:
            raise self._wrong(f"is at most {self.most} bytes")
        return size


class KeepaliveTimes(OptionType):
    """
    When a silent connection is asked for a sign of life, and given up.
    """

    coerceDoc = "IDLE/INTERVAL/COUNT, the first two in seconds; 0 for never."

    def __call__(self, text: str) -> str:
        try:
            keepaliveFrom(text)
        except ValueError:
            raise self._wrong("is IDLE/INTERVAL/COUNT such as 60/15/4, 0 for never") from None
        return text


@dataclass(frozen=True)
class OneOf(OptionType):
    """
    One of a few words.
    """

    choices: tuple[str, ...]

    def __call__(self, text: str) -> str:
        if text not in self.choices:
            raise self._wrong(f"is one of {', '.join(self.choices)}")
        return text


class Language(OneOf):
    """
    A language, by any name that it has.
    """

    def __call__(self, text: str) -> str:
        return super().__call__(resolve(text) or text)


class ServiceName(OptionType):
    """
    What the service is called.
    """

    def __call__(self, text: str) -> str:
        name = clean(text).strip()
        if not name:
            raise self._wrong("needs a name")
        return name


@dataclass(frozen=True)
class Named(OptionType):
    """
    A name as users may write it.

    @ivar parse: makes one spelling of all; raises L{ChatError}.
    """

    parse: Callable[[str], str]

    def __call__(self, text: str) -> str:
        try:
            return self.parse(text)
        except ChatError as error:
            raise self._wrong(f"{text}: {error.code}") from error


class NetworkAddress(OptionType):
    """
    An IP address, or a network in the notation of CIDR.
    """

    def __call__(self, text: str) -> Network:
        network = parseNetwork(text, strict=True)
        if network is None:
            raise self._wrong(f"is an address or a network such as 192.0.2.0/24, not {text}")
        return network


def keepaliveFrom(text: str) -> Keepalive | None:
    """
    @param text: as L{KeepaliveTimes} takes it.
    @return: L{None} for never.
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


def _number(text: str) -> float:
    """
    @return: the number that a text says, -1 where it says none.
    """
    try:
        return float(text)
    except ValueError:
        return -1


def _isWhole(text: str) -> bool:
    """
    @return: whether a text is a whole number.  One with more digits than Python reads is too great
        in any case.
    """
    return text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS
