"""
Why somebody is no longer there.
"""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """
    Why a session ended, or somebody is no longer in a room.  The values are
    stable codes.

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
    LINE_ENDLESS = "line-endless"
    NOT_CHAT = "not-chat"
    INTERNAL_ERROR = "internal-error"
    SHUTDOWN = "shutdown"
    PARTED = "parted"
    KICKED = "kicked"
    BANNED = "banned"
    EVICTED = "evicted"
    MOVED = "moved"
    SESSION_ENDED = "session-ended"
    OTHER = "other"
