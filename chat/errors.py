"""
What can be wrong with what somebody asked for.

The core raises a L{ChatError}; the session answers it with one
L{chat.events.Refused}.  The code of an error is part of the protocol and never
changes; its wording belongs to the renderings.
"""

from __future__ import annotations

from typing import ClassVar


class ChatError(Exception):
    """
    Something a participant asked for cannot be done.

    @cvar code: the stable name of this error in every rendering.
    @ivar about: what the error is about, as it may be shown to the person who
        caused it: cleaned, and no longer than what he sent.
    """

    code: ClassVar[str]

    def __init__(self, about: str = "") -> None:
        super().__init__(about)
        self.about = about


class LineTooLong(ChatError):
    """A line is longer than the protocol allows; C{about} is the limit in bytes."""

    code = "line-too-long"


class NotUTF8(ChatError):
    """A line is not UTF-8."""

    code = "not-utf8"


class UnknownCommand(ChatError):
    """No verb has this name; C{about} is the name with its slash."""

    code = "unknown-command"


class ArgumentMissing(ChatError):
    """A verb lacks an argument; C{about} is how it is used."""

    code = "argument-missing"


class NickNeeded(ChatError):
    """This needs a nickname first."""

    code = "nick-needed"


class NickInvalid(ChatError):
    """A nickname has characters it may not have; C{about} is the nickname."""

    code = "nick-invalid"


class NickTooLong(ChatError):
    """A nickname is too wide; C{about} is the limit in columns."""

    code = "nick-too-long"


class NickConfusable(ChatError):
    """A nickname mixes scripts so that it may look like another one."""

    code = "nick-confusable"


class NickTaken(ChatError):
    """Somebody has this nickname, or one that is the same by its fold."""

    code = "nick-taken"


class NickUnchanged(ChatError):
    """This is his nickname already."""

    code = "nick-unchanged"


class NoSuchNick(ChatError):
    """Nobody here has this nickname."""

    code = "no-such-nick"


class NoSuchRoom(ChatError):
    """There is no room of this name."""

    code = "no-such-room"


class NobodyToReplyTo(ChatError):
    """Nobody has told this participant anything yet."""

    code = "nobody-to-reply-to"


class UnknownLanguage(ChatError):
    """The service does not speak this language; C{about} lists those it does."""

    code = "unknown-language"


class UnknownFormat(ChatError):
    """There is no rendering of this name; C{about} lists those there are."""

    code = "unknown-format"
