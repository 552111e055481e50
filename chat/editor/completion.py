"""
What Tab makes of the word before the cursor.

What there is to choose from is asked of a L{Completer}, which knows the text
up to the cursor.  L{completerFor} makes the usual one, for nicknames and
commands; L{Completion} is one run of Tabs.
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
    What a word can become.

    @ivar start: where the word begins, in code points.
    @ivar words: what it can be, in the order in which they are offered.
    @ivar suffix: what follows a word that has been chosen.
    """

    start: int
    words: Sequence[str]
    suffix: str = " "


Completer = Callable[[str], Choices]
"""Told the text before the cursor, says what its last word can become."""

_LAST_WORD = re.compile(r"\S*\Z")


def _nothing() -> Iterable[str]:
    return ()


def completerFor(
    nicknames: Callable[[], Iterable[str]],
    commands: Callable[[], Iterable[str]],
    rooms: Callable[[], Iterable[str]] = _nothing,
) -> Completer:
    """
    Make the completer of a chat: a word that begins the line and a slash is a
    command, one that begins with C{#} a room, any other word a nickname.  A
    nickname that begins the line calls its owner, so C{: } follows it, else a
    space.

    @param nicknames: says who is here.
    @param commands: says which commands there are, with their slashes.
    @param rooms: says which rooms there are, with their C{#}.
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
        # An @ before a nickname is a habit from elsewhere; it stays.
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


def commonPrefix(words: Sequence[str]) -> str:
    """
    @return: what all words begin with, whatever the case, as the first has it.
    """
    columns = zip(*words, strict=False)
    same = takewhile(lambda chars: len({char.casefold() for char in chars}) == 1, columns)
    return "".join(chars[0] for chars in same)


class Completion:
    """
    One run of Tabs: first the common prefix, then each word in turn.
    """

    def __init__(self, choices: Choices, word: str) -> None:
        """
        @param choices: at least one word.
        @param word: what stands there before the first Tab.
        """
        self.start = choices.start
        self._words = choices.words
        self._suffix = choices.suffix
        self._word = word
        self._index: int | None = None

    def next(self, step: int = 1) -> str:
        """
        @param step: 1 for Tab, -1 for Shift-Tab.
        @return: what shall stand from C{start} to the cursor.
        """
        if self._index is None:
            prefix = commonPrefix(self._words)
            if len(self._words) > 1 and step > 0 and len(prefix) > len(self._word):
                self._word = prefix
                return prefix
            self._index = 0 if step > 0 else len(self._words) - 1
        else:
            self._index = (self._index + step) % len(self._words)
        return self._words[self._index] + self._suffix
