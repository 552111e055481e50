"""
The errors of requests, and those of the start.

The core raises a L{ChatError}; the session answers it with one
L{Refused<chat.vocabulary.replies.Refused>}.  The code of an error is part of the
protocol and never changes; its wording belongs to the renderings.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class ChatError(Exception):
    """
    A request of a user cannot be carried out.

    @cvar code: the stable name of this error in every rendering.
    @ivar about: its subject, as it may be shown to the user who caused it: cleaned,
        and no longer than the line that was sent.
    @ivar by: the nickname of the operator who has imposed it on them, or nothing.
    @ivar until: when that ends, in UTC; L{None} for never.
    """

    code: ClassVar[str]

    def __init__(self, about: str = "", by: str = "", until: datetime | None = None) -> None:
        super().__init__(about)
        self.about = about
        self.by = by
        self.until = until


class CannotStart(Exception):
    """The service cannot start; the message is one line for the operator."""


class CannotRead(Exception):
    """A file cannot be used; the message is one line for the operator, with its name and why."""


class LineTooLong(ChatError):
    """A line is longer than the protocol allows; C{about} is the limit in bytes."""

    code = "line-too-long"


class NotUTF8(ChatError):
    """A line is not UTF-8."""

    code = "not-utf8"


class CursorKeys(ChatError):
    """A line has keys that edit it in a way that only its author's terminal knows."""

    code = "cursor-keys"


class UnknownCommand(ChatError):
    """No verb has this name; C{about} is the name with its slash."""

    code = "unknown-command"


class CommandMeant(ChatError):
    """
    A line looks like a command whose slash was mistyped or forgotten; C{about} is the command.
    """

    code = "command-meant"


class SlashMissing(ChatError):
    """
    The same where nothing can be said: before there is a nickname, and while a password is asked
    for; C{about} is the command.
    """

    code = "slash-missing"


class ArgumentMissing(ChatError):
    """A verb lacks an argument; C{about} is how it is used."""

    code = "argument-missing"


class NickNeeded(ChatError):
    """This needs a nickname first."""

    code = "nick-needed"


class NickInvalid(ChatError):
    """A nickname has characters that it may not have; C{about} is the nickname."""

    code = "nick-invalid"


class NickTooLong(ChatError):
    """A nickname is too wide; C{about} is the limit in columns."""

    code = "nick-too-long"


class ScriptsMixed(ChatError):
    """The name of a user or of a new room mixes scripts that no language mixes."""

    code = "scripts-mixed"


class NickConfusable(ChatError):
    """A nickname looks like another one that is there."""

    code = "nick-confusable"


class NickReserved(ChatError):
    """A nickname is, or looks like, one that the service keeps from those without its account."""

    code = "nick-reserved"


class NickTaken(ChatError):
    """Another user has this nickname, or one that is the same by its fold."""

    code = "nick-taken"


class NickUnchanged(ChatError):
    """The user has this nickname already."""

    code = "nick-unchanged"


class RenamingTooFast(ChatError):
    """The user renames too often; C{about} is the seconds until it may be done again."""

    code = "renaming-too-fast"


class NoSuchNick(ChatError):
    """No user has this nickname."""

    code = "no-such-nick"


class NoSuchRoom(ChatError):
    """There is no room of this name."""

    code = "no-such-room"


class NobodyToReplyTo(ChatError):
    """This user has not been told anything in private yet."""

    code = "nobody-to-reply-to"


class UnknownLanguage(ChatError):
    """The service does not speak this language; C{about} lists those it does."""

    code = "unknown-language"


class UnknownFormat(ChatError):
    """There is no rendering of this name; C{about} lists those there are."""

    code = "unknown-format"


# Rooms.


class RoomInvalid(ChatError):
    """No room can have this name."""

    code = "room-invalid"


class RoomConfusable(ChatError):
    """The name of a new room looks like that of another room."""

    code = "room-confusable"


class NotInRoom(ChatError):
    """The user must be in that room first."""

    code = "not-in-room"


class NoRoom(ChatError):
    """The user is in no room, so there is nowhere to say it."""

    code = "no-room"


