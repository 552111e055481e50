"""
What a command tells of its options: grouped by subject, in the language of the user, in the columns
of their terminal.

Both commands describe their options as values, and print their C{--help} from them.  The manual
pages and the completions of shells are made of the same values, by C{tools/manuals.py}.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chat.editor.wrapping import wrapped
from chat.vocabulary.i18n import N_

COLUMNS = 80
"""No help is wider, since longer rows are hard to read."""

HELP_TITLE = N_("Help")
"""A title that both commands have."""

_HELP_COLUMN = 26
_NARROW = 60
"""On a terminal narrower than this, what an option does stands below it."""

_INDENT = 2


class OptionHelp(NamedTuple):
    """
    One option or argument.

    @ivar names: with their dashes; none for an argument, which is known by its value.
    @ivar value: the placeholder of its value, empty for a flag.  Words to choose from are separated
        by C{|} and in lower case.
    @ivar help: one line of explanation, to be translated.
    @ivar default: what holds where it is not given, empty where that says nothing.
    """

    names: tuple[str, ...]
    value: str
    help: str
    default: str = ""

    @property
    def choices(self) -> list[str]:
        """The words that a value can be."""
        return [word for word in self.value.split("|") if word and not word.isupper()]

    @property
    def takesFile(self) -> bool:
        """Whether a value is the path of a file."""
        return bool({"FILE", "PATH"} & {*self.value.split("|")})

    @property
    def head(self) -> str:
        """How it is typed."""
        return " ".join(filter(None, [", ".join(self.names), self.value]))


class OptionGroup(NamedTuple):
    """
    The options of one subject.
    """

    title: str
    options: Sequence[OptionHelp]


class Manual(NamedTuple):
    """
    All that a command tells of itself.  Every text is English, to be translated.

    @ivar synopsis: how it is called, not translated.
    @ivar summary: one sentence.
    @ivar groups: the options.
    @ivar notes: what no single option can tell: titles and paragraphs.
    """

    synopsis: str
    summary: str
    groups: Sequence[OptionGroup]
    notes: Sequence[tuple[str, str]]

    def text(self, gettext: Callable[[str], str], columns: int) -> str:
        """
        @param gettext: translates.
        @param columns: how wide the terminal is.
        @return: the help, without a line feed at its end.
        """
        _ = gettext
        lines = [_("Usage: {synopsis}").format(synopsis=self.synopsis), "", _(self.summary)]
        for group in self.groups:
            lines += ["", _("{title}:").format(title=_(group.title))]
            for option in group.options:
                lines += _rows(option, gettext, columns)
        for title, paragraph in self.notes:
            lines += ["", _("{title}:").format(title=_(title))]
            lines += _indented(_(paragraph), _INDENT, columns)
        return "\n".join(lines)


def terminalColumns() -> int:
    """
    @return: how wide a help may be: C{$COLUMNS} or the terminal, and no wider than L{COLUMNS}.
    """
    return min(shutil.get_terminal_size((COLUMNS, 24)).columns, COLUMNS)


def _rows(option: OptionHelp, gettext: Callable[[str], str], columns: int) -> list[str]:
    _ = gettext
    help = _(option.help)
    if option.default:
        help = _("{help} [default: {default}]").format(help=help, default=option.default)
    head = " " * _INDENT + option.head
    isNarrow = columns < _NARROW
    rows = _indented(help, 3 * _INDENT if isNarrow else _HELP_COLUMN, columns)
    # All of it is ASCII, so characters are columns.
    if len(head) <= _HELP_COLUMN - 2 and not isNarrow:
        return [head.ljust(_HELP_COLUMN) + rows[0].lstrip(), *rows[1:]]
    return [head, *rows]


def _indented(text: str, indent: int, columns: int) -> list[str]:
    # Rows leave the last column empty, which a pager has no use for.
    return [" " * indent + row for row in wrapped(text, columns - indent + 1, 0)]
