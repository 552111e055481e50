"""
How an event of the log reads: as a line of text, or as a JSON object for programs.

The service's own events have a field C{event}, a short name that stays when the wording changes. It
is what programs go by, and an ordinary field, given where the event is logged.

The log is read in a terminal, and by operators who must not read the users' conversations.
Therefore no character of it acts on a terminal, and exceptions are logged without their message,
which may quote anything, such as a missing key or a malformed text. Their type and their traceback
remain, which is enough to find the fault. The errors of the operating system and of SQLite keep
their message, which names files, tables and reasons, but no values; so do warnings, which are about
the code.
"""

from __future__ import annotations

import json
import sqlite3
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from twisted.logger import LogEvent, LogLevel, eventAsText, formatEvent
from twisted.python.failure import Failure
from twisted.python.reflect import qual

MAX_CALLS = 100
"""How many calls of a traceback are written, the last ones; an endless recursion has a thousand."""

UNHANDLED = "Unhandled Error"
"""How Twisted introduces an exception about which it knows nothing else."""

FAULT = "internal-error"
"""The name of every event with an unexpected exception, whoever logs it."""

OTHER = "other"
"""The name of all other events of libraries; their namespace tells more."""

# Of syslog; those that Twisted gives to errors and to everything else.
_ALERT, _INFO = 1, 6

_TELLING = (OSError, sqlite3.Error, Warning)
"""The exceptions whose message is kept."""


def textLine(event: LogEvent) -> str:
    """
    @param event: Stays as it is.
    @return: The classic line of Twisted: time, origin, text. A line end within the text is followed
        by a tab. Empty for an event without a text.
    """
    event = cleared(event)
    text = _printable(_withTrace(eventAsText(event, includeTraceback=False), event))
    return text and text.replace("\n", "\n\t") + "\n"


def jsonLine(event: LogEvent) -> str:
    """
    @param event: Stays as it is.
    @return: A line of printable ASCII with one JSON object: C{time} (ISO 8601, in UTC), C{level},
        C{event}, C{message} (what L{textLine} shows, without the traceback), C{namespace}, the
        fields of an event of our own, and C{traceback} where there is one. Empty for an event
        without a text.
    """
    event = cleared(event)
    message = _printable(formatEvent(event))
    if not message:
        return ""
    level = event.get("log_level") or LogLevel.info
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="microseconds"),
        "level": level.name,
        "event": event.get("event", FAULT if "log_failure" in event else OTHER),
        "message": message,
        "namespace": event.get("log_namespace", "-"),
    }
    if "log_failure" in event:
        line["traceback"] = event["log_failure"]
    # What libraries log beside their text are objects of theirs, which say nothing in a log.
    own = event if "event" in event else {}
    fields = {key: own[key] for key in own if not key.startswith("log_") and key not in line}
    try:
        return json.dumps(line | fields, default=_shown, allow_nan=False) + "\n"
    except Exception:
        # One field cannot be written, so the event is logged without its fields.
        return json.dumps(line) + "\n"


def syslogLines(event: LogEvent) -> str:
    """
    @param event: Stays as it is.
    @return: A line for each message to syslog, after its priority as RFC 3164, section 4.1.1,
        writes it. The second and further ones of an event begin with a tab. Empty for an event
        without a text.
    """
    event = plain(event)
    text: str = event["log_text"].rstrip("\n")
    isError = event.get("log_level") in (LogLevel.error, LogLevel.critical)
    start = f"<{_ALERT if isError else _INFO}>[{event.get('log_system', '-')}] "
    return text and start + text.replace("\n", f"\n{start}\t") + "\n"


def plain(event: LogEvent) -> LogEvent:
    """
    @param event: Stays as it is.
    @return: An event that reads the same, and has no fields and no failure.
    """
    event = cleared(event)
    kept = ("log_time", "log_level", "log_namespace", "log_system")
    return {
        **{key: event[key] for key in kept if key in event},
        "log_format": "{log_text}",
        "log_text": _printable(_withTrace(formatEvent(event), event)),
    }


def cleared(event: LogEvent) -> LogEvent:
    """
    @param event: Stays as it is.
    @return: The same event, with a text in place of each exception and each failure among its
        values; in place of C{log_failure} stands its traceback.
    """
    told = {key: _withoutMessage(value) for key, value in event.items()}
    if isinstance(failure := event.get("log_failure"), Failure):
        told["log_failure"] = traceOf(failure)
        # Failures that no Deferred has handled come without a format.
        told["log_format"] = event.get("log_format") or UNHANDLED
    elif event.get("isError") and isinstance(failure := event.get("failure"), Failure):
        # Events of twisted.python.log have the traceback in their text.
        told["log_failure"] = traceOf(failure)
        told["log_text"] = str(event.get("why") or UNHANDLED)
    return told


def traceOf(failure: Failure) -> str:
    """
    @return: The calls that led to the exception, as Python shows them, after those of the
        exceptions that caused it.
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


def _withoutMessage(value: object) -> object:
    """
    @return: A text in place of an exception; any other value as it is.
    """
    if isinstance(value, Failure):
        value = value.value
    if not isinstance(value, BaseException):
        return value
    return str(value) if isinstance(value, _TELLING) else qual(type(value))


def _shown(value: object) -> str:
    return str(_withoutMessage(value))


def _withTrace(text: str, event: LogEvent) -> str:
    return f"{text}\n{event['log_failure']}" if "log_failure" in event else text


def _printable(text: str) -> str:
    """
    @return: The same, with an escape such as C{\\x1b} in place of each character that cannot be
        seen: controls, characters that turn the reading order, and halves of characters.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
