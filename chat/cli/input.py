"""
What is typed: the names that the Tab key completes, and what an entered text
becomes on its way to the service.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.client.protocol import ChatClient
from chat.editor.buffer import MAX_LINE
from chat.editor.completion import Completer, completerFor
from chat.vocabulary.events import Event, Helped, Invited, RoomsListed
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import isCommand


class Known:
    """
    Names that have been heard, made safe for a terminal.

    @ivar commands: what the service can be told, with slashes.
    @ivar complete: what an editor asks.
    """

    def __init__(self, client: Callable[[], ChatClient | None]) -> None:
        """
        @param client: says which connection there is.
        """
        self._client = client
        self.commands: tuple[str, ...] = ()
        # Besides those we are in.
        self._rooms: set[str] = set()
        self.complete: Completer = completerFor(self.nicknames, lambda: self.commands, self.rooms)

    def learned(self, rows: list[Helped]) -> None:
        """
        The service has said which commands it knows.
        """
        self.commands = tuple(clean(name) for row in rows for name in (row.command, *row.aliases))

    def heard(self, event: Event) -> None:
        """
        Take in what was heard.
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
        @return: everybody else in the room we talk in.
        """
        client = self._client()
        if client is None:
            return []
        return [clean(nick) for nick in client.roster.people() if nick != client.roster.nick]

    def rooms(self) -> list[str]:
        """
        @return: those we are in, and those we have heard of.
        """
        client = self._client()
        ours = () if client is None else client.roster.rooms
        return [*map(clean, ours), *self._rooms]


def submit(client: ChatClient, text: str) -> bool:
    """
    Send what was entered: a command, a nickname where there is none yet, or
    something to say.

    Its first line was typed, so a slash means a command and two mean one.  The
    lines after it were pasted, so nothing in them means anything.  A command is
    one line, and its line ends become spaces: else the rest of a private message
    would be said to all.

    @param text: one line or more, LF between them.
    @return: whether it was sent; a command may be too long for one line.
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
