"""Tests for L{chat.operations.logformat}."""

from __future__ import annotations

import json
import sqlite3
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from twisted.logger import (
    FileLogObserver,
    LogBeginner,
    LogEvent,
    Logger,
    LogLevel,
    LogPublisher,
    formatEvent,
)
from twisted.python.failure import Failure
from twisted.python.log import LogPublisher as LegacyPublisher

from chat.operations.logformat import MAX_CALLS, jsonLine, plain, textLine, traceOf

# A text that was said, which must not be in the log.
SAID = "Xyzzy-Plugh"


class Book:
    """
    A log in memory.
    """

    def __init__(self, line: Callable[[LogEvent], str]) -> None:
        self._file = StringIO()
        self.observer = FileLogObserver(self._file, line)
        self.log = Logger("chat.test", observer=self.observer)

    @property
    def lines(self) -> list[str]:
        """
        Its lines without their time; lines that continue an event begin with a tab.
        """
        assert not self.text or self.text.endswith("\n")
        lines = self.text.split("\n")[:-1]
        return [line if line[0] == "\t" else line.partition(" ")[2] for line in lines]

    @property
    def text(self) -> str:
        return self._file.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def text() -> Book:
    return Book(textLine)


@pytest.fixture
def objects() -> Book:
    return Book(jsonLine)


def failed(error: BaseException, cause: BaseException | None = None) -> Failure:
    """
    @return: A failure that was raised.
    """
    try:
        raise error from cause
    except type(error):
        return Failure()


# Text.


def test_aLineOfTextReadsAsTwistedsDo(text: Book) -> None:
    text.log.info("{nick} has {count} lines", nick="李雷", count=2)
    assert text.lines == ["[chat.test#info] 李雷 has 2 lines"]


