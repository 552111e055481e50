"""
The sentences of the service, in a language.

This module and L{chat.wording} are the only places that speak to
people.  Every phrase stands here in English, marked for gettext; the catalogues
translate it.
"""

from __future__ import annotations

from chat.events import Ending
from chat.languages import N_, translation

_REFUSALS = {
    "line-too-long": N_("that line is longer than {about} bytes and was not sent"),
    "not-utf8": N_("that line is not UTF-8 and was not sent"),
    "unknown-command": N_("no command {about}; /help lists them"),
    "argument-missing": N_("something is missing: {about}"),
    "nick-needed": N_("choose a nickname first: type it, and Enter"),
    "nick-invalid": N_("{about} cannot be a nickname: letters, digits, _ and -, first a letter"),
    "nick-too-long": N_("that nickname is wider than {about} columns"),
    "nick-confusable": N_("{about} mixes scripts and could be mistaken for another nickname"),
    "nick-taken": N_("{about} is taken, choose another"),
    "nick-unchanged": N_("you are {about} already"),
    "no-such-nick": N_("nobody here is called {about}"),
    "no-such-room": N_("there is no room {about}"),
    "nobody-to-reply-to": N_("nobody has told you anything yet"),
    "unknown-language": N_("this service speaks {about}"),
    "unknown-format": N_("the formats are {about}"),
}

_WARNINGS = {
    "idle": N_("you have been silent; say something within {about} seconds to stay"),
}

# Why somebody left, as the others read it.
_DEPARTURES = {
    Ending.QUIT: N_("quit"),
    Ending.INPUT_CLOSED: N_("input closed"),
    Ending.CONNECTION_LOST: N_("connection lost"),
    Ending.REGISTRATION_TIMEOUT: N_("timed out"),
    Ending.IDLE_TIMEOUT: N_("timed out"),
    Ending.TOO_SLOW: N_("too slow"),
    Ending.LINE_ENDLESS: N_("sent no line end"),
    Ending.NOT_CHAT: N_("not a chat client"),
    Ending.INTERNAL_ERROR: N_("internal error"),
    Ending.SHUTDOWN: N_("the service stops"),
    Ending.OTHER: N_("gone"),
}

# Why the service ends a session, as the one reads it whose it is.
_FAREWELLS = {
    Ending.QUIT: N_("Goodbye."),
    Ending.INPUT_CLOSED: N_("Goodbye: your input has ended."),
    Ending.CONNECTION_LOST: N_("Goodbye."),
    Ending.SHUTDOWN: N_("Goodbye: the service stops."),
    Ending.OTHER: N_("Goodbye."),
    Ending.REGISTRATION_TIMEOUT: N_("no nickname in time"),
    Ending.IDLE_TIMEOUT: N_("you have been silent for too long"),
    Ending.TOO_SLOW: N_("you read too slowly, and lines for you were lost"),
    Ending.LINE_ENDLESS: N_("more than {about} bytes came without a line end"),
    Ending.NOT_CHAT: N_("this is a chat service and does not speak {about}; try telnet"),
    Ending.INTERNAL_ERROR: N_("something went wrong here, and has been noted"),
}

PEACEFUL = frozenset({Ending.QUIT, Ending.INPUT_CLOSED, Ending.CONNECTION_LOST, Ending.SHUTDOWN})
"""The endings that are nobody's fault."""


class Phrases:
    """
    The sentences of one language.
    """

    def __init__(self, language: str) -> None:
        """
        @param language: one of L{chat.languages.LANGUAGES}.
        """
        self._translation = translation(language)
        self.gettext = self._translation.gettext
        self.ngettext = self._translation.ngettext

    def refusal(self, code: str, about: str) -> str:
        """What is wrong, without its code."""
        return self.gettext(_REFUSALS[code]).format(about=about)

    def warning(self, code: str, about: str) -> str:
        """What will happen, without its code."""
        return self.gettext(_WARNINGS[code]).format(about=about)

    def departure(self, reason: Ending, text: str) -> str:
        """Why somebody left: his own words, or ours."""
        return text or self.gettext(_DEPARTURES[reason])

    def farewell(self, reason: Ending, about: str) -> str:
        """Why the service ends a session, without the code."""
        return self.gettext(_FAREWELLS[reason]).format(about=about)

    def duration(self, seconds: int) -> str:
        """A time span in one or two letters and a number."""
        _ = self.gettext
        if seconds < 60:
            return _("{n}s").format(n=seconds)
        if seconds < 3600:
            return _("{n}m").format(n=seconds // 60)
        if seconds < 86400:
            return _("{n}h").format(n=seconds // 3600)
        return _("{n}d").format(n=seconds // 86400)
