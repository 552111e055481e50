"""
What a client hears, sorted by what it is.
"""

from __future__ import annotations

from typing import assert_never

from chat.events import (
    Acted,
    Closed,
    Event,
    FormatSet,
    Greeted,
    Helped,
    Joined,
    LanguageSet,
    Left,
    Listed,
    NickAsked,
    Noticed,
    Ponged,
    Present,
    Refused,
    Renamed,
    Said,
    Sent,
    Told,
    Versioned,
    Warned,
    Welcomed,
)


class EventReceiver:
    """
    One method for each kind of event, to be overridden.  Those that are not do
    nothing.
    """

    def eventReceived(self, event: Event) -> None:
        """
        Something was heard.  Override this to hear everything in one place.
        """
        match event:
            case Welcomed():
                self.welcomed(event)
            case Said():
                self.said(event)
            case Acted():
                self.acted(event)
            case Told():
                self.told(event)
            case Sent():
                self.sent(event)
            case Joined():
                self.joined(event)
            case Left():
                self.left(event)
            case Renamed():
                self.renamed(event)
            case Refused():
                self.refused(event)
            case Warned():
                self.warned(event)
            case Noticed():
                self.noticed(event)
            case Listed():
                self.listed(event)
            case Helped():
                self.helped(event)
            case Ponged():
                self.ponged(event)
            case Versioned():
                self.versioned(event)
            case Closed():
                self.closed(event)
            case Greeted() | NickAsked() | Present() | LanguageSet() | FormatSet():
                pass
            case _:  # pragma: no cover
                assert_never(event)

    def welcomed(self, event: Welcomed) -> None:
        """The nickname is ours, and we are in a room."""

    def said(self, event: Said) -> None:
        """Somebody said something; we hear ourselves, too."""

    def acted(self, event: Acted) -> None:
        """Somebody did something; we hear ourselves, too."""

    def told(self, event: Told) -> None:
        """Somebody told us something in private."""

    def sent(self, event: Sent) -> None:
        """What we told somebody in private has been delivered."""

    def joined(self, event: Joined) -> None:
        """Somebody else came into a room of ours."""

    def left(self, event: Left) -> None:
        """Somebody left a room of ours."""

    def renamed(self, event: Renamed) -> None:
        """Somebody, perhaps we, has another nickname."""

    def refused(self, event: Refused) -> None:
        """What we asked for was not done."""

    def warned(self, event: Warned) -> None:
        """Something will happen unless we act."""

    def noticed(self, event: Noticed) -> None:
        """The operator of the service says something."""

    def listed(self, event: Listed) -> None:
        """Who is in a room."""

    def helped(self, event: Helped) -> None:
        """One row of the help we asked for."""

    def ponged(self, event: Ponged) -> None:
        """All that we asked before has been answered."""

    def versioned(self, event: Versioned) -> None:
        """What runs there."""

    def closed(self, event: Closed) -> None:
        """The service ends the session; the connection will end, too."""
