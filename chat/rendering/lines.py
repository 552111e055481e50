"""
Events as lines of text: what a person reads, be it sent by the service or made
by the client of the JSON lines it got.

The marks in column one are the same in every language: C{-->} and C{<--} for who
comes and goes, C{---} for a notice, C{!!!} for a refusal or a warning with its
code.  A nickname begins with a letter and text always follows a nickname, so
nobody can forge one.  Nor can anybody forge a time, which is a digit behind a
bracket where a private message has the letter of a nickname.
"""

from __future__ import annotations

from typing import assert_never

from chat.rendering.lists import Listings
from chat.rendering.messages import PEACEFUL, Phrases
from chat.vocabulary.events import (
    Acted,
    Announced,
    BansListed,
    Changed,
    Closed,
    Described,
    Done,
    Ending,
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
from chat.vocabulary.i18n import N_
from chat.vocabulary.times import moment

NAMES_IN_WELCOME = 10
"""How many people one line names before it only counts them, or the others."""

_MODES = {
    ("key", "on"): N_("{nick} gives {room} a key"),
    ("key", "off"): N_("{nick} takes the key from {room}"),
    ("private", "on"): N_("{nick} makes {room} private: not listed, by invitation only"),
    ("private", "off"): N_("{nick} makes {room} public"),
    ("topic", "owner"): N_("{nick} lets only owners set the topic of {room}"),
    ("topic", "all"): N_("{nick} lets everybody set the topic of {room}"),
}
_MODES_OF_SOMEBODY = {
    "op": N_("{nick} makes {value} an owner of {room}"),
    "deop": N_("{nick} makes {value} an owner of {room} no longer"),
}


class Wording:
    """
    The lines of one language.
    """

    def __init__(self, language: str) -> None:
        """
        @param language: one of L{chat.vocabulary.i18n.LANGUAGES}.
        """
        self._phrases = Phrases(language)
        self._listings = Listings(self._phrases)
        # Made once, and filled in by place and not by name, which takes twice as long:
        # these are formatted for every line that is said.
        said = self._phrases.gettext("{nick}: {text}")
        self._said = said.format(nick="{0}", text="{1}").format
        self._acted = " * {0} {1}".format

    def lines(self, event: Event) -> list[str]:
        """
        @return: lines, without line ends; none where there is nothing to tell a
            person.  A line that is said does not name its room.
        """
        phrases, listings, _ = self._phrases, self._listings, self._phrases.gettext
        match event:
            case Said():
                return [self._said(event.nick, event.text)]
            case Acted():
                return [self._acted(event.nick, event.text)]
            case Joined(room=room, nick=nick, count=count):
                joined = _("{nick} joined {room} ({count} here)")
                return ["--> " + joined.format(nick=nick, room=room, count=count)]
            case Left():
                return ["<-- " + self._departure(event)]
            case Renamed(nick=nick, name=name):
                return ["--- " + _("{nick} is now {name}").format(nick=nick, name=name)]
            case TopicSet(room=room, nick=nick, text=text) if text:
                topic = _("{nick} sets the topic of {room}: {text}")
                return ["--- " + topic.format(nick=nick, room=room, text=text)]
            case TopicSet(room=room, nick=nick):
                return [
                    "--- " + _("{nick} clears the topic of {room}").format(nick=nick, room=room)
                ]
            case ModeSet():
                return ["--- " + self._mode(event)]
            case Changed(late=True):
                return self._behind(event)
            case Changed() | Stored():
                return []
            case Announced(nick=nick, text=text):
                return ["--- " + _("{nick} announces: {text}").format(nick=nick, text=text)]
            case Told(nick=nick, text=text):
                return [_("[{nick} -> you] {text}").format(nick=nick, text=text)]
            case Sent(to=to, text=text):
                return [_("[you -> {to}] {text}").format(to=to, text=text)]
            case Recalled():
                return [self.recalled(event)]
            case Greeted(service=service, count=count):
                return ["--- " + self._greeting(service, count)]
            case NickAsked():
                return ["--- " + _("What is your nickname?")]
            case PasswordAsked(nick=nick):
                return [
                    "--- "
                    + _("The next line is taken for the password of {nick}.").format(nick=nick)
                ]
            case Welcomed():
                return ["--- " + self._welcome(event)]
            case Entered():
                return ["--- " + self._entrance(event)]
            case Talking(room=room) if room:
                return ["--- " + _("You talk in {room} now.").format(room=room)]
            case Talking():
                return ["--- " + _("You are in no room now: /join #ROOM, or /rooms.")]
            case Parted():
                return ["--- " + self._parting(event)]
            case SessionsChanged(count=count):
                here = phrases.ngettext(
                    "You are here in {count} session now.",
                    "You are here in {count} sessions now.",
                    count,
                )
                return ["--- " + here.format(count=count)]
            case Done(code=code, about=about, text=text):
                return ["--- " + (text or phrases.done(code, about))]
            case Refused(code=code, about=about, text=text):
                return [f"!!! {text or phrases.refusal(code, about)} ({code})"]
            case Warned(code=code, about=about, text=text):
                return [f"!!! {text or phrases.warning(code, about)} ({code})"]
            case Noticed(text=text):
                return ["--- " + text]
            case Listed():
                return listings.people(event)
            case RoomsListed():
                return listings.rooms(event)
            case BansListed():
                return listings.bans(event)
            case SessionsListed():
                return listings.sessions(event)
            case Described():
                return listings.description(event)
            case ModesShown():
                return [listings.modes(event)]
            case TopicShown():
                return ["--- " + self._topic(event)]
            case Invited(room=room, nick=nick):
                invited = _("{nick} invites you to {room}: /join {room}")
                return ["--- " + invited.format(nick=nick, room=room)]
            case Excerpt():
                return listings.excerpt(event)
            case Missed():
                return [listings.missed(event)]
            case Helped():
                return ["--- " + self._help(event)]
            case Ponged(token=token):
                return [f"--- PONG {token}".rstrip()]
            case Present():
                return ["--- " + _("Yes, I am here.")]
            case Versioned(service=service, version=version):
                return [f"--- {service}: tcpchat {version}"]
            case LanguageSet(language=language):
                return ["--- " + _("The language is English.") + f" ({language})"]
            case FormatSet(format=name):
                return ["--- " + _("The format is {name}.").format(name=name)]
            case Uptime():
                return [listings.uptime(event)]
            case Closed(reason=reason, about=about, text=text, by=by):
                return [self._farewell(reason, text or phrases.farewell(reason, about, by))]
            case _:  # pragma: no cover
                assert_never(event)

    def recalled(self, event: Recalled, before: str = "") -> str:
        """
        A line of the past.

        @param before: what stands between its time and its nickname.
        @return: the line, which begins with day and minute in local time.
        """
        words = self._acted if event.acted else self._said
        line = words(event.nick, event.text).lstrip(" ")
        return f"[{moment(event.at)}] {before}{line}"

    def _greeting(self, service: str, count: int) -> str:
        people = self._phrases.ngettext(
            "{count} person is here.", "{count} people are here.", count
        ).format(count=count)
        welcome = self._phrases.gettext("Welcome to {service}.").format(service=service)
        return f"{welcome} {people}"

    def _behind(self, changed: Changed) -> list[str]:
        """What a reader has missed who was behind: by name, where they are few."""
        _ = self._phrases.gettext
        joined, left = changed.joined, changed.left
        count = len(joined) + len(left) + changed.more
        if changed.more:
            phrase = _(
                "While you were reading slowly, {people} joined or left {room} ({count} here)"
            )
        elif joined and left:
            phrase = _(
                "While you were reading slowly, {joined} joined {room} and {left} left"
                " ({count} here)"
            )
        elif joined:
            phrase = _("While you were reading slowly, {joined} joined {room} ({count} here)")
        elif left:
            phrase = _("While you were reading slowly, {left} left {room} ({count} here)")
        else:
            return []
        isShort = count <= NAMES_IN_WELCOME
        behind = phrase.format(
            room=changed.room,
            joined=", ".join(joined) if isShort else self._people(len(joined)),
            left=", ".join(left) if isShort else self._people(len(left)),
            people=self._people(count),
            count=changed.count,
        )
        return ["--- " + behind]

    def _people(self, count: int) -> str:
        people = self._phrases.ngettext("{count} person", "{count} people", count)
        return people.format(count=count)

    def _welcome(self, event: Welcomed) -> str:
        _, others = self._phrases.gettext, event.others
        named = others[:NAMES_IN_WELCOME]
        more = len(others) - len(named) + event.more
        if more > 0:
            phrase = _("You are {nick}, in {room} with {names} and {more} more.")
        elif named:
            phrase = _("You are {nick}, in {room} with {names}.")
        else:
            phrase = _("You are {nick}, in {room}, where nobody else is yet.")
        names = ", ".join(named)
        welcome = phrase.format(nick=event.nick, room=event.room, names=names, more=more)
        return welcome + " " + _("/help lists the commands.")

    def _entrance(self, event: Entered) -> str:
        _, others = self._phrases.gettext, event.others
        named = others[:NAMES_IN_WELCOME]
        more = len(others) - len(named) + event.more
        if more > 0:
            phrase = _("You are in {room} with {names} and {more} more.")
        elif named:
            phrase = _("You are in {room} with {names}.")
        else:
            phrase = _("You are in {room}, where nobody else is yet.")
        entrance = phrase.format(room=event.room, names=", ".join(named), more=more)
        if not event.topic:
            return entrance
        return entrance + " " + _("Topic: {text}").format(text=event.topic)

    def _departure(self, left: Left) -> str:
        _, reason = self._phrases.gettext, left.reason
        if reason is Ending.PARTED and not left.text:
            # Nothing but what the sentence says already.
            phrase = _("{nick} left {room} ({count} here)")
        else:
            phrase = _("{nick} left {room}: {reason} ({count} here)")
        why = self._phrases.departure(reason, left.text, left.by)
        return phrase.format(nick=left.nick, room=left.room, reason=why, count=left.count)

    def _parting(self, parted: Parted) -> str:
        _, room, by = self._phrases.gettext, parted.room, parted.by
        if parted.reason is Ending.PARTED:
            return _("You left {room}.").format(room=room)
        if parted.reason is Ending.KICKED and by:
            out = _("{by} has put you out of {room}").format(by=by, room=room)
            return self._phrases.withReason(out, parted.text)
        why = self._phrases.departure(parted.reason, parted.text, by)
        return _("You are no longer in {room}: {reason}").format(room=room, reason=why)

    def _mode(self, set: ModeSet) -> str:
        _, mode, value = self._phrases.gettext, set.mode, set.value
        phrase = _MODES_OF_SOMEBODY.get(mode) or _MODES.get((mode, value))
        if phrase is None:
            # One of a later version.
            phrase = N_("{nick} changes how {room} is kept: {mode} {value}")
        return _(phrase).format(nick=set.nick, room=set.room, mode=mode, value=value)

    def _topic(self, shown: TopicShown) -> str:
        _ = self._phrases.gettext
        if not shown.text:
            phrase = _("{room} has no topic")
        elif shown.nick:
            phrase = _("topic of {room}, by {nick}: {text}")
        else:
            phrase = _("topic of {room}: {text}")
        return phrase.format(room=shown.room, nick=shown.nick, text=shown.text)

    def _help(self, help: Helped) -> str:
        usage = f"{help.command} {help.arguments}".rstrip()
        aliases = f" ({', '.join(help.aliases)})" if help.aliases else ""
        return f"{usage}{aliases}: {self._phrases.gettext(help.text)}"

    def _farewell(self, reason: Ending, farewell: str) -> str:
        return f"--- {farewell}" if reason in PEACEFUL else f"!!! {farewell} ({reason})"
