"""
Input of the user: the names that Tab completes, and how a text that was entered is
sent to the service.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.client.protocol import ChatClient
from chat.editor.buffer import MAX_LINE
from chat.editor.completion import Completer, completerFor
from chat.vocabulary.commands import Command
from chat.vocabulary.errors import ChatError
from chat.vocabulary.events import Event, Helped, Invited, RoomsListed
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import isCommand, parse


class KnownNames:
    """
    The names that the service has mentioned, made safe for a terminal.

    @ivar commands: the commands of the service, with slashes.
    @ivar complete: for an editor.
    """

    def __init__(self, client: Callable[[], ChatClient | None]) -> None:
        """
        @param client: returns the client that is connected, if any.
        """
        self._client = client
        self.commands: tuple[str, ...] = ()
        # Besides those that the client is in.
        self._rooms: set[str] = set()
        self.complete: Completer = completerFor(self.nicknames, lambda: self.commands, self.rooms)

    def learned(self, rows: list[Helped]) -> None:
        """
        Take in which commands the service has.
        """
        self.commands = tuple(clean(name) for row in rows for name in (row.command, *row.aliases))

    def heard(self, event: Event) -> None:
        """
        Take in the rooms that an event mentions.
        """
        match event:
            case RoomsListed(rooms=rooms):
                self._rooms.update(clean(row.room) for row in rooms)
            case Invited(room=room):
                self._rooms.add(clean(room))
            case _:
                pass

    def nicknames(self) -> list[str]:
        """
        @return: the other users in the current room.
        """
        client = self._client()
        if client is None:
            return []
        return [clean(nick) for nick in client.roster.people() if nick != client.roster.nick]

    def rooms(self) -> list[str]:
        """
        @return: the rooms that the client is in, and those it has heard of.
        """
        client = self._client()
        ours = () if client is None else client.roster.rooms
        return [*map(clean, ours), *self._rooms]


def commandIn(text: str) -> Command | None:
    """
    @param text: what was entered.
    @return: the command that the service makes of it, or L{None} if it refuses the
        text; it says why.
    """
    try:
        return parse(text)
    except ChatError:
        return None


def submit(client: ChatClient, text: str) -> bool:
    """
    Send what was entered: a command, a nickname while there is none, or lines to
    say.

    The first line was typed, so a slash begins a command, and two a line that
    begins with a slash.  The lines after it were pasted and are said as they are.
    A command has one line, and its line ends become spaces: otherwise the rest of
    a private message would be said to the room.

    @param text: one line or more, LF between them.
    @return: whether it was sent; a command can be too long for one line.
    """
    first, _, rest = text.partition("\n")
    if isCommand(first):
        line = text.replace("\n", " ")
        if len(line.encode()) >= MAX_LINE:
            return False
        client.command(line)
    elif not client.isRegistered:
        if text.strip():
            client.setNick(text.strip())
    else:
        if first.strip():
            client.command(first)
        client.say(rest)
    return True
