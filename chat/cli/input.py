"""
What the Tab key of a client knows.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.client.protocol import ChatClient
from chat.editor.completion import Completer, completerFor
from chat.vocabulary.events import Event, Helped, Invited, RoomsListed
from chat.vocabulary.sanitizing import clean


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
