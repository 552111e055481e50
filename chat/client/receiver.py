"""
What a client hears, sorted by what it is.
"""

from __future__ import annotations

from typing import assert_never

from chat.vocabulary.events import (
    Acted,
    Announced,
    BansListed,
    Changed,
    Closed,
    Described,
    Done,
    Entered,
    Event,
    Excerpt,
    FormatSet,
    Greeted,
    Helped,
    Invited,
    Joined,
    LanguageSet,
    Left,
    Listed,
    Missed,
    ModeSet,
    ModesShown,
    NickAsked,
    Noticed,
    Parted,
    PasswordAsked,
    Ponged,
    Present,
    Recalled,
    Refused,
    Renamed,
    RoomsListed,
    Said,
    Sent,
    SessionsChanged,
    SessionsListed,
    Stored,
    Talking,
    Told,
    TopicSet,
    TopicShown,
    Uptime,
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
            case Said():
                self.said(event)
            case Acted():
                self.acted(event)
            case Told():
                self.told(event)
            case Sent():
                self.sent(event)
            case Welcomed() | Entered() | Talking() | Parted() | SessionsChanged() | Closed():
                self._oneselfReceived(event)
            case Joined() | Left() | Renamed() | Changed() | TopicSet() | ModeSet() | Announced():
                self._roomReceived(event)
            case Recalled() | Excerpt() | Missed() | Stored():
                self._pastReceived(event)
            case (
                Listed()
                | RoomsListed()
                | BansListed()
                | SessionsListed()
                | TopicShown()
                | ModesShown()
                | Described()
            ):
                self._listReceived(event)
            case Done():
                self.done(event)
            case Refused():
                self.refused(event)
            case Warned():
                self.warned(event)
            case Noticed():
                self.noticed(event)
            case Invited():
                self.invited(event)
            case Helped():
                self.helped(event)
            case Ponged():
                self.ponged(event)
            case Versioned():
                self.versioned(event)
            case Uptime():
                self.uptimeTold(event)
            case (
                Greeted() | NickAsked() | PasswordAsked() | Present() | LanguageSet() | FormatSet()
            ):
                pass
            case _:  # pragma: no cover
                assert_never(event)

    # Talk.

    def said(self, event: Said) -> None:
        """Somebody said something; we hear ourselves, too."""

    def acted(self, event: Acted) -> None:
        """Somebody did something; we hear ourselves, too."""

    def told(self, event: Told) -> None:
        """Somebody told us something in private."""

    def sent(self, event: Sent) -> None:
        """What we told somebody in private has been delivered."""

    # Ourselves.

    def welcomed(self, event: Welcomed) -> None:
        """The nickname is ours, and we are in a room."""

    def entered(self, event: Entered) -> None:
        """We are in another room, too."""

    def talking(self, event: Talking) -> None:
        """What we say is said in this room from now on."""

    def parted(self, event: Parted) -> None:
        """We are no longer in a room."""

    def sessionsChanged(self, event: SessionsChanged) -> None:
        """We are here in another session, too, or no longer."""

    def closed(self, event: Closed) -> None:
        """The service ends the session; the connection will end, too."""

    # The others.

    def joined(self, event: Joined) -> None:
        """Somebody else came into a room of ours."""

    def left(self, event: Left) -> None:
        """Somebody left a room of ours."""

    def renamed(self, event: Renamed) -> None:
        """Somebody, perhaps we, has another nickname."""

    def changed(self, event: Changed) -> None:
        """
        Some came into a room of ours, or left it: one with many people, or one of
        which we have read too slowly.
        """

    def topicSet(self, event: TopicSet) -> None:
        """Somebody says what a room of ours is about."""

    def modeSet(self, event: ModeSet) -> None:
        """Somebody changes how a room of ours is kept."""

    def announced(self, event: Announced) -> None:
        """An operator tells everybody something."""

    def invited(self, event: Invited) -> None:
        """Somebody invites us into a room."""

    # The past.

    def excerptBegan(self, event: Excerpt) -> None:
        """Lines of the past follow."""

    def recalled(self, event: Recalled) -> None:
        """A line of the past."""

    def missed(self, event: Missed) -> None:
        """Lines of the past that nobody can read any more."""

    def stored(self, event: Stored) -> None:
        """What we have said is on the disk of the service, up to this line."""

    # Answers.

    def done(self, event: Done) -> None:
        """What we asked for was done."""

    def refused(self, event: Refused) -> None:
        """What we asked for was not done."""

    def warned(self, event: Warned) -> None:
        """Something will happen unless we act, or has happened."""

    def noticed(self, event: Noticed) -> None:
        """The operator of the service says something."""

    def listed(self, event: Listed) -> None:
        """Who is in a room; it comes unasked when we have come in."""

    def roomsListed(self, event: RoomsListed) -> None:
        """Which rooms there are."""

    def bansListed(self, event: BansListed) -> None:
        """Who is banned or muted."""

    def sessionsListed(self, event: SessionsListed) -> None:
        """In which sessions we are here."""

    def topicShown(self, event: TopicShown) -> None:
        """What a room is about."""

    def modesShown(self, event: ModesShown) -> None:
        """How a room is kept."""

    def described(self, event: Described) -> None:
        """What may be known of somebody."""

    def helped(self, event: Helped) -> None:
        """One row of the help we asked for."""

    def ponged(self, event: Ponged) -> None:
        """All that we asked before has been answered."""

    def versioned(self, event: Versioned) -> None:
        """What runs there."""

    def uptimeTold(self, event: Uptime) -> None:
        """For how long it has been running."""

    # Sorting, in parts.

    def _oneselfReceived(
        self, event: Welcomed | Entered | Talking | Parted | SessionsChanged | Closed
    ) -> None:
        match event:
            case Welcomed():
                self.welcomed(event)
            case Entered():
                self.entered(event)
            case Talking():
                self.talking(event)
            case Parted():
                self.parted(event)
            case SessionsChanged():
                self.sessionsChanged(event)
            case Closed():
                self.closed(event)

    def _roomReceived(
        self, event: Joined | Left | Renamed | Changed | TopicSet | ModeSet | Announced
    ) -> None:
        match event:
            case Joined():
                self.joined(event)
            case Left():
                self.left(event)
            case Renamed():
                self.renamed(event)
            case Changed():
                self.changed(event)
            case TopicSet():
                self.topicSet(event)
            case ModeSet():
                self.modeSet(event)
            case Announced():
                self.announced(event)

    def _pastReceived(self, event: Recalled | Excerpt | Missed | Stored) -> None:
        match event:
            case Recalled():
                self.recalled(event)
            case Excerpt():
                self.excerptBegan(event)
            case Missed():
                self.missed(event)
            case Stored():
                self.stored(event)

    def _listReceived(
        self,
        event: Listed
        | RoomsListed
        | BansListed
        | SessionsListed
        | TopicShown
        | ModesShown
        | Described,
    ) -> None:
        match event:
            case Listed():
                self.listed(event)
            case RoomsListed():
                self.roomsListed(event)
            case BansListed():
                self.bansListed(event)
            case SessionsListed():
                self.sessionsListed(event)
            case TopicShown():
                self.topicShown(event)
            case ModesShown():
                self.modesShown(event)
            case Described():
                self.described(event)
