"""
Events that a client hears, each with a method of its own.
"""

from __future__ import annotations

from typing import get_args

from chat.vocabulary import events


class EventReceiver:
    """
    One method for each kind of event, to be overridden.  By default they do
    nothing.
    """

    def eventReceived(self, event: events.Event) -> None:
        """
        Something was heard.  Override this to hear everything in one place.
        """
        name = _METHODS.get(type(event))
        if name is not None:
            getattr(self, name)(event)

    # Talk.

    def said(self, event: events.Said) -> None:
        """A user said something; we hear ourselves, too."""

    def acted(self, event: events.Acted) -> None:
        """A user did something; we hear ourselves, too."""

    def told(self, event: events.Told) -> None:
        """Another user told us something in private."""

    def sent(self, event: events.Sent) -> None:
        """Our private line to another user has been delivered."""

    # Ourselves.

    def welcomed(self, event: events.Welcomed) -> None:
        """The nickname is ours, and we are in a room."""

    def entered(self, event: events.Entered) -> None:
        """We are in another room, too."""

    def talking(self, event: events.Talking) -> None:
        """From now on we talk in this room."""

    def parted(self, event: events.Parted) -> None:
        """We are no longer in a room."""

    def sessionsChanged(self, event: events.SessionsChanged) -> None:
        """Our user has more sessions than before, or fewer."""

    def closed(self, event: events.Closed) -> None:
        """The service ends the session; the connection will end, too."""

    # The others.

    def joined(self, event: events.Joined) -> None:
        """Another user joined a room of ours."""

    def left(self, event: events.Left) -> None:
        """Another user left a room of ours."""

    def renamed(self, event: events.Renamed) -> None:
        """A user, perhaps ourselves, has another nickname."""

    def changed(self, event: events.Changed) -> None:
        """
        Users joined a room of ours, or left it: a room with many users, or one of
        which we have read too slowly.
        """

    def topicSet(self, event: events.TopicSet) -> None:
        """A user has set the topic of a room of ours."""

    def modeSet(self, event: events.ModeSet) -> None:
        """A user has changed a mode of a room of ours."""

    def announced(self, event: events.Announced) -> None:
        """An operator tells all users something."""

    def invited(self, event: events.Invited) -> None:
        """Another user invites us into a room."""

    # The past.

    def excerptBegan(self, event: events.Excerpt) -> None:
        """Lines of the past follow."""

    def recalled(self, event: events.Recalled) -> None:
        """A line of the past."""

    def missed(self, event: events.Missed) -> None:
        """Lines of the past that cannot be read any more."""

    def stored(self, event: events.Stored) -> None:
        """Our lines are on the disk of the service, up to this one."""

    # Answers.

    def done(self, event: events.Done) -> None:
        """The service has done what we asked for."""

    def refused(self, event: events.Refused) -> None:
        """The service has not done what we asked for."""

    def warned(self, event: events.Warned) -> None:
        """Something will happen unless we act, or has happened."""

    def noticed(self, event: events.Noticed) -> None:
        """The operator of the service says something."""

    def listed(self, event: events.Listed) -> None:
        """The users in a room; it comes unasked when we have entered."""

    def roomsListed(self, event: events.RoomsListed) -> None:
        """Which rooms there are."""

    def bansListed(self, event: events.BansListed) -> None:
        """The users and addresses that are banned or muted."""

    def sessionsListed(self, event: events.SessionsListed) -> None:
        """The sessions of our user."""

    def topicShown(self, event: events.TopicShown) -> None:
        """The topic of a room."""

    def modesShown(self, event: events.ModesShown) -> None:
        """The modes of a room."""

    def described(self, event: events.Described) -> None:
        """The answer about a user that we asked for."""

    def deletionAsked(self, event: events.DeletionAsked) -> None:
        """What would be deleted with our account, which we asked for; nothing has been."""

    def helped(self, event: events.Helped) -> None:
        """One row of the help we asked for."""

    def ponged(self, event: events.Ponged) -> None:
        """All that we asked before has been answered."""

    def versioned(self, event: events.Versioned) -> None:
        """The name and the version of the service."""

    def uptimeTold(self, event: events.Uptime) -> None:
        """For how long the service has been running."""


def _methodFor(event: type[events.Event]) -> str:
    name = event.__name__
    return {"Excerpt": "excerptBegan", "Uptime": "uptimeTold"}.get(name, name[0].lower() + name[1:])


# Answers to the client's own introduction have no method.
_METHODS: dict[type[events.Event], str] = {
    event: _methodFor(event)
    for event in get_args(events.Event)
    if hasattr(EventReceiver, _methodFor(event))
}
