"""
The options of C{twistd tcpchat} that limit what peers may ask of it.  0 turns a
limit off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chat.optiontypes import Count, KeepaliveTimes, PerSecond, Seconds, Size, keepaliveFrom
from chat.vocabulary.limits import UNLIMITED, Limits

AUTOMATIC = "auto"
"""The value of C{--max-connections} that depends on how many files may be open."""

MAX_CONNECTIONS = 10_000
"""How many connections there may be, unless told otherwise."""

SPARE_FILES = 128
"""How many files are left for everything that is no connection."""

BACKLOG = 1024
"""
How many connections may wait to be accepted: with Twisted's 50, some of a storm
of connections never see their greeting.
"""


class _Connections(Count):
    """
    How many connections there may be.
    """

    coerceDoc = "A whole number; 0 for no limit."

    def __call__(self, text: str) -> int | str:  # type: ignore[override]
        return AUTOMATIC if text == AUTOMATIC else super().__call__(text)


_KEEPALIVE = "/".join(map(str, Limits.keepalive or ()))

# Each with its attribute of Limits.
_TABLE: list[tuple[str, str, Any, str, Any]] = [
    ("max-line", "maxLine", Limits.maxLine, "Longest line, with its end.", Size),
    (
        *("max-unended", "maxUnended", Limits.maxUnended),
        "How much may come without a line end.",
        Size,
    ),
    (
        *("turn-lines", "turnLines", Limits.turnLines),
        "How many lines of one connection are done before it is the turn of others; 0 for all.",
        Count,
    ),
    (
        *("turn-bytes", "turnBytes", Limits.turnBytes),
        "How much input of one connection is looked at before it is the turn of others.",
        Size,
    ),
    (
        *("soft-waiting", "softWaiting", Limits.softWaiting),
        "How much may wait for a reader before his own commands wait.",
        Size,
    ),
    (
        *("max-waiting", "maxWaiting", Limits.maxWaiting),
        "How much may wait for a reader before he is cut off.",
        Size,
    ),
    (
        *("max-waiting-all", "maxWaitingAll", Limits.maxWaitingAll),
        "How much may wait for all readers together.",
        Size,
    ),
    (
        *("stall-timeout", "stallTimeout", Limits.stallTimeout),
        "How long a reader for whom something waits may take nothing.",
        Seconds,
    ),
    (
        *("send-buffer", "sendBuffer", Limits.sendBuffer),
        "Size of the kernel's buffer for each reader (SO_SNDBUF).",
        lambda option: Size(option, 2**30),
    ),
    (
        *("keepalive", "keepalive", _KEEPALIVE),
        "When a silent connection is asked for a sign of life, and given up.",
        KeepaliveTimes,
    ),
    (
        *("user-timeout", "userTimeout", Limits.userTimeout),
        "How long a peer may acknowledge nothing of what was sent (TCP_USER_TIMEOUT).",
        # In milliseconds it is to fit into an int, with some time to spare.
        lambda option: Seconds(option, 10**6),
    ),
    (
        *("max-connections", "maxConnections", AUTOMATIC),
        f"How many connections there may be; {AUTOMATIC} is {MAX_CONNECTIONS}, or {SPARE_FILES} "
        "less than files may be open.",
        _Connections,
    ),
    (
        *("max-nameless", "maxNameless", Limits.maxNameless),
        "How many connections may be without a nickname; 0 for all.",
        Count,
    ),
    (
        *("max-per-address", "maxPerAddress", Limits.maxPerAddress),
        "How many connections may come from one address (IPv4) or /64 (IPv6); 0 for all.",
        Count,
    ),
    (
        *("connect-rate", "connectRate", Limits.connectRate),
        "How often an address may connect, a minute; 0 for no limit.",
        Count,
    ),
    (
        *("line-burst", "lineBurst", Limits.lineBurst),
        "How many lines of a participant are done at once; 0 for all.",
        Count,
    ),
    (
        *("line-rate", "lineRate", Limits.lineRate),
        "How many lines of a participant are done after --line-burst.",
        PerSecond,
    ),
    (
        *("max-behind", "maxBehind", Limits.maxBehind),
        "For how long lines may wait for --line-rate before the connection is closed.",
        Seconds,
    ),
    (
        *("nick-rate", "nickRate", Limits.nickRate),
        "How often one may change his nickname, a minute; 0 for no limit.",
        Count,
    ),
    (
        *("join-rate", "joinRate", Limits.joinRate),
        "How often one may go into a room, a minute; 0 for no limit.",
        Count,
    ),
]

LIMIT_OPTIONS = [
    [option, None, default, text, kind(option)] for option, _, default, text, kind in _TABLE
] + [
    [
        *("backlog", None, BACKLOG),
        "How many connections may wait to be let in; 0 leaves it to the endpoint.",
        Count("backlog", 2**31 - 1),
    ],
]
"""What C{Options.optParameters} has of them."""


def limitsOf(options: Mapping[str, Any], files: float) -> Limits:
    """
    @param options: the parsed command line, with C{trusted}.
    @param files: how many files may be open.
    """
    values: dict[str, Any] = {
        attribute: options[option] or UNLIMITED for option, attribute, *_ in _TABLE
    }
    values["keepalive"] = keepaliveFrom(options["keepalive"])
    if values["maxConnections"] == AUTOMATIC:
        values["maxConnections"] = max(1, min(MAX_CONNECTIONS, files - SPARE_FILES))
    return Limits(trusted=tuple(options["trusted"]), **values)
