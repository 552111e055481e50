"""
Lists, and descriptions of one user or room, as lines of text without the mark in
column one; see L{chat.rendering.lines}.

Every line names its subject.  Text that a user has written, such as a topic or a
reason, stands last in its line, so it cannot pass for a part of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, takewhile

from wcwidth import wcswidth

from chat.rendering.messages import NOTICE_WIDTH, Phrases, filled
from chat.vocabulary.arguments import MAX_HISTORY
from chat.vocabulary.replies import (
    BanRow,
    BansListed,
    Described,
    Excerpt,
    Listed,
    Missed,
    ModesShown,
    RoomRow,
    RoomsListed,
    SessionRow,
    SessionsListed,
    Uptime,
    UserRow,
)
from chat.vocabulary.times import moment

NAMES_SHOWN = 100
"""How many users a list names; it counts the others."""

ROOMS_AT_LENGTH = 40
"""How many rooms get a line each; where there are more, several share a line."""


class Listings(Phrases):
    """
    The lists of one language.
    """

    def people(self, listed: Listed) -> list[str]:
        """The users in a room."""
        count, shown = len(listed.people) + listed.more, listed.people[:NAMES_SHOWN]
        head = self.ngettext("{count} person in {room}", "{count} people in {room}", count)
        head = filled(head, listed, count=count)
        rows = self._packed(head, map(self._user, shown))
        return rows + self._more(count - len(shown))

    def rooms(self, listed: RoomsListed) -> list[str]:
        """The rooms that there are."""
        _, rooms, more = self.gettext, listed.rooms, self._more(listed.more)
        if not rooms:
            return [_("There are no rooms.")]
        if len(rooms) <= ROOMS_AT_LENGTH:
            return [*map(self._room, rooms), *more]
        names = (self._marked(row.room, str(row.count)) for row in rooms)
        head = _("{count} rooms").format(count=len(rooms))
        own = [row.room for row in rooms if row.here]
        return [
            *self._packed(head, names),
            *more,
            *(self._packed(_("You are in"), own) if own else []),
        ]

    def bans(self, listed: BansListed) -> list[str]:
        """The bans and mutes."""
        if not listed.bans:
            return [self.gettext("Nobody is banned or muted.")]
        return [*self._more(listed.more), *map(self._ban, listed.bans)]

    def sessions(self, listed: SessionsListed) -> list[str]:
        """The sessions of the user who asks."""
        return [*map(self._session, listed.sessions)]

    def description(self, about: Described) -> list[str]:
        """All that may be known of a user."""
        _ = self.gettext
        if not about.account:
            account = _("{nick} has no account")
        elif about.operator:
            account = _("{nick} is logged in as {account}, an operator")
        else:
            account = _("{nick} is logged in as {account}")
        if about.idle < 60:
            since = _("{nick} has been here since {time}")
        else:
            since = _("{nick} has been here since {time}, idle for {idle}")
        time, idle = moment(about.since), self.duration(about.idle)
        lines = [filled(account, about), filled(since, about, time=time, idle=idle)]
        if about.rooms:
            lines.append(filled(_("{nick} is in {rooms}"), about, rooms=self.listed(about.rooms)))
        if about.addresses:
            addresses = self.listed(about.addresses)
            lines.append(
                filled(_("{nick} is connected from {addresses}"), about, addresses=addresses)
            )
        if about.away:
            lines.append(self.withReason(filled(_("{nick} is away"), about), about.why))
        return lines

    def modes(self, shown: ModesShown) -> str:
        """The modes of a room."""
        _ = self.gettext
        modes = [
            _("has a key") if shown.key else _("no key"),
            _("private") if shown.private else _("public"),
            _("owners can set the topic")
            if shown.topic == "owner"
            else _("anybody can set the topic"),
            _("owners: {names}").format(names=self.listed(shown.owners))
            if shown.owners
            else _("no owner"),
        ]
        return self.withReason(shown.room, _("; ").join(modes))

    def excerpt(self, excerpt: Excerpt) -> list[str]:
        """
        The head of lines of the past.  An empty replay has none: a user who enters
        a new room has not asked for its past.
        """
        _, ngettext, count = self.gettext, self.ngettext, excerpt.count
        match excerpt.reason:
            case "search" if not count:
                head = _("Nothing found.")
            case "search" if count == 1:
                head = _("1 line found")
            case "search":
                head = _("{count} lines found, newest first")
            case "replay" if not count:
                return []
            case _ if not count:
                head = _("There are no such lines in {room}.")
            case "after":
                head = ngettext("{count} line from {room}", "{count} lines from {room}", count)
            case _:
                head = ngettext(
                    "{count} earlier line from {room}", "{count} earlier lines from {room}", count
                )
        return [filled(head, excerpt) + self._further(excerpt)]

    def missed(self, missed: Missed) -> str:
        """Which lines cannot be read any more."""
        _, count = self.gettext, missed.last - missed.first + 1
        match missed.reason:
            case "expired" if count == 1:
                phrase = _("Line {first} of {room} has expired")
            case "expired":
                phrase = _("Lines {first} to {last} of {room} have expired")
            case "stopped":
                phrase = _("The service stopped unexpectedly; lines of {room} may be missing here")
            case _:
                phrase = self.ngettext(
                    "{count} line of {room} is missing here",
                    "{count} lines of {room} are missing here",
                    count,
                )
        return filled(phrase, missed, count=count)

    def uptime(self, uptime: Uptime) -> str:
        """For how long the service has been running, in its two largest units."""
        time = self.time(uptime.seconds)
        return self.gettext("The service has been up for {time}.").format(time=time)

    def _user(self, row: UserRow) -> str:
        signs = [self.gettext("away")] if row.away else []
        signs += self._idle(row.idle)
        return self._marked(row.nick, self.listed(signs)) if signs else row.nick

    def _marked(self, name: str, sign: str) -> str:
        return self.gettext("{name} ({sign})").format(name=name, sign=sign)

    def _idle(self, seconds: int) -> list[str]:
        if seconds < 60:
            return []
        return [self.gettext("idle {time}").format(time=self.duration(seconds))]

    def _more(self, count: int) -> list[str]:
        phrase = self.ngettext("{count} more not shown", "{count} more not shown", count)
        return [phrase.format(count=count)] if count else []

    def _room(self, row: RoomRow) -> str:
        _ = self.gettext
        phrase = _("{room} ({count} here, you too)") if row.here else _("{room} ({count} here)")
        return self.withReason(filled(phrase, row), row.topic)

    def _ban(self, row: BanRow) -> str:
        _ = self.gettext
        match row.kind == "mute", row.until:
            case True, None:
                phrase = _("{name} is muted by {by}")
            case True, _until:
                phrase = _("{name} is muted by {by} until {time}")
            case _, None:
                phrase = _("{name} is banned by {by}")
            case _:
                phrase = _("{name} is banned by {by} until {time}")
        time = "" if row.until is None else moment(row.until)
        return self.withReason(filled(phrase, row, time=time), row.why)

    def _packed(self, head: str, items: Iterable[str]) -> list[str]:
        """Lines of as many items as they hold, all with the same head."""
        rest, rows = list(items), []
        room = NOTICE_WIDTH - wcswidth(self.withReason(head, "-"))
        while rest:
            row = self.fitting(rest, room)
            rest = rest[len(row) :]
            rows.append(self.withReason(head, self.listed(row)))
        return rows or [head]

    def fitting(self, items: Sequence[str], columns: int) -> Sequence[str]:
        """
        @return: as many of the first items as fit into some columns in a list; at least one,
            if there is any.
        """
        comma = wcswidth(self.listed(["", ""]))
        ends = accumulate(wcswidth(item) + comma for item in items)
        return items[: max(1, sum(1 for _ in takewhile(lambda end: end - comma <= columns, ends)))]

    def _session(self, row: SessionRow) -> str:
        _ = self.gettext
        session = _("Session {number} from {address} since {time}")
        line = filled(session, row, time=moment(row.since))
        for more in [*self._idle(row.idle), *([_("this one")] if row.this else [])]:
            line = _("{what}, {more}").format(what=line, more=more)
        return line

    def _further(self, excerpt: Excerpt) -> str:
        _ = self.gettext
        if not excerpt.more:
            return ""
        if excerpt.reason == "after":
            return filled(_("; for newer ones, /history after {last} in {room}"), excerpt)
        count = min(MAX_HISTORY, max(100, 2 * excerpt.count))
        if excerpt.reason == "search" or count <= excerpt.count:
            return _("; there are older ones")
        return filled(_("; for more, /history {count} in {room}"), excerpt, count=count)
