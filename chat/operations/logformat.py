"""
What an event of the log reads as: a line for people, or a JSON object for
programs.

The log is read in a terminal, and by people whom nothing of the talk concerns.
So no character of it acts on a terminal, and no exception tells its message,
which may quote anything: the key that is missing, the text that does not fit.
What is left of an exception is its type, and where it was raised, which is what
it takes to find the mistake.  The errors of the operating system and of SQLite
keep their message: it names files, tables and reasons, and no values.
"""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Iterator

from twisted.logger import LogEvent, eventAsJSON, eventAsText, formatEvent
from twisted.python.failure import Failure
from twisted.python.reflect import qual

MAX_CALLS = 100
"""
How many calls of a traceback are written, the last ones: an endless recursion has
a thousand.
"""

UNHANDLED = "Unhandled Error"
"""What Twisted says of an exception that it knows nothing about."""

_TELLING = (OSError, sqlite3.Error)
"""The exceptions whose message is written."""


def textLine(event: LogEvent) -> str:
    """
    @param event: it is not changed.
    @return: the classic line of Twisted: time, origin, text.  A line end within
        is followed by a tab.  Nothing for an event without a text.
    """
    event = cleared(event)
    text = _inked(_withTrace(eventAsText(event, includeTraceback=False), event))
    return text and text.replace("\n", "\n\t") + "\n"


def jsonLine(event: LogEvent) -> str:
    """
    @param event: it is not changed.
    @return: a line of printable ASCII with one JSON object, as
        L{twisted.logger.eventsFromJSONLogFile} reads it.  A failure is a string,
        its traceback.
    """
    event = cleared(event)
    try:
        text = eventAsJSON(dict(event))
    except Exception:
        # A field that cannot be written costs the fields, not the event.
        text = eventAsJSON(plain(event))
    return text + "\n"


def plain(event: LogEvent) -> LogEvent:
    """
    @param event: it is not changed.
    @return: an event that tells the same, and has no fields and no failure.
    """
    event = cleared(event)
    kept = ("log_time", "log_level", "log_namespace", "log_system")
    return {
        **{key: event[key] for key in kept if key in event},
        "log_format": "{log_text}",
        "log_text": _inked(_withTrace(formatEvent(event), event)),
    }


def cleared(event: LogEvent) -> LogEvent:
    """
    @param event: it is not changed.
    @return: the same event, with a text in the place of each exception and each
        failure among its values; that of C{log_failure} is its traceback.
    """
    told = {key: _spoken(value) for key, value in event.items()}
    if isinstance(failure := event.get("log_failure"), Failure):
        told["log_failure"] = traceOf(failure)
        # The failures that no Deferred has handled have none.
        told["log_format"] = event.get("log_format") or UNHANDLED
    elif event.get("isError") and isinstance(failure := event.get("failure"), Failure):
        # What comes by twisted.python.log has the traceback in its text.
        told["log_failure"] = traceOf(failure)
        told["log_text"] = str(event.get("why") or UNHANDLED)
    return told


def traceOf(failure: Failure) -> str:
    """
    @return: the calls that led to the exception, as Python shows them, and those
        of the exceptions that led to it before them.
    """
    return "\nwhich led to\n".join(reversed(list(_traces(failure))))


def _traces(failure: Failure) -> Iterator[str]:
    error: BaseException | None = failure.value
    calls = failure.getTracebackObject()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        shown = traceback.format_list(traceback.extract_tb(calls, limit=-MAX_CALLS))
        what = qual(type(error)) + (f": {error}" if isinstance(error, _TELLING) else "")
        yield "".join(["Traceback (most recent call last):\n", *shown, what])
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        calls = error.__traceback__ if error is not None else None


def _spoken(value: object) -> object:
    """
    @return: a text in the place of an exception; anything else as it is.
    """
    if isinstance(value, Failure):
        value = value.value
    if not isinstance(value, BaseException):
        return value
    return str(value) if isinstance(value, _TELLING) else qual(type(value))


def _withTrace(text: str, event: LogEvent) -> str:
    return f"{text}\n{event['log_failure']}" if "log_failure" in event else text


def _inked(text: str) -> str:
    """
    @return: the same, with an escape such as C{\\x1b} in the place of what has
        no ink of its own: controls, what turns the reading order, what is
        invisible, and what cannot be encoded.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
