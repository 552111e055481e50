"""
Events as lines of text for users who read.  The service sends them; the client makes the
same of the JSON lines that it gets.

The marks in column one are the same in every language: C{-->} and C{<--} for
joining and leaving, C{---} for a notice, C{!!!} for a refusal or a warning with
its code.  A nickname begins with a letter and text always follows a nickname, so
no user can forge a mark.  A time cannot be forged either: it has a digit behind
the bracket, where a private message has the first letter of a nickname.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from wcwidth import wcswidth

from chat.rendering.lists import Listings
from chat.rendering.messages import HARMLESS, NOTICE_WIDTH, PEACEFUL, filled
from chat.vocabulary.events import (
    Acted,
    Announced,
    BansListed,
    Changed,
    Closed,
    DeletionAsked,
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
"""How many users one line names; beyond that it counts them, or the others."""

_MODES = {
    ("key", "on"): N_("{nick} set a key for {room}"),
    ("key", "off"): N_("{nick} removed the key of {room}"),
    ("private", "on"): N_("{nick} made {room} private: unlisted and invite-only"),
    ("private", "off"): N_("{nick} made {room} public"),
    ("topic", "owner"): N_("{nick} now lets only owners set the topic of {room}"),
    ("topic", "all"): N_("{nick} now lets everybody set the topic of {room}"),
}
_OWNERSHIP = {
    "op": N_("{nick} made {value} an owner of {room}"),
    "deop": N_("{nick} removed {value} as an owner of {room}"),
}


class Wording(Listings):
    """
    The lines of one language.
    """

    def __init__(self, language: str) -> None:
        super().__init__(language)
        # These two are formatted for every line that is said, and fields by position
        # take half the time of fields by name.
        said = self.gettext("{nick}: {text}")
        self._said = said.format(nick="{0}", text="{1}").format
        self._acted = " * {0} {1}".format

    def lines(self, event: Event) -> list[str]:
        """
        @return: lines, without line ends; none for an event that only programs are told.
            A line that is said does not name its room.
        """
        _ = self.gettext
        match event:
            case Said():
                return [self._said(event.nick, event.text)]
            case Acted():
                return [self._acted(event.nick, event.text)]
            case Joined():
                return ["--> " + filled(_("{nick} joined {room} ({count} here)"), event)]
            case Left():
                return ["<-- " + self._departure(event)]
            case Told():
                return [filled(_("[{nick} -> you] {text}"), event)]
            case Sent():
                return [filled(_("[you -> {to}] {text}"), event)]
            case Recalled():
                return [self.recalled(event)]
            case Refused(code=code, about=about, text=text, by=by, until=until):
                return [f"!!! {text or self.refusal(code, about, by, until)} ({code})"]
            case Warned(code=code, about=about, text=text, by=by, until=until):
                warning = text or self.warning(code, about, by, until)
                if code not in HARMLESS:
                    return [f"!!! {warning} ({code})"]
                notices = [warning]
            case Closed(reason=reason, about=about, text=text, by=by, until=until):
                farewell = text or self.farewell(reason, about, by, until)
                if reason not in PEACEFUL:
                    return [f"!!! {farewell} ({reason})"]
                notices = [farewell]
            case Changed(late=True):
                notices = self._missedComings(event)
            case Changed() | Stored():
                notices = []
            case Renamed():
                notices = [filled(_("{nick} is now {name}"), event)]
            case TopicSet(text=text):
                topic = _("{nick} set the topic of {room}: {text}")
                notices = [
                    filled(topic if text else _("{nick} cleared the topic of {room}"), event)
                ]
            case ModeSet():
                notices = [self._mode(event)]
            case Announced():
                notices = [filled(_("Announcement from {nick}: {text}"), event)]
            case Greeted(count=count):
                welcome = filled(_("Welcome to {service}."), event)
                people = (
                    self.ngettext("{count} person here.", "{count} people here.", count)
                    if count
                    else _("Nobody here yet.")
                )
                notices = self.together(welcome, filled(people, event))
            case NickAsked():
                notices = [_("Choose a nickname (/quit leaves):")]
            case PasswordAsked():
                phrase = _(
                    "If it is yours, type your password; otherwise pick another: /nick NAME."
                )
                if event.own:
                    phrase = _(
                        "If it is yours, type your password; to stay {own}, type /nick {own}."
                    )
                notices = [filled(phrase, event)]
            case DeletionAsked():
                notices = self._atStake(event)
            case Welcomed():
                welcome = self._company(
                    event,
                    _("You are {nick}, in {room} with {names} and {more} more."),
                    _("You are {nick}, in {room} with {names}."),
                    _("You are {nick}, alone in {room}."),
                )
                notices = self.together(welcome, _("Just type; /help for commands."))
            case Entered(topic=topic):
                entrance = self._company(
                    event,
                    _("You are in {room} with {names} and {more} more."),
                    _("You are in {room} with {names}."),
                    _("You are alone in {room}."),
                )
                notices = [entrance]
                if topic:
                    notices = self.together(entrance, _("Topic: {text}").format(text=topic))
            case Talking(room=room):
                nowhere = _("You are not in any room now; see /rooms, then /join #ROOM.")
                notices = [filled(_("You are now talking in {room}."), event) if room else nowhere]
            case Parted():
                notices = [self._parting(event)]
            case SessionsChanged(count=count):
                here = self.ngettext(
                    "You now have {count} session here.",
                    "You now have {count} sessions here.",
                    count,
                )
                notices = [filled(here, event)]
            case Done(code=code, about=about, text=text):
                notices = [text or self.done(code, about)]
            case Noticed(text=text):
                notices = [text]
            case Listed():
                notices = self.people(event)
            case RoomsListed():
                notices = self.rooms(event)
            case BansListed():
                notices = self.bans(event)
            case SessionsListed():
                notices = self.sessions(event)
            case Described():
                notices = self.description(event)
            case ModesShown():
                notices = [self.modes(event)]
            case TopicShown():
                notices = [self._topic(event)]
            case Invited():
                notices = [filled(_("{nick} invited you to {room}: /join {room}"), event)]
            case Excerpt():
                notices = self.excerpt(event)
            case Missed():
                notices = [self.missed(event)]
            case Helped(text=text):
                notices = [self.helped(event, _(text))]
            case Ponged(token=token):
                notices = [f"PONG {token}".rstrip()]
            case Present():
                notices = [_("Yes, still here.")]
            case Versioned(service=service, version=version):
                notices = [f"{service}: tcpchat {version}"]
            case LanguageSet(changed=True):
                notices = [_("The language is now English.")]
            case LanguageSet():
                notices = [_("The language is English; /lang zh_CN switches to Chinese.")]
            case FormatSet(format=name):
                phrase = _("The format is {name}; text is for people, json for programs.")
                notices = [phrase.format(name=name)]
            case Uptime():
                notices = [self.uptime(event)]
            case _:  # pragma: no cover
                assert_never(event)
        return ["--- " + notice for notice in notices]

    def helped(self, event: Helped, text: str) -> str:
        """
        A row of the help.

        @param text: the explanation, translated.
        """
        usage = self.usage(f"{event.command} {event.arguments}".rstrip())
        [name, *_arguments] = usage.split(" ")
        others = [each for each in (event.command, *event.aliases) if each != name]
        if others:
            usage = self.gettext("{usage} ({names})").format(usage=usage, names=self.listed(others))
        return self.gettext("{usage}: {text}").format(usage=usage, text=text)

    def recalled(self, event: Recalled, before: str = "") -> str:
        """
        A line of the past.

        @param before: what stands between its time and its nickname.
        @return: the line, which begins with day and minute in local time.
        """
        words = self._acted if event.acted else self._said
        line = words(event.nick, event.text).lstrip(" ")
        return f"[{moment(event.at)}] {before}{line}"

    def _missedComings(self, changed: Changed) -> list[str]:
        """Joins and departures while the recipient was behind: by name, if they are few."""
        _ = self.gettext
        joined, left = changed.joined, changed.left
        count = len(joined) + len(left) + changed.more
        if changed.more:
            phrase = _("While you lagged, {people} joined or left {room} ({count} here)")
        elif joined and left:
            phrase = _("While you lagged, {joined} joined {room} and {left} left ({count} here)")
        elif joined:
            phrase = _("While you lagged, {joined} joined {room} ({count} here)")
        elif left:
            phrase = _("While you lagged, {left} left {room} ({count} here)")
        else:
            return []

        def counted(number: int) -> str:
            return self.ngettext("{count} person", "{count} people", number).format(count=number)

        room = NOTICE_WIDTH - wcswidth(filled(phrase, changed, joined="", left="", people=""))
        isNamed = wcswidth(self.listed([*joined, *left])) <= room

        def named(nicks: tuple[str, ...]) -> str:
            return self.listed(nicks) if isNamed else counted(len(nicks))

        return [
            filled(phrase, changed, joined=named(joined), left=named(left), people=counted(count))
        ]

    def _company(self, event: Welcomed | Entered, many: str, few: str, none: str) -> str:
        """
        The sentence about the other users in a room.

        @param many: the phrase if some are only counted.
        @param few: the phrase if all are named.
        @param none: the phrase if there are none.
        """
        if not event.others:
            return filled(none, event)
        return self._naming(event, event.others, few, many)

    def _atStake(self, asked: DeletionAsked) -> list[str]:
        """What goes with an account, and how that is confirmed."""
        _ = self.gettext
        account = _("This deletes your account {account} for good.")
        if asked.operator:
            account = _("This deletes your account {account} and your operator rights for good.")
        lines = [filled(account, asked)]
        if asked.rooms:
            few = _("These rooms and their history are deleted once empty: {names}")
            many = _(
                "These rooms and their history are deleted once empty: {names} and {more} more"
            )
            lines.append(self._naming(asked, asked.rooms, few, many))
        return [*lines, filled(_("Type /unregister {account} to confirm."), asked)]

    def _naming(
        self, event: Welcomed | Entered | DeletionAsked, names: Sequence[str], few: str, many: str
    ) -> str:
        """
        A sentence with as many names as a line holds.

        @param names: of these some more may only be counted by the event.
        @param few: the phrase if all are named.
        @param many: the phrase if some are only counted.
        """
        count = len(names) + event.more
        if not event.more and len(names) <= NAMES_IN_WELCOME:
            whole = filled(few, event, names=self.listed(names))
            if wcswidth(whole) <= NOTICE_WIDTH:
                return whole
        room = NOTICE_WIDTH - wcswidth(filled(many, event, names="", more=count))
        named = self.fitting(names[:NAMES_IN_WELCOME], room)
        more = count - len(named)
        return filled(many if more else few, event, names=self.listed(named), more=more)

    def _departure(self, left: Left) -> str:
        _ = self.gettext
        if left.reason is Ending.PARTED and not left.text:
            # The reason would only repeat the phrase.
            return filled(_("{nick} left {room} ({count} here)"), left)
        why = self.departure(left.reason, left.text, left.by)
        return filled(_("{nick} left {room}: {reason} ({count} here)"), left, reason=why)

    def _parting(self, parted: Parted) -> str:
        _, by = self.gettext, parted.by
        if parted.reason is Ending.PARTED:
            return filled(_("You left {room}."), parted)
        if parted.reason is Ending.KICKED and by:
            return self.withReason(filled(_("{by} kicked you out of {room}"), parted), parted.text)
        why = self.departure(parted.reason, parted.text, by)
        return filled(_("You are no longer in {room}: {reason}"), parted, reason=why)

    def _mode(self, set: ModeSet) -> str:
        phrase = _OWNERSHIP.get(set.mode) or _MODES.get((set.mode, set.value))
        # A later version may know more modes.
        unknown = N_("{nick} changed the settings of {room}: {mode} {value}")
        return filled(self.gettext(phrase or unknown), set)

    def _topic(self, shown: TopicShown) -> str:
        _ = self.gettext
        if not shown.text:
            phrase = _("{room} has no topic")
        elif shown.nick:
            phrase = _("Topic of {room}, set by {nick}: {text}")
        else:
            phrase = _("Topic of {room}: {text}")
        return filled(phrase, shown)
