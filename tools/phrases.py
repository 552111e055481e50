"""
Prints every text that users and operators can read, in English and below it in Chinese, with
examples filled in, in the order in which they are met: for a native reader, to read all in one go::

    python tools/phrases.py > phrases.md

Under the last heading are phrases that no example shows, as they are in the source.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from string import Formatter
from unittest.mock import patch

from chat.cli.options import MANUAL as CLIENT
from chat.operations.metrics import ChatCollector
from chat.operations.timing import Distribution
from chat.options import MANUAL as SERVICE
from chat.rendering.lines import Wording
from chat.rendering.manual import COLUMNS, Manual
from chat.vocabulary.counters import Counters, Snapshot
from chat.vocabulary.events import Closed, Event, Helped
from chat.vocabulary.i18n import translation
from chat.vocabulary.verbs import verbNamed
from tests.support.examples import examples

CHAT = Path(__file__).parents[1] / "chat"

_PLACES = {
    "First contact": "greeted nickasked nick-needed nick-invalid nick-too-long nick-reserved"
    " nick-taken nick-unchanged nick-kept nick-confusable scripts-mixed nick-registered"
    " passwordasked said-aloud welcomed noticed no-motd present unknown-command command-meant"
    " argument-missing argument-invalid unit-missing line-too-long not-utf8 cursor-keys interrupted"
    " help-subjects",
    "Talk": "said acted told sent renamed renaming-too-fast no-such-nick nobody-to-reply-to"
    " yourself ignored unignored ignoring ignores-you away back is-away refused-muted warned-muted"
    " may-speak",
    "Rooms": "entered talking joined left parted changed topicset topicshown modeset modesshown"
    " listed roomslisted done-invited invited no-such-room room-invalid room-confusable"
    " not-in-room no-room too-many-rooms making-rooms-too-fast joining-too-fast rooms-full"
    " key-needed invite-needed owner-needed room-open not-kept key-guessed deleted",
    "History": "excerpt recalled missed nothing-to-find history-unavailable no-replay not-stored"
    " history-failing history-recovered history-lost",
    "Account": "registered logged-in last-login took-over password-changed sessionslisted"
    " session-ended sessionschanged unregistered wrong-password password-guessed password-invalid"
    " too-many-attempts registering-too-fast changing-too-fast accounts-full try-later"
    " account-needed no-such-account password-elsewhere no-such-session",
    "Settings": "languageset unknown-language formatset unknown-format timestamps bell described"
    " versioned uptime ponged",
    "Operators": "announced operator-on operator-off operators operator-needed operator-fixed"
    " operator-meant kicked done-banned unbanned done-muted unmuted banslisted no-such-ban"
    " done-renamed account-removed account-guessed list-full rehashed not-read",
    "The end": "idle closed refused-banned",
    "Other messages": "refused warned done",
}
"""Where messages are met, by kind and code, by code, or by kind."""

_ORDER = {
    name: (number, heading)
    for number, (name, heading) in enumerate(
        (name, heading) for heading, names in _PLACES.items() for name in names.split()
    )
}
_LAST = (len(_ORDER), "Other messages")

# For names in braces in phrases of the client.
_VALUES = {
    "authority": "ca.pem",
    "bytes": 16384,
    "charset": "ASCII",
    "host": "chat.example.org",
    "lines": 100,
    "minutes": 3,
    "nick": "alice",
    "own": "bob",
    "number": 12,
    "seconds": 7,
    "target": "chat.example.org:8443",
}

# Examples that differ only in names and numbers read alike.
_INSERTED = re.compile(r"[0-9]+|, \w+|#\w+|\b(alice|bob)\b")

_MARKING = {"_", "N_", "gettext", "ngettext", "verb"}
_LOGGING = {"debug", "info", "warn", "error", "critical", "failure", "failuresHandled"}
_MISTAKES = {
    "ArgumentTypeError",
    "CannotRead",
    "CannotStart",
    "SystemExit",
    "UsageError",
    "parser.error",
}


class English(NullTranslations):
    """
    Notes which phrases it was asked for, and has seen in a text.

    @ivar shown: the latter.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: set[str] = set()
        self._asked: set[str] = set()

    def gettext(self, message: str) -> str:
        self._asked.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def show(self, text: str) -> None:
        """Note the phrases in a text."""
        self.shown |= {phrase for phrase in self._asked - self.shown if occurs(phrase, text)}


