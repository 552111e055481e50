"""
Tab completes the word before the cursor.

A L{Completer} is told the text up to the cursor and returns the choices.
L{completerFor} makes the usual one, for nicknames, rooms and commands; a
L{Completion} is one run of Tabs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from chat.vocabulary.names import ROOM_MARK


@dataclass(frozen=True, slots=True)
class Choices:
    """
    The words that Tab can put in place of the last one.

    @ivar start: where the last word begins, in code points.
    @ivar words: the choices, in the order in which they are offered.
    @ivar suffix: follows the word that is chosen.
    """

    start: int
    words: Sequence[str]
    suffix: str = " "


Completer = Callable[[str], Choices]
"""Takes the text before the cursor and returns the choices for its last word."""

_LAST_WORD = re.compile(r"\S*\Z")


def completerFor(
    nicknames: Callable[[], Iterable[str]],
    commands: Callable[[], Iterable[str]],
    rooms: Callable[[], Iterable[str]] = list,
) -> Completer:
    """
    Make the completer of a chat: a word that begins the line and a slash is a
    command, one that begins with C{#} a room, any other word a nickname.  A
    nickname that begins the line addresses its user, so C{: } follows it;
    elsewhere a space does.

    @param nicknames: returns those that can be completed.
    @param commands: returns the commands, with their slashes.
    @param rooms: returns the rooms, with their C{#}.
    """

    def complete(before: str) -> Choices:
        match = _LAST_WORD.search(before)
        assert match is not None
        word, start = match.group(), match.start()
        isFirst = not before[:start].strip()
        if isFirst and word.startswith("/"):
            return Choices(start, _beginning(word, commands()))
        if word.startswith(ROOM_MARK):
            return Choices(start, _beginning(word, rooms()))
        # An @ before a nickname is a habit from other services; it stays.
        bare = word.removeprefix("@")
        at = start + len(word) - len(bare)
        suffix = ": " if isFirst and at == start else " "
        return Choices(at, _beginning(bare, nicknames()), suffix)

    return complete


def _beginning(word: str, names: Iterable[str]) -> list[str]:
    folded = word.casefold()
    return sorted(
        (name for name in set(names) if name.casefold().startswith(folded)),
        key=lambda name: (name.casefold(), name),
    )


def _commonPrefix(words: Sequence[str]) -> str:
    """
    @return: the longest beginning that all words share, in any case; spelled as
        in the first.
    """
    columns = zip(*words, strict=False)
    same = takewhile(lambda chars: len({char.casefold() for char in chars}) == 1, columns)
    return "".join(chars[0] for chars in same)


class Completion:
    """
    One run of Tabs: first the common prefix, then each word in turn.

    @ivar start: where the word begins, in code points.
    @ivar isOnly: whether there is but one choice.
    """

    def __init__(self, choices: Choices, word: str) -> None:
        """
        @param choices: at least one word.
        @param word: the word before the first Tab.
        """
        self.start = choices.start
        self.isOnly = len(choices.words) == 1
        self._words = choices.words
        self._suffix = choices.suffix
        self._word = word
        self._index: int | None = None

    def next(self, step: int = 1) -> str:
        """
        @param step: 1 for Tab, -1 for Shift-Tab.
        @return: the text to put between C{start} and the cursor.
        """
        if self._index is None:
            prefix = _commonPrefix(self._words)
            if not self.isOnly and step > 0 and len(prefix) > len(self._word):
                self._word = prefix
                return prefix
            self._index = 0 if step > 0 else len(self._words) - 1
        else:
            self._index = (self._index + step) % len(self._words)
        return self._words[self._index] + self._suffix
