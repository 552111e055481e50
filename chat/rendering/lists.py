"""
Lists, and what is told of one person or room, as lines of text; see
L{chat.rendering.lines}.

Every line begins with the mark of a notice and says by itself what it is about.
What somebody has written, such as a topic or a reason, stands last in its line,
so it cannot pass for a part of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chat.rendering.messages import Phrases
from chat.vocabulary.arguments import MAX_HISTORY
from chat.vocabulary.replies import (
    BanRow,
    BansListed,
    Described,
    Excerpt,
    Listed,
    Missed,
    ModesShown,
    Person,
    RoomRow,
    RoomsListed,
    SessionRow,
    SessionsListed,
    Uptime,
)
from chat.vocabulary.times import moment

NAMES_SHOWN = 100
"""How many people a list names before it only counts the others."""

NAMES_PER_LINE = 20
"""How many of them stand in one line."""

ROOMS_AT_LENGTH = 40
"""How many rooms get a line each; where there are more, several share one."""

ROOMS_PER_LINE = 10


class Listings:
    """
    The lists of one language.
    """

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases

    def people(self, listed: Listed) -> list[str]:
        """Who is in a room."""
        count, shown = len(listed.people) + listed.more, listed.people[:NAMES_SHOWN]
        head = self._phrases.ngettext(
            "{count} person in {room}", "{count} people in {room}", count
        ).format(count=count, room=listed.room)
        rows = _packed(head, map(self._person, shown), NAMES_PER_LINE)
        return rows + self._more(count - len(shown))

    def rooms(self, listed: RoomsListed) -> list[str]:
        """Which rooms there are."""
        _ = self._phrases.gettext
        rooms = listed.rooms
        if not rooms:
            return ["--- " + _("There is no room.")]
        if len(rooms) <= ROOMS_AT_LENGTH:
            return ["--- " + self._room(row) for row in rooms] + self._more(listed.more)
        names = (f"{row.room} ({row.count})" for row in rooms)
        rows = _packed(_("{count} rooms").format(count=len(rooms)), names, ROOMS_PER_LINE)
        rows += self._more(listed.more)
        own = ", ".join(row.room for row in rooms if row.here)
        return [*rows, "--- " + _("You are in {rooms}.").format(rooms=own)] if own else rows

    def bans(self, listed: BansListed) -> list[str]:
        """Who is banned or muted."""
        if not listed.bans:
            return ["--- " + self._phrases.gettext("Nobody is banned or muted.")]
        return self._more(listed.more) + ["--- " + self._ban(row) for row in listed.bans]

    def sessions(self, listed: SessionsListed) -> list[str]:
        """In which sessions one is here."""
        return ["--- " + self._session(row) for row in listed.sessions]

    def description(self, about: Described) -> list[str]:
        """What may be known of somebody."""
        _ = self._phrases.gettext
        if not about.account:
            account = _("{nick} has no account")
        elif about.operator:
            account = _("{nick} is logged in as {account}, and an operator")
        else:
            account = _("{nick} is logged in as {account}")
        if about.idle < 60:
            since = _("{nick} has been here since {time}")
        else:
            since = _("{nick} has been here since {time}, and silent for {idle}")
        idle = self._phrases.duration(about.idle)
        nick = about.nick
        lines = [
            account.format(nick=nick, account=about.account),
            since.format(nick=nick, time=moment(about.since), idle=idle),
        ]
        if about.rooms:
            lines.append(_("{nick} is in {rooms}").format(nick=nick, rooms=", ".join(about.rooms)))
        if about.addresses:
            addresses = ", ".join(about.addresses)
            lines.append(_("{nick} comes from {addresses}").format(nick=nick, addresses=addresses))
        if about.away:
            away = _("{nick} is away").format(nick=nick)
            lines.append(self._phrases.withReason(away, about.why))
        return ["--- " + line for line in lines]

    def modes(self, shown: ModesShown) -> str:
        """How a room is kept."""
        _ = self._phrases.gettext
        modes = [
            _("a key is needed") if shown.key else _("no key is needed"),
            _("private: not listed, by invitation only") if shown.private else _("listed"),
            _("owners set the topic") if shown.topic == "owner" else _("everybody sets the topic"),
            _("owners: {names}").format(names=", ".join(shown.owners))
            if shown.owners
            else _("no owner"),
        ]
        return f"--- {shown.room}: " + "; ".join(modes)

    def excerpt(self, excerpt: Excerpt) -> list[str]:
        """
        The head of lines of the past.  Nothing comes of a replay of nothing: who
        comes into a new room has not asked for a past.
        """
        _, ngettext = self._phrases.gettext, self._phrases.ngettext
        room, count = excerpt.room, excerpt.count
        match excerpt.reason:
            case "search" if not count:
                head = _("Nothing was found.")
            case "search":
                head = ngettext(
                    "{count} line found, the newest first",
                    "{count} lines found, the newest first",
                    count,
                )
            case "replay" if not count:
                return []
            case _ if not count:
                head = _("There are no such lines of {room}.")
            case "after":
                head = ngettext("{count} line of {room}", "{count} lines of {room}", count)
            case _:
                head = ngettext(
                    "{count} earlier line of {room}", "{count} earlier lines of {room}", count
                )
        return ["--- " + head.format(count=count, room=room) + self._further(excerpt)]

    def missed(self, missed: Missed) -> str:
        """Which lines cannot be read any more."""
        _, first, last = self._phrases.gettext, missed.first, missed.last
        match missed.reason == "expired", first == last:
            case True, True:
                phrase = _("line {first} of {room} has expired")
            case True, False:
                phrase = _("lines {first} to {last} of {room} have expired")
            case False, True:
                phrase = _("keeping was interrupted here, and line {first} of {room} may be lost")
            case _:
                phrase = _(
                    "keeping was interrupted here, and lines of {room} may be lost"
                    " (numbers {first} to {last})"
                )
        return "--- " + phrase.format(first=first, last=last, room=missed.room)

    def uptime(self, uptime: Uptime) -> str:
        """For how long the service has been running: its two largest units."""
        seconds, span = uptime.seconds, self._phrases.duration
        time = span(seconds)
        for unit, lesser in ((86400, 3600), (3600, 60), (60, 1)):
            if seconds >= unit:
                if seconds % unit >= lesser:
                    time += " " + span(seconds % unit)
                break
        running = self._phrases.gettext("This service has been running for {time}.")
        return "--- " + running.format(time=time)

    def _person(self, person: Person) -> str:
        _ = self._phrases.gettext
        signs = [_("away")] if person.away else []
        if person.idle >= 60:
            signs.append(_("idle {time}").format(time=self._phrases.duration(person.idle)))
        return f"{person.nick} ({', '.join(signs)})" if signs else person.nick

    def _more(self, count: int) -> list[str]:
        phrase = self._phrases.ngettext(
            "{count} more is not shown", "{count} more are not shown", count
        )
        return ["--- " + phrase.format(count=count)] if count else []

    def _room(self, row: RoomRow) -> str:
        _ = self._phrases.gettext
        phrase = _("{room} ({count} here, you too)") if row.here else _("{room} ({count} here)")
        return self._phrases.withReason(phrase.format(room=row.room, count=row.count), row.topic)

    def _ban(self, row: BanRow) -> str:
        _ = self._phrases.gettext
        if row.kind == "mute":
            phrase = (
                _("{name} is muted by {by}")
                if row.until is None
                else _("{name} is muted by {by} until {time}")
            )
        else:
            phrase = (
                _("{name} is banned by {by}")
                if row.until is None
                else _("{name} is banned by {by} until {time}")
            )
        time = "" if row.until is None else moment(row.until)
        return self._phrases.withReason(phrase.format(name=row.name, by=row.by, time=time), row.why)

    def _session(self, row: SessionRow) -> str:
        _ = self._phrases.gettext
        parts = [
            _("session {number} from {address} since {time}").format(
                number=row.number, address=row.address, time=moment(row.since)
            )
        ]
        if row.idle >= 60:
            parts.append(_("idle {time}").format(time=self._phrases.duration(row.idle)))
        if row.this:
            parts.append(_("this one"))
        return ", ".join(parts)

    def _further(self, excerpt: Excerpt) -> str:
        _ = self._phrases.gettext
        if not excerpt.more:
            return ""
        if excerpt.reason == "search":
            return _("; there are older ones")
        if excerpt.reason == "after":
            return _("; newer ones: /history after {last} in {room}").format(
                last=excerpt.last, room=excerpt.room
            )
        count = min(MAX_HISTORY, max(100, 2 * excerpt.count))
        if count <= excerpt.count:
            return _("; there are older ones")
        return _("; older ones: /history {count} in {room}").format(count=count, room=excerpt.room)


def _packed(head: str, items: Iterable[str], size: int) -> list[str]:
    """Lines of so many items; each of them says what it is about."""
    rest: Sequence[str] = list(items)
    return [
        f"--- {head}: " + ", ".join(rest[first : first + size])
        for first in range(0, len(rest), size)
    ] or [f"--- {head}"]
