"""
The reasons for which a session ends, or a user leaves a room.
"""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """
    Why a session has ended, or a user is no longer in a room.  The values are stable
    codes.

    @cvar TOO_SLOW: the bytes that waited were not read.
    @cvar TOO_FAST: many more lines were sent than are done for one user.
    @cvar SERVICE_FULL: there are as many connections as there may be.
    @cvar NAMELESS_FULL: too many of them have no nickname.
    @cvar ADDRESS_FULL: too many of them come from this address.
    @cvar CONNECTING_TOO_FAST: this address connects too often.
    @cvar PARTED: the user left the room, and not the service.
    @cvar KICKED: an owner or operator has put the user out.
    @cvar BANNED: the user may not be here.
    @cvar ROOM_DELETED: the room is no more.
    @cvar EVICTED: the owner of the nickname has come to use it.
    @cvar MOVED: the session goes on as one of an account that was here already.
    @cvar SESSION_ENDED: the user has ended this session from another one.
    @cvar ACCOUNT_REMOVED: an operator has removed the account of the user.
    @cvar OTHER: stands in a client for a code that a later version has added.
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
    ROOM_DELETED = "room-deleted"
    EVICTED = "evicted"
    MOVED = "moved"
    SESSION_ENDED = "session-ended"
    ACCOUNT_REMOVED = "account-removed"
    OTHER = "other"
