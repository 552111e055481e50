"""
Input of the user: the names that Tab completes, and how a text that was entered is
sent to the service.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.client.protocol import ChatClient
from chat.client.requests import partsBehind
from chat.editor.completion import Completer, completerFor
from chat.vocabulary.commands import Act, Command, Say, Tell
from chat.vocabulary.errors import ChatError
from chat.vocabulary.events import Event, Helped, Invited, RoomsListed
from chat.vocabulary.reserved import COMMANDS
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import isCommand, literally, parse


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


# The commands whose last argument is said, and may as well be said in parts, by how many words
# stand before it.  Not a reply: meanwhile another user may tell us something.
_SPOKEN: dict[type[Command], int] = {Act: 1, Say: 1, Tell: 2}


def linesFor(text: str, maxLine: float) -> list[str]:
    """
    Make lines of one that was typed and may be too long for the service.

    @param text: a command or something to say, without a line end.
    @param maxLine: bytes that a line may have, its end included.
    @return: the text itself if it is short enough, else lines that say it in parts; none where
        it is a command that has to be carried out as a whole.
    """
    if len(text.encode()) < maxLine:
        return [text]
    if not isCommand(text):
        said = partsBehind("/say ", text, maxLine)
        return [*said[:1], *map(literally, said[1:])]
    command = commandIn(text)
    words = 0 if command is None else _SPOKEN.get(type(command), 0)
    if not words:
        return []
    *head, spoken = text.split(maxsplit=words)
    start = " ".join(head) + " "
    return [start + part for part in partsBehind(start, spoken, maxLine)]


def submit(client: ChatClient, text: str) -> bool:
    """
    Send what was entered: a command, a nickname while there is none, or lines to
    say.  Lines that are too long for the service are said in parts.

    The first line was typed, so a slash begins a command, and two a line that
    begins with a slash.  The lines after it were pasted and are said as they are.
    A command has one line, and its line ends become spaces: otherwise the rest of
    a private message would be said to the room.

    @param text: one line or more, LF between them.
    @return: whether it was sent; a command can be too long.
    """
    first, _, rest = text.partition("\n")
    # A word that is a command only by itself, such as quit, is none in front of other lines.
    if isCommand(first) and not (rest and first in COMMANDS):
        lines = linesFor(text.replace("\n", " "), client.maxLine)
        for line in lines:
            client.command(line)
        return bool(lines)
    if not client.isRegistered:
        if text.strip():
            client.setNick(text.strip())
    else:
        if first.strip():
            for line in linesFor(first, client.maxLine):
                client.command(line)
        client.say(rest)
    return True
