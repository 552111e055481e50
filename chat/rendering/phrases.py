"""
The sentences of the service, in a language.

This module, with its tables in L{chat.rendering.messages}, L{chat.rendering.lines} and
L{chat.rendering.lists} are the only places that speak to people.  Every phrase stands
there in English, marked for gettext; the catalogues translate it.
"""

from __future__ import annotations

from chat.rendering.messages import (
    CHOICES,
    CONFIRMATIONS,
    DEPARTURES,
    DEPARTURES_BY,
    FAREWELLS,
    FAREWELLS_BY,
    REFUSALS,
    WARNINGS,
    Sentence,
)
from chat.vocabulary.endings import Ending
from chat.vocabulary.i18n import translation

PEACEFUL = frozenset(
    {
        Ending.QUIT,
        Ending.INPUT_CLOSED,
        Ending.CONNECTION_LOST,
        Ending.SHUTDOWN,
        Ending.PARTED,
        Ending.MOVED,
        Ending.SESSION_ENDED,
    }
)
"""The endings that are nobody's fault."""


class Phrases:
    """
    The sentences of one language.
    """

    def __init__(self, language: str) -> None:
        """
        @param language: one of L{chat.vocabulary.i18n.LANGUAGES}.
        """
        self._translation = translation(language)
        self.gettext = self._translation.gettext
        self.ngettext = self._translation.ngettext

    def refusal(self, code: str, about: str) -> str:
        """What is wrong, without its code."""
        return self._sentence(REFUSALS[code], about)

    def warning(self, code: str, about: str) -> str:
        """What will happen, or has happened, without its code."""
        if code == "is-away":
            # A nickname has no colon, so the first one ends it.
            nick, _, why = about.partition(": ")
            return self.withReason(self.gettext("{nick} is away").format(nick=nick), why)
        return self._sentence(WARNINGS[code], about)

    def done(self, code: str, about: str) -> str:
        """What was done."""
        choice = CHOICES.get((code, about))
        if choice is not None:
            return self.gettext(choice)
        return self._sentence(CONFIRMATIONS[code], about)

    def departure(self, reason: Ending, text: str, by: str = "") -> str:
        """
        Why somebody left: his own words, or ours; and where somebody has put him
        out, who and why.
        """
        if reason in DEPARTURES_BY:
            if not by:
                return self.withReason(self.gettext(DEPARTURES[reason]), text)
            return self.withReason(self.gettext(DEPARTURES_BY[reason]).format(by=by), text)
        return text or self.gettext(DEPARTURES[reason])

    def farewell(self, reason: Ending, about: str, by: str = "") -> str:
        """Why the service ends a session, without the code."""
        sentences = FAREWELLS_BY if by and reason in FAREWELLS_BY else FAREWELLS
        return self._sentence(sentences[reason], about, by)

    def withReason(self, what: str, why: str) -> str:
        """
        @param why: perhaps nothing.
        """
        return self.gettext("{what}: {why}").format(what=what, why=why) if why else what

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

    def _sentence(self, sentence: Sentence, about: str, by: str = "") -> str:
        if isinstance(sentence, tuple):
            sentence = sentence[0 if about else 1]
        return self.gettext(sentence).format(about=about, by=by)
