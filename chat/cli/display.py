"""
How events read on a terminal or in a pipe.

A pipe gets the lines that telnet would show; a terminal gets them with times and
colours, those of the past as those of now, and a line where another day begins.
Everything that comes from the service is made safe here, in one place,
so that a hostile service cannot control the terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from typing import Any
from zlib import crc32

from chat.client.roster import Roster
from chat.rendering.lines import Wording
from chat.vocabulary.commands import Bell, Command, Format, Lang, Timestamps
from chat.vocabulary.events import (
    Acted,
    Done,
    Ending,
    Event,
    Invited,
    LanguageSet,
    NickAsked,
    Noticed,
    PasswordAsked,
    Recalled,
    Refused,
    Said,
    Sent,
    Told,
    Warned,
)
from chat.vocabulary.i18n import LANGUAGES, resolve
from chat.vocabulary.mentions import isNamedIn
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.style import BELLS
from chat.vocabulary.times import localTime

# SGR parameters (ECMA-48, section 8.3.117).
_BOLD = "1"
_FAINT = "2"
_RED = "31"
# Those of the sixteen that can be read on black and on white.
_NICK_COLOURS = ("32", "33", "34", "35", "36", "91", "92", "94", "95", "96")

# Of "--- ", and of "12:35 ".
_MARK_WIDTH, _TIME_WIDTH = 4, 6


class Display:
    """
    Events as lines of text, as the user has chosen to read them.
    """

    def __init__(
        self,
        language: str,
        isColoured: bool = False,
        hasTimes: bool = False,
        bell: str = BELLS[0],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """
        @param language: one of L{chat.vocabulary.i18n.LANGUAGES}.
        @param isColoured: whether to use colours.
        @param hasTimes: whether each line begins with the time, as on a terminal.
        @param bell: when to ring, as for C{/bell}.
        @param now: returns the local time.
        """
        self._speak(language)
        self._isColoured = isColoured
        self._hasTimes = hasTimes
        # On a terminal every line has a time; in a pipe only what brings its own,
        # in the form that the service gives it.
        self._isScreen = hasTimes
        self._bell = bell
        self._now = now
        # The day of the line that was shown last; a user knows which day it is now.
        self._day = now().date()

    @property
    def indent(self) -> int:
        """
        The columns before the text of a notice: a line that does not fit into a row of a
        terminal goes on behind as many.
        """
        return _MARK_WIDTH + (_TIME_WIDTH if self._hasTimes else 0)

    def lines(self, event: Event, roster: Roster) -> list[str]:
        """
        @param roster: the user's nickname and rooms.
        @return: the lines to show, safe for a terminal, without line ends.
        """
        event = _cleaned(event)
        if isinstance(event, NickAsked | PasswordAsked):
            # The client asks for both in its own words.
            return []
        self._follow(event)
        isPast = isinstance(event, Recalled)
        if isinstance(event, Recalled):
            if not self._isScreen:
                return [self._recalled(event, roster)]
            line = Acted if event.acted else Said
            event = line(event.room, event.id, event.at, event.nick, event.text)
        lines = self._wording.lines(self._painted(event, roster))
        if isinstance(event, Said | Acted | Told | Sent):
            lines = [self._in(event, roster) + line for line in lines]
        else:
            lines = [self._paint(line, _RED if line[0] == "!" else _FAINT) for line in lines]
        return self._dated(lines, getattr(event, "at", None), isPast)

    def notice(self, text: str) -> list[str]:
        """
        @param text: a phrase of the client's own.
        @return: the lines that show it.
        """
        return self._dated([self._paint("--- " + clean(text), _FAINT)])

    def warning(self, text: str) -> list[str]:
        """
        @param text: a phrase of the client's own about what cannot be done.
        @return: the lines that show it.
        """
        return self._dated([self._paint("!!! " + clean(text), _RED)])

    def verbatim(self, line: str) -> list[str]:
        """
        @param line: a line of text from the service.
        @return: the lines that show it.
        """
        return self._dated([clean(line)])

    def asked(self, command: Command | None) -> Event | None:
        """
        Answer a command about how events read: the service follows it for
        connections that read text, the client by itself.

        @param command: what the user has entered.
        @return: the answer, to be shown, or L{None} if it is for the service.
        """
        words = self._wording
        match command:
            case Timestamps(choice) if choice.lower() in ("", "on", "off"):
                chosen = choice.lower() or ("on" if self._hasTimes else "off")
                return Done("timestamps", chosen, words.done("timestamps", chosen))
            case Bell(choice) if choice.lower() in ("", *BELLS):
                chosen = choice.lower() or self._bell
                return Done("bell", chosen, words.done("bell", chosen))
            case Lang(name):
                language = resolve(name) if name else self._language
                if language is not None:
                    return LanguageSet(language, bool(name))
                choices = ", ".join(LANGUAGES)
                refusal = words.refusal("unknown-language", choices)
                return Refused("unknown-language", choices, refusal)
            case Format():
                _ = words.gettext
                return Noticed(_("This client shows lines in its own way; /format has no effect."))
            case _:
                return None

    def rings(self, event: Event, roster: Roster) -> bool:
        """
        @return: whether to ring the bell, as the user has chosen.
        """
        if self._bell == "all" and isinstance(event, Said | Acted):
            return event.nick != roster.nick
        return self._bell != "off" and self.calls(event, roster)

    def calls(self, event: Event, roster: Roster) -> bool:
        """
        @return: whether another user calls this one: by nickname, in a private
            message, or by an invitation.
        """
        match event:
            case Told() | Invited():
                return True
            case Said(nick=nick, text=text) | Acted(nick=nick, text=text):
                return nick != roster.nick and isNamedIn(text, roster.nick or "")
            case _:
                return False

    def _follow(self, event: Event) -> None:
        """Read from now on as a user has chosen."""
        match event:
            case Done(code="timestamps", about=choice):
                self._hasTimes = choice == "on"
            case Done(code="bell", about=choice):
                self._bell = choice
            case LanguageSet(language=language) if language in LANGUAGES:
                self._speak(language)
            case _:
                pass

    def _speak(self, language: str) -> None:
        self._language = language
        self._wording = Wording(language)

    def _painted(self, event: Event, roster: Roster) -> Event:
        """
        @return: the event with colours in what a user said.
        """
        match event:
            case Said(nick=nick, text=text) | Acted(nick=nick, text=text):
                if self.calls(event, roster):
                    text = self._paint(text, _BOLD)
                return replace(event, nick=self._nick(nick, roster), text=text)
            case Told(nick=nick, text=text):
                return replace(event, nick=self._nick(nick, roster), text=self._paint(text, _BOLD))
            case Sent(to=to):
                return replace(event, to=self._nick(to, roster))
            case (
                Refused(code=code, about=about, text=text)
                | Warned(code=code, about=about, text=text)
                | Done(code=code, about=about, text=text)
            ):
                # A later version of the service may have codes without words here.
                return replace(event, text=text or about or code or "?")
            case _:
                return event

    def _recalled(self, event: Recalled, roster: Roster) -> str:
        """
        @return: a line of the past, with its own time.
        """
        painted = replace(event, nick=self._nick(event.nick, roster))
        line = self._wording.recalled(painted, self._in(event, roster))
        time, end, rest = line.partition("] ")
        return self._paint(time + end.rstrip(" "), _FAINT) + " " + rest

    def _in(self, event: Said | Acted | Told | Sent | Recalled, roster: Roster) -> str:
        room = getattr(event, "room", roster.room)
        return "" if room == roster.room else f"{room} "

    def _nick(self, nick: str, roster: Roster) -> str:
        colour = _NICK_COLOURS[crc32(nick.casefold().encode()) % len(_NICK_COLOURS)]
        return self._paint(nick, f"{_BOLD};{colour}" if nick == roster.nick else colour)

    def _dated(
        self, lines: list[str], at: datetime | None = None, isPast: bool = False
    ) -> list[str]:
        """
        @param at: when it happened, if that is not now.
        @param isPast: whether the lines are of no use without their time.
        @return: the lines with their time, and on a terminal with a line before them if they
            are of another day than those before.
        """
        if not self._isScreen:
            time = f"[{localTime(at):%H:%M}] " if self._hasTimes and at is not None else ""
            return [time + line for line in lines]
        local = self._now() if at is None else localTime(at)
        time = self._paint(f"{local:%H:%M}", _FAINT) + " " if self._hasTimes or isPast else ""
        return [*(self._begun(local.date()) if lines else []), *(time + line for line in lines)]

    def _begun(self, day: date) -> list[str]:
        """The line of another day."""
        if day == self._day:
            return []
        self._day = day
        return [self._paint(f"--- {day.isoformat()} ---", _FAINT)]

    def _paint(self, text: str, parameters: str) -> str:
        return f"\x1b[{parameters}m{text}\x1b[m" if self._isColoured else text


def _cleaned(value: Any) -> Any:
    """
    @return: an event, or a part of one, with all text in it made safe.
    """
    if isinstance(value, Ending):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(map(_cleaned, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    names = [field.name for field in fields(value)]
    return replace(value, **{name: _cleaned(getattr(value, name)) for name in names})