@pytest.mark.parametrize(
    ("char", "escape"),
    [
        ("\x00", r"\x00"),
        ("\x07", r"\x07"),
        ("\t", r"\t"),
        ("\r", r"\r"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x7f", r"\x7f"),
        ("\x85", r"\x85"),
        ("\x9b31m", r"\x9b31m"),
        ("\u2028", r"\u2028"),
        ("\u200b", r"\u200b"),
        ("\u202e", r"\u202e"),
        ("\u2066", r"\u2066"),
        ("\ufeff", r"\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        # Half of a character, such as in the name of a file that is not UTF-8.
        ("\udcff", r"\udcff"),
        # Printable characters stay, also beside others.
        ("\x1bé 李\N{GRINNING FACE}\u0301", "\\x1bé 李\N{GRINNING FACE}\u0301"),
    ],
)
def test_charactersThatCannotBeSeenAreEscaped(text: Book, char: str, escape: str) -> None:
    text.log.info("before {what} behind", what=char)
    assert text.lines == [f"[chat.test#info] before {escape} behind"]


def test_aTextCannotForgeALine(text: Book) -> None:
    text.log.info("{what}", what="one\n2026-11-21T11:45:25+0000 [-] two\r\nthree")
    assert text.lines[1:] == ["\t2026-11-21T11:45:25+0000 [-] two\\r", "\tthree"]


def test_anEventWithoutATextIsNotWritten(text: Book, objects: Book) -> None:
    for book in (text, objects):
        book.observer({"log_time": 0.0, "log_format": None})
        assert book.text == ""


# JSON.


def test_eachLineOfJSONIsAnObject(objects: Book) -> None:
    objects.log.info("hello {nick}", event="hello", nick="李雷", lines=[1, 2], none=None)
    objects.log.warn("two\nlines \x7f \x9b \u202e {what}", event="two", what="\x7f\n")
    assert objects.text.isascii()
    assert all(line.isprintable() for line in objects.text.splitlines())
    first, second = objects.events
    del first["time"]
    assert list(first.items()) == [
        ("level", "info"),
        ("event", "hello"),
        ("message", "hello 李雷"),
        ("namespace", "chat.test"),
        ("nick", "李雷"),
        ("lines", [1, 2]),
        ("none", None),
    ]
    assert (second["level"], second["what"]) == ("warn", "\x7f\n")


def test_theMessageIsThatOfTheTextLog(objects: Book, text: Book) -> None:
    for book in (objects, text):
        book.log.warn("two\nlines \x1b {nick!r}", event="two", nick="\u202e")
    [event] = objects.events
    assert text.text.endswith(f" {event['message']}\n".replace("\n", "\n\t", 1))


def test_theTimeIsThatOfTheEventInUTC(objects: Book) -> None:
    objects.observer({"log_time": 1.25, "log_format": "x", "log_level": LogLevel.info})
    [event] = objects.events
    assert event["time"] == "1970-01-01T00:00:01.250000+00:00"
    assert datetime.fromisoformat(event["time"]) == datetime.fromtimestamp(1.25, UTC)


def test_whatLibrariesLogHasNoFields(objects: Book) -> None:
    objects.log.info("Starting {factory!r}", factory=objects)
    objects.observer({"log_time": 0.0, "log_format": "x", "log_system": "-", "isError": 0})
    assert [{*event} for event in objects.events] == 2 * [
        {"time", "level", "event", "message", "namespace"}
    ]
    assert {event["event"] for event in objects.events} == {"other"}


def test_anObjectAmongTheFieldsIsText(objects: Book) -> None:
    objects.log.info("x", event="x", kind=LogLevel, deep=[ValueError(SAID), OSError("full")])
    [event] = objects.events
    assert event["kind"] == str(LogLevel)
    assert event["deep"] == ["builtins.ValueError", "full"]


def test_aFieldCannotStandForWhatEveryLineHas(objects: Book) -> None:
    objects.log.info("hello", event="hello", time="never", message=("no",))
    [event] = objects.events
    assert event["message"] == "hello"
    assert datetime.fromisoformat(event["time"])


class _Broken:
    def __str__(self) -> str:
        raise ValueError(SAID)


LOOP: dict[str, object] = {}
LOOP["loop"] = LOOP


@pytest.mark.parametrize(
    "fields",
    [
        {"other": _Broken()},
        {"what": _Broken()},
        {"what": 1, "other": LOOP},
        {"what": 1, "other": float("nan")},
    ],
)
def test_anEventThatCannotBeWrittenIsNotLost(objects: Book, fields: dict[str, Any]) -> None:
    objects.log.info("something with {what}", event="something", **fields)
    [event] = objects.events
    assert "something with " in event["message"]
    assert (event["event"], event["namespace"]) == ("something", "chat.test")
    assert "other" not in event


@pytest.mark.parametrize("line", [textLine, jsonLine])
def test_aWarningOfPythonIsReadable(line: Callable[[LogEvent], str]) -> None:
    book = Book(line)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # As twistd sets it up.
        beginner = LogBeginner(LogPublisher(), StringIO(), sys, warnings)
        beginner.beginLoggingTo([book.observer], redirectStandardIO=False)
        warnings.warn("that is deprecated", DeprecationWarning, stacklevel=1)
    assert "builtins.DeprecationWarning: that is deprecated" in book.text
    if line is jsonLine:
        [event] = book.events
        assert (event["level"], event["event"]) == ("warn", "other")


# Exceptions.


def _raise(what: str) -> None:
    raise KeyError(what)


def test_aFailureHasItsTracebackOnceAndNotItsMessage(text: Book) -> None:
    try:
        _raise(SAID)
    except KeyError:
        text.log.failure("a request by {nick!r} failed", nick="alice")
    assert text.lines[0] == "[chat.test#critical] a request by 'alice' failed"
    assert text.text.count("Traceback (most recent call last):") == 1
    assert text.text.count("in _raise\n") == 1
    # The line of the source.
    assert text.text.count("raise KeyError(what)") == 1
    assert text.text.endswith("\n\tbuiltins.KeyError\n")
    assert SAID not in text.text


def test_inJSONTheTracebackIsOneText(objects: Book) -> None:
    objects.log.failure("a request by {nick!r} failed", failed(KeyError(SAID)), nick="alice")
    [event] = objects.events
    assert event["traceback"].startswith("Traceback (most recent call last):\n")
    assert event["traceback"].endswith("\nbuiltins.KeyError")
    assert event["message"] == "a request by 'alice' failed"
    # Nobody has expected it, whoever logs it.
    assert event["event"] == "internal-error"
    assert SAID not in objects.text


@pytest.mark.parametrize("line", [textLine, jsonLine])
def test_theMessageOfAnExceptionIsNowhere(line: Callable[[LogEvent], str]) -> None:
    """
    Neither in what a failure carries along, nor in an event that cannot be formatted.
    """
    book = Book(line)
    for error in (
        UnicodeDecodeError("utf-8", SAID.encode(), 0, 1, SAID),
        AssertionError(f"Expected code to be unreachable, but got: {SAID!r}"),
        type("Odd", (Exception,), {"__str__": lambda _: SAID, "__repr__": lambda _: SAID})(),
    ):
        error.add_note(SAID)
        failure = failed(error, cause=ValueError(SAID))
        book.log.failure("a mistake", failure)
        book.log.failure("a mistake {missing}", failure)
        book.log.failure("a mistake {log_failure}", failure)
        book.log.error("because of {reason}", reason=error)
        book.log.error("because of {reason}", reason=failure)
        book.log.error("because of {missing}", reason=failure)
    assert book.text.count("a mistake") >= 9
    assert SAID not in book.text


def test_errorsOfTheSystemKeepTheirMessage(text: Book) -> None:
    missing = FileNotFoundError(2, "No such file or directory", "/none")
    reason = "[Errno 2] No such file or directory: '/none'"
    text.log.failure("it failed", failed(missing))
    assert text.lines[-1] == f"\tbuiltins.FileNotFoundError: {reason}"
    text.log.error("cannot write: {reason}", reason=missing)
    assert text.lines[-1] == f"[chat.test#error] cannot write: {reason}"
    locked = sqlite3.OperationalError("database is locked")
    text.log.error("cannot write: {reason}", reason=locked)
    assert text.lines[-1] == "[chat.test#error] cannot write: database is locked"
    text.log.error("cannot write: {reason}", reason=ValueError(SAID))
    assert text.lines[-1] == "[chat.test#error] cannot write: builtins.ValueError"


def test_theCauseOfAnExceptionComesFirst() -> None:
    cause = failed(sqlite3.OperationalError("disk I/O error")).value
    trace = traceOf(failed(ValueError(SAID), cause=cause))
    first, second = trace.split("\nwhich led to\n")
    assert first.endswith("\nsqlite3.OperationalError: disk I/O error")
    assert second.endswith("\nbuiltins.ValueError")
    assert all("in failed\n" in each for each in (first, second))


def test_causesInACircleEnd() -> None:
    error = ValueError()
    error.__cause__ = KeyError()
    error.__cause__.__context__ = error
    assert traceOf(Failure(error)).count("Traceback") == 2


def test_aFailureWithoutFramesIsItsType() -> None:
    assert traceOf(Failure(ValueError(SAID))).splitlines()[-1] == "builtins.ValueError"


def test_aCleanedFailureStillHasItsCalls() -> None:
    """
    It has lost its traceback, but still knows the calls.
    """
    failure = failed(ValueError(SAID))
    failure.cleanFailure()
    assert "in failed\n" in traceOf(failure)


def test_anEndlessRecursionIsCut() -> None:
    def ping(left: int) -> None:
        pong(left)

    def pong(left: int) -> None:
        if not left:
            raise ValueError
        ping(left - 1)

    try:
        ping(MAX_CALLS)
    except ValueError:
        trace = traceOf(Failure())
    assert trace.count("  File ") == MAX_CALLS


@pytest.mark.parametrize("line", [textLine, jsonLine])
def test_anUnhandledFailureIsIntroduced(line: Callable[[LogEvent], str]) -> None:
    book = Book(line)
    book.log.failure("", failed(KeyError(SAID)), debugInfo=None)
    assert "Unhandled Error" in book.text.splitlines()[0]
    assert "builtins.KeyError" in book.text
    assert SAID not in book.text


@pytest.mark.parametrize("why", ["callback failed", None])
def test_errorsOfTheOldLogLoseTheirMessageToo(text: Book, why: str | None) -> None:
    """
    The reactor logs in this way, with the traceback in the text.
    """
    publisher = LogPublisher(text.observer)
    legacy = LegacyPublisher(observerPublisher=publisher, publishPublisher=publisher)
    failure = failed(KeyError(SAID))
    legacy.msg(failure=failure, why=why, isError=1)
    legacy.msg("a plain message")
    assert text.lines[0] == f"[-] {why or 'Unhandled Error'}"
    assert text.text.count("Traceback") == 1
    assert text.lines[-2:] == ["\tbuiltins.KeyError", "[-] a plain message"]
    assert SAID not in text.text


def test_theEventItselfStaysAsItIs() -> None:
    failure = failed(KeyError(SAID))
    event: LogEvent = {"log_format": "{what}", "what": "x", "log_failure": failure, "log_time": 0.0}
    before = dict(event)
    for line in (textLine, jsonLine, plain):
        line(event)
    assert event == before


def test_aPlainEventHasItsTextOnly() -> None:
    event: LogEvent = {
        "log_format": "{what}",
        "what": "x\x1b",
        "log_failure": failed(KeyError(SAID)),
        "log_time": 1.5,
        "log_level": LogLevel.error,
        "log_namespace": "chat.test",
    }
    shown = plain(event)
    assert formatEvent(shown).startswith("x\\x1b\nTraceback")
    assert formatEvent(shown).endswith("\nbuiltins.KeyError")
    assert {*shown} == {"log_format", "log_text", "log_time", "log_level", "log_namespace"}
