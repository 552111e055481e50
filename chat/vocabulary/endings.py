"""
Why somebody is no longer there.
"""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """
    Why a session ended, or somebody is no longer in a room.  The values are
    stable codes.

    @cvar TOO_SLOW: he did not read what waited for him.
    @cvar TOO_FAST: he sent much more than is done for one participant.
    @cvar SERVICE_FULL: there are as many connections as there may be.
    @cvar NAMELESS_FULL: too many of them have no nickname.
    @cvar ADDRESS_FULL: too many of them come from his address.
    @cvar CONNECTING_TOO_FAST: his address connects too often.
    @cvar PARTED: he left the room, and not the service.
    @cvar KICKED: somebody who keeps order has put him out.
    @cvar BANNED: he may not be here.
    @cvar EVICTED: the nickname belongs to somebody who has come to use it.
    @cvar MOVED: he goes on under an account that was here already.
    @cvar SESSION_ENDED: he has ended this session of his from another one.
    @cvar OTHER: what a reader makes of a code that a later version has added.
    """

    QUIT = "quit"
    INPUT_CLOSED = "input-closed"
    CONNECTION_LOST = "connection-lost"
    REGISTRATION_TIMEOUT = "registration-timeout"
    IDLE_TIMEOUT = "idle-timeout"
    TOO_SLOW = "too-slow"
    TOO_FAST = "too-fast"
    LINE_ENDLESS = "line-endless"
    NOT_CHAT = "not-chat"
    SERVICE_FULL = "service-full"
    NAMELESS_FULL = "too-many-nameless"
    ADDRESS_FULL = "too-many-connections"
    CONNECTING_TOO_FAST = "connecting-too-fast"
    INTERNAL_ERROR = "internal-error"
    SHUTDOWN = "shutdown"
    PARTED = "parted"
    KICKED = "kicked"
    BANNED = "banned"
    EVICTED = "evicted"
    MOVED = "moved"
    SESSION_ENDED = "session-ended"
    OTHER = "other"
