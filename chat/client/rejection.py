"""
The line in which a service says why it closes a new connection.

The line is text, since the service does not know yet whether its peer understands JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chat.rendering.messages import FAREWELLS, Sentence
from chat.vocabulary.endings import Ending

_LINE = re.compile(r"!!! (.+) \(([a-z]+(?:-[a-z]+)*)\)")

# These depend on nothing but the code, and so can be said in another language.
_SENTENCES: dict[str, Sentence] = {
    code: FAREWELLS[code]
    for code in (
        Ending.SERVICE_FULL,
        Ending.NAMELESS_FULL,
        Ending.ADDRESS_FULL,
        Ending.CONNECTING_TOO_FAST,
    )
}

# Seconds.
_PAUSES: dict[str, float] = {Ending.CONNECTING_TOO_FAST: 60.0}


@dataclass(frozen=True)
class Rejection:
    """
    Why a service does not want a connection.

    @ivar code: a stable code; a later version of the service may have others than
        those of L{Ending}.
    @ivar text: a sentence in the language of the service, without the code; not
        safe for a terminal.
    """

    code: str
    text: str

    @classmethod
    def parse(cls, line: str) -> Rejection | None:
        """
        @param line: the last line that has come.
        @return: L{None} where it is not such a line.
        """
        match = _LINE.fullmatch(line)
        return match and cls(match[2], match[1])

    @property
    def sentence(self) -> str:
        """
        A sentence in English, to be translated, where the code is known; else
        C{text}.
        """
        sentence = _SENTENCES.get(self.code)
        return sentence if isinstance(sentence, str) else self.text

    @property
    def pause(self) -> float:
        """After how many seconds another attempt makes sense, at the earliest."""
        return _PAUSES.get(self.code, 0.0)
