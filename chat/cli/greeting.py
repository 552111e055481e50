"""
The greeting of a service, which it sends before it can be asked for another language.

It is a line of text in the language of the service.  The client shows it in that of the
user, where it is one that this version knows.
"""

from __future__ import annotations

import re

from chat.rendering.lines import Wording
from chat.vocabulary.events import Greeted
from chat.vocabulary.i18n import LANGUAGES

# No service can send it in a line.
_NAME = "\n"


def greetingIn(line: str) -> Greeted | None:
    """
    @param line: as a service has sent it.
    @return: the greeting that reads so in one of L{LANGUAGES}.
    """
    counts = {0, *map(int, re.findall("[0-9]{1,9}", line))}
    for language in LANGUAGES:
        words = Wording(language)
        for count in counts:
            before, _, after = words.lines(Greeted(_NAME, count))[0].partition(_NAME)
            name = line.removeprefix(before).removesuffix(after)
            if name and line == before + name + after:
                return Greeted(name, count)
    return None