class TooManyRooms(ChatError):
    """The user is in as many rooms as a user may be; C{about} is how many that is."""

    code = "too-many-rooms"


class JoiningTooFast(ChatError):
    """The user joins too often; C{about} is the seconds until it may be done again."""

    code = "joining-too-fast"


class MakingRoomsTooFast(ChatError):
    """
    Too many rooms have been made from the address of the user; C{about} is the seconds until
    another one may be.
    """

    code = "making-rooms-too-fast"


class RoomsFull(ChatError):
    """There are as many rooms as there may be; C{about} is how many that is."""

    code = "rooms-full"


class KeyNeeded(ChatError):
    """The room has a key, and this was not it."""

    code = "key-needed"


class InviteNeeded(ChatError):
    """The room can be entered by invitation only."""

    code = "invite-needed"


class OwnerNeeded(ChatError):
    """Only an owner of the room may do this."""

    code = "owner-needed"


class RoomOpen(ChatError):
    """The room in which all users begin stays open to all."""

    code = "room-open"


class ArgumentInvalid(ChatError):
    """An argument cannot be understood; C{about} is how the verb is used."""

    code = "argument-invalid"


class UnitMissing(ChatError):
    """A time span is a number without a unit; C{about} is the number."""

    code = "unit-missing"


# History.


class NothingToFind(ChatError):
    """A search has no word in it; C{about} is what it has."""

    code = "nothing-to-find"


class HistoryUnavailable(ChatError):
    """The past cannot be read at the moment."""

    code = "history-unavailable"


# Accounts.


class NickRegistered(ChatError):
    """The nickname belongs to an account, so it takes a password."""

    code = "nick-registered"


class RegisteringTooFast(ChatError):
    """
    Too many accounts have been registered from the address of the user; C{about} is the
    seconds until another one may be.
    """

    code = "registering-too-fast"


class ChangingTooFast(ChatError):
    """
    The password of the account has been changed too often of late; C{about} is the seconds
    until it may be again.
    """

    code = "changing-too-fast"


class AccountsFull(ChatError):
    """There are as many accounts as there may be; C{about} is how many that is."""

    code = "accounts-full"


class WrongPassword(ChatError):
    """This is not the password, or there is no such account; C{about} is the name."""

    code = "wrong-password"


class PasswordInvalid(ChatError):
    """This cannot be a password; C{about} is the least and the greatest length."""

    code = "password-invalid"


class TooManyAttempts(ChatError):
    """
    Too many wrong passwords, or wrong keys of a room; C{about} is the seconds until the next
    attempt.
    """

    code = "too-many-attempts"


class TryLater(ChatError):
    """Too many users ask for this at the same time."""

    code = "try-later"


class AccountNeeded(ChatError):
    """This takes an account."""

    code = "account-needed"


class NoSuchAccount(ChatError):
    """There is no account of this name."""

    code = "no-such-account"


class PasswordElsewhere(ChatError):
    """The password is not kept here, so it cannot be changed here."""

    code = "password-elsewhere"


class NoSuchSession(ChatError):
    """The user has no session of this number."""

    code = "no-such-session"


# Moderation.


class OperatorNeeded(ChatError):
    """Only an operator may do this."""

    code = "operator-needed"


class OperatorFixed(ChatError):
    """The account C{about} is an operator by an option of the service."""

    code = "operator-fixed"


class OperatorMeant(ChatError):
    """This cannot be done to C{about}, who is an operator."""

    code = "operator-meant"


class Muted(ChatError):
    """The user may not speak; C{about} is the reason, perhaps nothing."""

    code = "muted"


class Banned(ChatError):
    """The user may not be here; C{about} is the reason, perhaps nothing."""

    code = "banned"


class NoSuchBan(ChatError):
    """No nickname or network of this name is banned or muted."""

    code = "no-such-ban"


class IgnoresYou(ChatError):
    """The recipient ignores the sender."""

    code = "ignores-you"


class YourselfMeant(ChatError):
    """Users cannot do this to themselves."""

    code = "yourself"


class ListFull(ChatError):
    """The list has as many entries as it may have; C{about} is how many that is."""

    code = "list-full"
