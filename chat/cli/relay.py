"""
The client of the C{tcpchat} command: it hands everything on to whoever shows it.
"""

from __future__ import annotations

from typing import Protocol

from chat.client.protocol import ChatClient
from chat.vocabulary.events import (
    Entered,
    Event,
    FormatSet,
    LanguageSet,
    Listed,
    Talking,
    TopicShown,
    Welcomed,
)


class Audience(Protocol):
    """
    Who hears what the client hears.
    """

    def heard(self, client: ChatClient, event: Event) -> None:
        """The client has heard an event."""

    def heardText(self, line: str) -> None:
        """
        The service said something in text.

        @param line: not safe for a terminal.
        """


class RelayClient(ChatClient):
    """
    Passes events on, and of the greeting what a person wants to read.

    A service greets in text: a welcome, what its operator has to say, and last
    the question for a nickname.  The question is not passed on, as it is asked
    in another way here, if at all.  Nor is the list of who is in a room, where
    it comes unasked: it is for programs, and a person reads names in the welcome.
    """

    def __init__(self, audience: Audience) -> None:
        super().__init__()
        self._audience = audience
        self._heldBack: str | None = None
        self._justEntered: str | None = None

    def textReceived(self, line: str) -> None:
        """Pass a line on when another one follows it."""
        held, self._heldBack = self._heldBack, line
        if self.isUnderstood:
            # Somebody has asked for text; then text is what he gets.
            held, self._heldBack = line, None
        if held is not None:
            self._audience.heardText(held)

    def eventReceived(self, event: Event) -> None:
        """Pass an event on, unless it only answers our own introduction."""
        self._heldBack = None
        if isinstance(event, FormatSet | LanguageSet) and not self.isRegistered:
            return
        if not self._isUnasked(event):
            self._audience.heard(self, event)

    def releaseText(self) -> None:
        """
        Pass on what has been held back: it was no question, because the service
        has closed the connection after it.
        """
        held, self._heldBack = self._heldBack, None
        if held is not None:
            self._audience.heardText(held)

    def _isUnasked(self, event: Event) -> bool:
        """Whether this is the list that follows upon our coming into a room."""
        entered, self._justEntered = self._justEntered, None
        match event:
            case Welcomed(room=room) | Entered(room=room):
                self._justEntered = room
            case TopicShown() | Talking():
                # They come between.
                self._justEntered = entered
            case Listed(room=room):
                return room == entered
            case _:
                pass
        return False
