"""
Events as lines of text: what a person reads, be it sent by the service or made
by the client of the JSON lines it got.

The marks in column one are the same in every language: C{-->} and C{<--} for who
comes and goes, C{---} for a notice, C{!!!} for a refusal or a warning with its
code.  A nickname begins with a letter and text always follows a nickname, so
nobody can forge one.
"""

from __future__ import annotations

from typing import assert_never

from chat.events import (
    Acted,
    Closed,
    Ending,
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
    Person,
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
from chat.phrases import PEACEFUL, Phrases

NAMES_PER_LINE = 20
"""How many people stand in one line of a list."""

NAMES_IN_WELCOME = 10
"""How many people a welcome names before it only counts the others."""


class Wording:
    """
    The lines of one language.
    """

    def __init__(self, language: str) -> None:
        """
        @param language: one of L{chat.languages.LANGUAGES}.
        """
        self._phrases = Phrases(language)
        # Looked up once: these are formatted for every line that is said.
        self._said = self._phrases.gettext("{nick}: {text}").format
        self._acted = " * {nick} {text}".format

    def lines(self, event: Event) -> list[str]:
        """
        @return: one line or more, without line ends.  A line that is said does
            not name its room.
        """
        phrases, _ = self._phrases, self._phrases.gettext
        match event:
            case Said(nick=nick, text=text):
                return [self._said(nick=nick, text=text)]
            case Acted(nick=nick, text=text):
                return [self._acted(nick=nick, text=text)]
            case Joined(room=room, nick=nick, count=count):
                return [
                    "--> "
                    + _("{nick} joined {room} ({count} here)").format(
                        nick=nick, room=room, count=count
                    )
                ]
            case Left(room=room, nick=nick, reason=reason, text=text, count=count):
                return [
                    "<-- "
                    + _("{nick} left {room}: {reason} ({count} here)").format(
                        nick=nick, room=room, reason=phrases.departure(reason, text), count=count
                    )
                ]
            case Renamed(nick=nick, name=name):
                return ["--- " + _("{nick} is now {name}").format(nick=nick, name=name)]
            case Told(nick=nick, text=text):
                return [_("[{nick} -> you] {text}").format(nick=nick, text=text)]
            case Sent(to=to, text=text):
                return [_("[you -> {to}] {text}").format(to=to, text=text)]
            case Greeted(service=service, count=count):
                return ["--- " + self._greeting(service, count)]
            case NickAsked():
                return ["--- " + _("What is your nickname?")]
            case Welcomed(room=room, nick=nick, others=others):
                return ["--- " + self._welcome(room, nick, others)]
            case Refused(code=code, about=about, text=text):
                return [f"!!! {text or phrases.refusal(code, about)} ({code})"]
            case Warned(code=code, about=about, text=text):
                return [f"!!! {text or phrases.warning(code, about)} ({code})"]
            case Noticed(text=text):
                return ["--- " + text]
            case Listed(room=room, people=people):
                return self._list(room, people)
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
            case Closed(reason=reason, about=about, text=text):
                return [self._farewell(reason, text or phrases.farewell(reason, about))]
            case _:  # pragma: no cover
                assert_never(event)

    def _greeting(self, service: str, count: int) -> str:
        people = self._phrases.ngettext(
            "{count} person is here.", "{count} people are here.", count
        ).format(count=count)
        welcome = self._phrases.gettext("Welcome to {service}.").format(service=service)
        return f"{welcome} {people}"

    def _welcome(self, room: str, nick: str, others: tuple[str, ...]) -> str:
        _ = self._phrases.gettext
        named, more = others[:NAMES_IN_WELCOME], len(others) - NAMES_IN_WELCOME
        if more > 0:
            phrase = _("You are {nick}, in {room} with {names} and {more} more.")
        elif named:
            phrase = _("You are {nick}, in {room} with {names}.")
        else:
            phrase = _("You are {nick}, in {room}, where nobody else is yet.")
        welcome = phrase.format(nick=nick, room=room, names=", ".join(named), more=more)
        return welcome + " " + _("/help lists the commands.")

    def _list(self, room: str, people: tuple[Person, ...]) -> list[str]:
        head = self._phrases.ngettext(
            "{count} person in {room}", "{count} people in {room}", len(people)
        ).format(count=len(people), room=room)
        return [
            f"--- {head}: " + ", ".join(map(self._person, people[first : first + NAMES_PER_LINE]))
            for first in range(0, len(people), NAMES_PER_LINE)
        ] or [f"--- {head}"]

    def _person(self, person: Person) -> str:
        if person.idle < 60:
            return person.nick
        idle = self._phrases.gettext("idle {time}").format(time=self._phrases.duration(person.idle))
        return f"{person.nick} ({idle})"

    def _help(self, help: Helped) -> str:
        usage = f"{help.command} {help.arguments}".rstrip()
        aliases = f" ({', '.join(help.aliases)})" if help.aliases else ""
        return f"{usage}{aliases}: {self._phrases.gettext(help.text)}"

    def _farewell(self, reason: Ending, farewell: str) -> str:
        return f"--- {farewell}" if reason in PEACEFUL else f"!!! {farewell} ({reason})"
