"""
The types of options: each makes a value of the text behind an option of the command line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.python.usage import UsageError

from chat.vocabulary.addresses import Network, parseNetwork
from chat.vocabulary.errors import ChatError
from chat.vocabulary.i18n import LANGUAGES, resolve
from chat.vocabulary.limits import UNLIMITED, Keepalive
from chat.vocabulary.sanitizing import clean

_MOST_DIGITS = 1000
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


@dataclass(frozen=True)
class OptionType:
    """
    Makes a value of the text behind an option.

    @ivar parse: returns the value; raises L{ValueError}, which says what is wrong in one line, or
        L{ChatError}.
    @ivar value: what stands for the value in the help.
    @ivar option: the name of the option, without dashes.
    """

    parse: Callable[[str], Any]
    value: str = "TEXT"
    option: str = ""

    def __call__(self, text: str) -> Any:
        """
        @raise UsageError: with one line for the operator, when the text will not do.
        """
        try:
            return self.parse(text)
        except ChatError as error:
            raise UsageError(f"--{self.option} {text}: {error.code}") from error
        except ValueError as error:
            raise UsageError(f"--{self.option} {error}") from None


def secondsUpTo(most: float) -> OptionType:
    """
    A time limit.

    @param most: the greatest number that makes sense.
    """

    def parse(text: str) -> float:
        seconds = _number(text)
        if not 0 <= seconds < UNLIMITED:
            raise ValueError("must be a number of seconds, or 0 for no limit")
        if seconds > most:
            raise ValueError(f"must be at most {most} seconds")
        return seconds

    return OptionType(parse, "SECONDS")


def countUpTo(most: int) -> OptionType:
    """
    A whole number.

    @param most: the greatest that makes sense.
    """

    def parse(text: str) -> int:
        if not _isWhole(text) or int(text) > most:
            raise ValueError(f"must be a whole number, at most {most}")
        return int(text)

    return OptionType(parse, "NUMBER")


def sizeUpTo(most: int) -> OptionType:
    """
    A number of bytes.

    @param most: the greatest that makes sense.
    """

    def parse(text: str) -> int:
        digits = text.rstrip("KMG")
        factor = _UNITS.get(text[len(digits) :])
        if factor is None or not _isWhole(digits):
            raise ValueError("must be a number of bytes such as 64K, or 0 for no limit")
        if (size := int(digits) * factor) > most:
            raise ValueError(f"must be at most {most} bytes")
        return size

    return OptionType(parse, "BYTES")


def oneOf(*choices: str) -> OptionType:
    """
    One of a few words.
    """

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return OptionType(parse, "|".join(choices))


def keepaliveFrom(text: str) -> Keepalive | None:
    """
    @param text: as L{KEEPALIVE_TIMES} takes it.
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


def _rate(text: str) -> float:
    count = _number(text)
    # Less than once a day is as good as never.
    if count != 0 and not 1e-5 <= count <= 1e9:
        raise ValueError("must be a number per second, or 0 for no limit")
    return count


def _keepalive(text: str) -> str:
    try:
        keepaliveFrom(text)
    except ValueError:
        raise ValueError("must be IDLE/INTERVAL/COUNT such as 60/15/4, or 0 for never") from None
    return text


def _serviceName(text: str) -> str:
    name = clean(text).strip()
    if not name:
        raise ValueError("must not be empty")
    return name


def _network(text: str) -> Network:
    network = parseNetwork(text, strict=True)
    if network is None:
        raise ValueError(f"must be an address or a network such as 192.0.2.0/24, not {text}")
    return network


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


SECONDS = secondsUpTo(10**9)
COUNT = countUpTo(10**12)
SIZE = sizeUpTo(2**40)
PER_SECOND = OptionType(_rate, "NUMBER")
KEEPALIVE_TIMES = OptionType(_keepalive, "IDLE/INTERVAL/COUNT")
LANGUAGE = OptionType(
    lambda text: oneOf(*LANGUAGES).parse(resolve(text) or text), "|".join(LANGUAGES)
)
SERVICE_NAME = OptionType(_serviceName, "NAME")
NETWORK = OptionType(_network, "NETWORK")