class Phrasebook:
    """
    All texts by their headings and keys.
    """

    def __init__(self) -> None:
        self._english, self._chinese = English(), translation("zh_CN")
        self._pages: dict[str, dict[str, list[str]]] = {heading: {} for heading in _PLACES}
        self._addMessages()
        self._addManual("The client: tcpchat --help", CLIENT)
        self._addClient()
        self._addManual("The service: twistd tcpchat --help", SERVICE)
        self._addEnglish()
        for place, forms in _marked():
            if not self._english.shown.issuperset(forms):
                self._add("Not filled in", place, *forms, self._chinese.gettext(forms[0]))

    def __str__(self) -> str:
        lines: list[str] = []
        for heading, texts in self._pages.items():
            lines += [f"## {heading}", ""] if texts else []
            for key, each in texts.items():
                lines += [f"`{key}`", "", "\n\n".join(each), ""]
        return "\n".join(lines)

    def _add(self, heading: str, key: str, english: str, *others: str) -> None:
        self._english.show(english)
        rows = "\n".join([english, *others]).replace("\r", "").split("\n")
        texts = self._pages.setdefault(heading, {}).setdefault(key, [])
        texts.append("\n".join(f"    {row}".rstrip() for row in rows))

    def _addMessages(self) -> None:
        with patch("chat.rendering.messages.translation", lambda language: self._english):
            english = Wording("en")
        chinese, seen = Wording("zh_CN"), set()
        for _, heading, key, event in sorted(map(_placed, examples()), key=lambda each: each[0]):
            text = "\n".join(english.lines(event))
            alike = key, _INSERTED.sub("", text)
            if text and alike not in seen:
                seen.add(alike)
                self._add(heading, key, text, *chinese.lines(event))

    def _addManual(self, heading: str, manual: Manual) -> None:
        english, chinese = (
            manual.text(each.gettext, COLUMNS).split("\n\n")
            for each in (self._english, self._chinese)
        )
        for part, translated in zip(english, chinese, strict=True):
            self._add(heading, part.partition("\n")[0], part, translated)

    def _addClient(self) -> None:
        for place, [phrase, *_] in _marked():
            names = {name for _, name, *_ in Formatter().parse(phrase) if name}
            if place.startswith("cli/") and names <= {*_VALUES}:
                texts = self._english.gettext(phrase), self._chinese.gettext(phrase)
                if phrase not in self._english.shown:
                    self._add("The client", place, *(each.format_map(_VALUES) for each in texts))

    def _addEnglish(self) -> None:
        for place, name, [text, *_] in _calls():
            isMistake = name in _MISTAKES or (name == "ValueError" and "option" in place)
            if isMistake and re.search(r"\w ", _format(text)):
                self._add("Mistakes in options and files, in English", place, _format(text))
        for place, name, [text, *_] in _calls():
            logger, _, level = name.rpartition(".")
            if logger.endswith("_log") and level in _LOGGING:
                self._add("The log, in English", f"{place} {level}", _format(text))
        nothing = Snapshot(Counters(), 0, 0, 0, 0, 0, [])
        for family in ChatCollector(lambda: nothing, Distribution([]), Distribution([])).collect():
            self._add("Metrics, in English", family.name, family.documentation)


def occurs(phrase: str, text: str) -> bool:
    """
    @param phrase: with names in braces, for which anything may stand.
    @return: whether it is in a text, which may be broken into rows.
    """
    text, position = _joined(text), 0
    for literal in map(_joined, _literals(phrase)):
        if (found := text.find(literal, position)) < 0:
            return False
        position = found + len(literal)
    return True


@cache
def _literals(phrase: str) -> list[str]:
    return [literal for literal, *_ in Formatter().parse(phrase)]


@cache
def _joined(text: str) -> str:
    return re.sub(r"\s", "", text)


def _placed(event: Event) -> tuple[int, str, str, Event]:
    """A message with its place among all, its heading and its key."""
    kind = type(event).__name__.lower()
    if isinstance(event, Helped):
        heading = verbNamed(event.command).subject.value[0].capitalize()
        return len(_ORDER), heading, event.command, event
    if isinstance(event, Closed):
        return *_ORDER["closed"], f"closed {event.reason}", event
    code = getattr(event, "code", "")
    names = (f"{kind}-{code}", code, kind)
    place = next((_ORDER[name] for name in names if name in _ORDER), _LAST)
    return *place, f"{kind} {code}".rstrip(), event


@cache
def _calls() -> list[tuple[str, str, list[ast.expr]]]:
    """All calls with arguments in the source: the place, what is called, and these."""
    return [
        (f"{path.relative_to(CHAT)}:{call.lineno}", ast.unparse(call.func), call.args)
        for path in sorted(CHAT.rglob("*.py"))
        for call in sorted(_callsIn(path.read_text("utf-8")), key=lambda call: call.lineno)
    ]


def _callsIn(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            yield node


def _marked() -> Iterator[tuple[str, list[str]]]:
    """The phrases that are marked for translation, singular and plural, each with its place."""
    for place, name, arguments in _calls():
        marker = name.rpartition(".")[2]
        if marker in _MARKING and isinstance(arguments[0], ast.Constant):
            forms = arguments[: 2 if marker == "ngettext" else 1]
            yield place, [ast.literal_eval(each) for each in forms]


def _format(text: ast.expr) -> str:
    """A text in the source as a format."""
    if isinstance(text, ast.Constant):
        return str(text.value)
    if isinstance(text, ast.JoinedStr):
        return "".join(map(_format, text.values))
    return "{" + ast.unparse(getattr(text, "value", text)) + "}"


if __name__ == "__main__":
    print(Phrasebook(), end="")
