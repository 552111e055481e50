"""
The sentence of every code, in English and marked for gettext, and L{Phrases},
which says it in a language.

A sentence may say what it is about, C{{about}}, and C{{time}} where that is a number of
seconds.  Where that may be unknown there are two sentences: with it, and without.  A sanction
also says who imposed it, C{{by}}, and when it ends, C{{until}}.

This module, L{chat.rendering.lines} and L{chat.rendering.lists} hold all text
that users read; the catalogues translate it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from wcwidth import wcswidth

from chat.vocabulary.endings import Ending
from chat.vocabulary.i18n import N_, translation
from chat.vocabulary.times import moment

MAX_WIDTH = 79
"""How many columns a line of ours has at most, unless names or texts of users are long."""

NOTICE_WIDTH = MAX_WIDTH - len("--- ")
"""The same for what stands behind the mark of a notice."""

Sentence = str | tuple[str, str]

REFUSALS: dict[str, Sentence] = {
    "line-too-long": N_("Not sent: that line is longer than {about} bytes"),
    "not-utf8": N_("Not sent: that line is not UTF-8"),
    "cursor-keys": N_("Not sent: only Backspace, Ctrl-U and Ctrl-W can edit a line"),
    "unknown-command": N_("There is no command {about}; type /help for a list"),
    "command-meant": N_("Not sent: did you mean {about}? To say it, type /say TEXT"),
    "slash-missing": N_("Did you mean {about}? Commands begin with a slash"),
    "argument-missing": N_("Usage: {about}"),
    "argument-invalid": N_("Usage: {about}"),
    "unit-missing": N_("{about} needs a unit, such as {about}m"),
    "nick-needed": N_("Choose a nickname first: type it and press Enter"),
    "nick-invalid": N_("Use only letters, digits, _ and -, beginning with a letter"),
    "nick-too-long": N_("Too long: at most {about} characters (Chinese ones count double)"),
    "scripts-mixed": N_("{about} mixes writing systems that do not go together"),
    "nick-confusable": N_("{about} looks too much like another nickname"),
    "nick-reserved": N_("{about} is reserved; choose another"),
    "nick-taken": N_("{about} is taken; choose another"),
    "nick-unchanged": N_("You are already {about}"),
    "no-such-nick": N_("Nobody called {about} is here"),
    "nobody-to-reply-to": N_("Nobody has sent you a private message yet"),
    "unknown-language": N_("Available languages: {about}"),
    "unknown-format": N_("Available formats: {about}"),
    # Rooms.
    "no-such-room": N_("There is no room {about}"),
    "room-invalid": N_("Room names are # and a letter, then letters, digits, _ or -"),
    "room-confusable": (
        N_("{about} looks too much like another room"),
        N_("That looks too much like another room"),
    ),
    "not-in-room": (
        N_("You are not in {about}; /join {about} first"),
        N_("You are not in that room; /join it first"),
    ),
    "no-room": N_("You are not in any room; see /rooms, then /join #ROOM"),
    "too-many-rooms": (
        N_("You are in {about} rooms, the limit; leave one first with /part"),
        N_("You are in too many rooms; leave one first with /part"),
    ),
    "making-rooms-too-fast": (
        N_("Too many new rooms from you; try again in {time}"),
        N_("Too many new rooms from you; try again later"),
    ),
    "rooms-full": N_("There are too many rooms already; /rooms lists them"),
    "key-needed": (
        N_("{about} needs the right key: /join {about} KEY"),
        N_("The room needs the right key: /join #ROOM KEY"),
    ),
    "invite-needed": (
        N_("{about} is invite-only"),
        N_("That room is invite-only"),
    ),
    "owner-needed": (
        N_("Only an owner of {about} can do that"),
        N_("Only an owner of the room can do that"),
    ),
    "room-open": (
        N_("Everybody starts in {about}, so it must stay open"),
        N_("Everybody starts in this room, so it must stay open"),
    ),
    # History.
    "nothing-to-find": N_("No word to search for in {about}; use letters or digits"),
    "history-unavailable": N_("Earlier lines cannot be read now; try again soon"),
    # Accounts.
    "nick-registered": (
        N_("{about} is registered"),
        N_("That nickname is registered"),
    ),
    "wrong-password": (
        N_("Wrong password for {about}"),
        N_("Wrong password"),
    ),
    "password-invalid": (
        N_("A password has {about} characters and no spaces"),
        N_("That password is too short or too long"),
    ),
    "too-many-attempts": (
        N_("Too many wrong passwords or keys; try again in {time}"),
        N_("Too many wrong passwords or keys; try again later"),
    ),
    "registering-too-fast": (
        N_("Too many new accounts from you; try again in {time}"),
        N_("Too many new accounts from you; try again later"),
    ),
    "changing-too-fast": (
        N_("Too many password changes; try again in {time}"),
        N_("Too many password changes; try again later"),
    ),
    "accounts-full": N_("No more nicknames can be registered here"),
    "try-later": N_("The service is busy; try again in a moment"),
    "account-needed": N_("You need an account for that: /register PASSWORD or /login"),
    "no-such-account": (
        N_("There is no account {about}"),
        N_("There is no such account"),
    ),
    "password-elsewhere": N_("Your password is managed elsewhere; change it there"),
    "no-such-session": (
        N_("You have no session {about}; /sessions lists yours"),
        N_("You have no such session; /sessions lists yours"),
    ),
    # Moderation.
    "renaming-too-fast": (
        N_("Too many nickname changes; try again in {time}"),
        N_("Too many nickname changes; try again later"),
    ),
    "joining-too-fast": (
        N_("You are joining rooms too often; try again in {time}"),
        N_("You are joining rooms too often; try again later"),
    ),
    "operator-fixed": N_("{about} is an operator through the server option --operator"),
    "operator-meant": N_("{about} is an operator; /operator {about} off first"),
    "operator-needed": N_("Only operators can do that"),
    "muted": (N_("You are muted: {about}"), N_("You are muted")),
    "banned": (N_("You are banned: {about}"), N_("You are banned")),
    "no-such-ban": (
        N_("{about} is not banned or muted; /bans lists who is"),
        N_("Nobody of that name is banned or muted; /bans lists who is"),
    ),
    "ignores-you": (
        N_("{about} is ignoring you"),
        N_("That person is ignoring you"),
    ),
    "yourself": N_("You cannot do that to yourself"),
    "list-full": (
        N_("That list is full (at most {about} entries)"),
        N_("That list is full"),
    ),
}

PATH_REFUSED: Sentence = N_("That is not a command; to say it, type /{about}")
"""In the place of C{unknown-command}, where what looks like a command is no word."""

WARNINGS: dict[str, Sentence] = {
    "idle": N_("You have been silent; say something within {about} seconds to stay"),
    "interrupted": N_("To leave, type /quit or press that key again; /help lists the commands."),
    "history-failing": (
        N_("History cannot be saved: {about}; new lines are waiting"),
        N_("History cannot be saved; new lines are waiting"),
    ),
    "history-recovered": N_("History is being saved again, waiting lines included"),
    "history-lost": (
        N_("The disk has failed for too long; lines not saved: {about}"),
        N_("The disk has failed for too long; lines are not saved"),
    ),
    "muted": REFUSALS["muted"],
    "not-read": (
        N_("Could not reload: {about}"),
        N_("Something could not be reloaded"),
    ),
    "password-guessed": N_("Wrong passwords for your account: {count} (addresses: {origins})"),
    "key-guessed": N_("Wrong keys for {names}: {count} (addresses: {origins})"),
    "account-guessed": N_("Wrong guesses: {count} ({names}); addresses: {origins} ({most})"),
    "said-aloud": N_("Your next line goes to the room; use /login NAME PASSWORD"),
    "password-changed": (
        N_("Your password was changed in a session from {about}"),
        N_("Your password was changed in another session"),
    ),
    "not-stored": N_("Done, but not saved yet: the disk is failing"),
    "not-kept": (
        N_("You own too many rooms; {about} is yours only until you leave"),
        N_("You own too many rooms; this one is yours only until you leave"),
    ),
    "no-replay": (
        N_("Cannot read earlier lines of {about} now; try /history later"),
        N_("Earlier lines cannot be read now; try /history later"),
    ),
}

HARMLESS = frozenset({"is-away", "interrupted"})
"""
The warnings after which nothing is wrong: the message to a user who is away was delivered, and a
user who presses Ctrl-C is told how to leave.
They read as notices, without a code.
"""

CONFIRMATIONS: dict[str, Sentence] = {
    # Accounts.
    "registered": (
        N_("{about} is now registered to you; next time, /login {about} PASSWORD."),
        N_("This nickname is now registered to you; next time, /login NAME PASSWORD."),
    ),
    "logged-in": (N_("You are logged in as {about}."), N_("You are logged in.")),
    "nick-kept": N_("You are still {about}."),
    "last-login": N_("Your last login was on {day}, from {origin}."),
    "took-over": (
        N_("The guest who was using {about} has been disconnected."),
        N_("The guest who was using your nickname has been disconnected."),
    ),
    "password-changed": N_("Password changed."),
    "unregistered": (
        N_("Your account {about} has been deleted."),
        N_("Your account has been deleted."),
    ),
    "session-ended": (N_("Session {about} has ended."), N_("That session has ended.")),
    # Users themselves.
    "ignored": N_("You are now ignoring {about}."),
    "unignored": N_("You are no longer ignoring {about}."),
    "ignoring": (N_("You are ignoring {about}."), N_("You are not ignoring anybody.")),
    "away": (N_("You are away: {about}"), N_("You are away.")),
    "back": N_("You are back."),
    # Rooms.
    "invited": N_("{about} has been invited."),
    "no-motd": N_("There is no message of the day."),
    # Moderation.
    "deleted": N_("{about} has been deleted."),
    "kicked": N_("{about} has been kicked."),
    "muted": N_("{about} is now muted."),
    "unmuted": N_("{about} is no longer muted."),
    "banned": N_("{about} is now banned."),
    "unbanned": N_("{about} is no longer banned."),
    "may-speak": N_("You are no longer muted."),
    "renamed": (N_("Renamed: {about}"), N_("Their nickname has been changed.")),
    "rehashed": (N_("Reloaded: {about}."), N_("Reloaded.")),
    "account-removed": N_("The account {about} has been deleted."),
    "help-subjects": N_("More: /help {about}"),
    "operator-on": N_("{about} is now an operator."),
    "operator-off": N_("{about} is no longer an operator."),
    "operators": (N_("Operators: {about}"), N_("There are no operators.")),
}

CHOICES: dict[tuple[str, str], str] = {
    ("timestamps", "on"): N_("Lines show their time; /timestamps off hides it."),
    ("timestamps", "off"): N_("Lines show no time; /timestamps on shows it."),
    ("bell", "off"): N_("The bell is off; /bell mention or /bell all turns it on."),
    ("bell", "mention"): N_("The bell rings when you are mentioned; /bell off silences it."),
    ("bell", "all"): N_("The bell rings for everything that is said; /bell off silences it."),
}
"""Confirmations of a choice, by their code and by what was chosen."""

DEPARTURES = {
    Ending.QUIT: N_("quit"),
    Ending.INPUT_CLOSED: N_("input closed"),
    Ending.CONNECTION_LOST: N_("connection lost"),
    Ending.REGISTRATION_TIMEOUT: N_("timed out"),
    Ending.IDLE_TIMEOUT: N_("timed out"),
    Ending.TOO_SLOW: N_("connection too slow"),
    Ending.TOO_FAST: N_("sent lines too fast"),
    Ending.SERVICE_FULL: N_("too many connections"),
    Ending.NAMELESS_FULL: N_("too many connections"),
    Ending.ADDRESS_FULL: N_("too many connections"),
    Ending.CONNECTING_TOO_FAST: N_("too many connections"),
    Ending.LINE_ENDLESS: N_("sent an endless line"),
    Ending.NOT_CHAT: N_("not a chat client"),
    Ending.INTERNAL_ERROR: N_("internal error"),
    Ending.SHUTDOWN: N_("the service is shutting down"),
    Ending.PARTED: N_("left the room"),
    Ending.KICKED: N_("kicked"),
    Ending.BANNED: N_("banned"),
    Ending.ROOM_DELETED: N_("the room was deleted"),
    Ending.EVICTED: N_("the owner of the nickname logged in"),
    Ending.MOVED: N_("continues under another nickname"),
    Ending.SESSION_ENDED: N_("ended the session"),
    Ending.ACCOUNT_REMOVED: N_("the account was deleted"),
    Ending.OTHER: N_("unknown reason"),
}
"""Why a user left, as others read it."""

DEPARTURES_BY = {
    Ending.KICKED: N_("kicked by {by}"),
    Ending.BANNED: N_("banned by {by}"),
    Ending.ACCOUNT_REMOVED: N_("{by} deleted the account"),
    Ending.ROOM_DELETED: N_("{by} deleted the room"),
}
"""The same, where another user has done it."""

FAREWELLS: dict[Ending, Sentence] = {
    Ending.QUIT: N_("Goodbye."),
    Ending.INPUT_CLOSED: N_("Goodbye: end of input."),
    Ending.CONNECTION_LOST: N_("Goodbye."),
    Ending.SHUTDOWN: N_("Goodbye: the service is shutting down."),
    Ending.PARTED: N_("Goodbye."),
    Ending.MOVED: N_("Goodbye: you continue in another session."),
    Ending.SESSION_ENDED: N_("Goodbye: you ended this session."),
    Ending.OTHER: N_("Goodbye."),
    Ending.REGISTRATION_TIMEOUT: N_("You did not choose a nickname in time"),
    Ending.IDLE_TIMEOUT: N_("You have been silent for too long"),
    Ending.TOO_SLOW: N_("Your connection could not keep up; lines for you were lost"),
    Ending.TOO_FAST: N_("You sent too many lines at once; the rest was dropped"),
    Ending.SERVICE_FULL: N_("Too many connections; try again later"),
    Ending.NAMELESS_FULL: N_("Too many people are choosing nicknames; try again later"),
    Ending.ADDRESS_FULL: N_("Too many connections from your address"),
    Ending.CONNECTING_TOO_FAST: N_("You are connecting too often; try again in a minute"),
    Ending.LINE_ENDLESS: N_("You sent more than {about} bytes without a line end"),
    Ending.NOT_CHAT: (
        N_("This is a chat service and does not speak {about}; try telnet"),
        N_("This is a chat service for text in UTF-8; try telnet"),
    ),
    Ending.INTERNAL_ERROR: N_("Something went wrong here; it has been logged"),
    Ending.KICKED: (N_("You have been kicked: {about}"), N_("You have been kicked")),
    Ending.BANNED: REFUSALS["banned"],
    Ending.ROOM_DELETED: N_("Goodbye: the room was deleted."),
    Ending.EVICTED: N_("The owner of this nickname has logged in"),
    Ending.ACCOUNT_REMOVED: (
        N_("Your account has been deleted: {about}"),
        N_("Your account has been deleted"),
    ),
}
"""Why the service ends a session, as its user reads it."""

FAREWELLS_BY: dict[Ending, Sentence] = {
    Ending.KICKED: (
        N_("You have been kicked by {by}: {about}"),
        N_("You have been kicked by {by}"),
    ),
    Ending.ACCOUNT_REMOVED: (
        N_("{by} has deleted your account: {about}"),
        N_("{by} has deleted your account"),
    ),
}
"""The same, where another user has done it."""

SANCTIONS: dict[tuple[str, bool], Sentence] = {
    ("muted", True): (
        N_("You are muted until {until} (by {by}: {about})"),
        N_("You are muted until {until} (by {by})"),
    ),
    ("muted", False): (
        N_("You are muted (by {by}: {about})"),
        N_("You are muted (by {by})"),
    ),
    ("banned", True): (
        N_("You are banned until {until} (by {by}: {about})"),
        N_("You are banned until {until} (by {by})"),
    ),
    ("banned", False): (
        N_("You are banned (by {by}: {about})"),
        N_("You are banned (by {by})"),
    ),
}
"""
What is said of a mute or a ban in refusals, warnings and endings, where it is known who imposed
it, by its code and by whether it ever ends.
"""

PEACEFUL = frozenset(
    {
        Ending.QUIT,
        Ending.INPUT_CLOSED,
        Ending.CONNECTION_LOST,
        Ending.SHUTDOWN,
        Ending.PARTED,
        Ending.MOVED,
        Ending.SESSION_ENDED,
        Ending.ROOM_DELETED,
        Ending.OTHER,
    }
)
"""The endings that need no excuse: they read as notices, without a code."""

_UNITS = ((86400, N_("{n}d")), (3600, N_("{n}h")), (60, N_("{n}m")), (1, N_("{n}s")))
"""Units of time in seconds, the largest first, and how so many of them read."""


class Phrases:
    """
    The sentences of one language.
    """

    def __init__(self, language: str) -> None:
        """
        @param language: one of L{chat.vocabulary.i18n.LANGUAGES}.
        """
        catalogue = translation(language)
        self.gettext = catalogue.gettext
        self.ngettext = catalogue.ngettext

    def refusal(self, code: str, about: str, by: str = "", until: datetime | None = None) -> str:
        """
        The sentence of a refusal, without its code.

        @param by: the operator who wants it, or nothing.
        @param until: when it ends, if it ever does.
        """
        if code == "unknown-command" and "/" in about[1:]:
            # It is the path of a file, that was pasted.
            return self._sentence(PATH_REFUSED, about)
        if code in ("unknown-language", "unknown-format"):
            about = self.listed(about.split(", "))
        if code in ("argument-missing", "argument-invalid", "command-meant", "slash-missing"):
            about = self.usage(about)
        return self._decreed(code, REFUSALS[code], about, by, until)

    def usage(self, text: str) -> str:
        """
        @param text: how a verb is typed, such as C{/msg NAME TEXT}.
        @return: the same in this language.
        """
        name, space, arguments = text.removeprefix("/").partition(" ")
        return f"/{self.gettext(name)}{space}{arguments and self.gettext(arguments)}"

    def warning(self, code: str, about: str, by: str = "", until: datetime | None = None) -> str:
        """The sentence of a warning, without its code; as for L{refusal}."""
        if code == "is-away":
            # A nickname has no colon, so the first one ends it.
            nick, _, why = about.partition(": ")
            return self.withReason(self.gettext("{nick} is away").format(nick=nick), why)
        if code in ("password-guessed", "key-guessed", "account-guessed"):
            # Both numbers, 12/3; for owners of a room behind its name, and for operators between
            # names and addresses: alice,#den 12/3 ::1.
            before, _, after = about.partition("/")
            names, _, count = before.rpartition(" ")
            origins, _, most = after.partition(" ")
            sentence = self.gettext(str(WARNINGS[code]))
            return sentence.format(
                names=self.listed(names.split(",")),
                count=count,
                origins=origins,
                most=self.listed(most.split(",")),
            )
        return self._decreed(code, WARNINGS[code], about, by, until)

    def done(self, code: str, about: str) -> str:
        """The sentence of a confirmation."""
        if code == "last-login":
            day, _, origin = about.partition(" ")
            return self.gettext(str(CONFIRMATIONS[code])).format(day=day, origin=origin)
        if code in ("ignoring", "operators"):
            about = self.listed(about.split(", "))
        choice = CHOICES.get((code, about))
        if choice is not None:
            return self.gettext(choice)
        if code == "help-subjects":
            about = "|".join(self.gettext(subject) for subject in about.split(","))
        return self._sentence(CONFIRMATIONS[code], about)

    def departure(self, reason: Ending, text: str, by: str = "") -> str:
        """
        Why a user left.

        @param text: the reason that was given, perhaps nothing.  It takes the
            place of ours, unless the user was put out.
        @param by: the nickname of the user who has put this one out, or nothing.
        """
        if reason in DEPARTURES_BY:
            if not by:
                return self.withReason(self.gettext(DEPARTURES[reason]), text)
            return self.withReason(self.gettext(DEPARTURES_BY[reason]).format(by=by), text)
        return text or self.gettext(DEPARTURES[reason])

    def farewell(
        self, reason: Ending, about: str, by: str = "", until: datetime | None = None
    ) -> str:
        """Why the service ends a session, without the code; as for L{refusal}."""
        sentences = FAREWELLS_BY if by and reason in FAREWELLS_BY else FAREWELLS
        return self._decreed(reason, sentences[reason], about, by, until)

    def withReason(self, what: str, why: str) -> str:
        """
        @param why: perhaps nothing.
        """
        return self.gettext("{what}: {why}").format(what=what, why=why) if why else what

    def duration(self, seconds: int) -> str:
        """A time span in its largest unit, rounded down."""
        unit, phrase = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
        return self.gettext(phrase).format(n=seconds // unit)

    def time(self, seconds: int) -> str:
        """A time span in its two largest units, rounded down."""
        time = self.duration(seconds)
        for (unit, _), (lesser, _) in pairwise(_UNITS):
            if seconds >= unit:
                if seconds % unit >= lesser:
                    lesserTime = self.duration(seconds % unit)
                    time = self.gettext("{time} {rest}").format(time=time, rest=lesserTime)
                break
        return time

    def together(self, first: str, second: str) -> list[str]:
        """Two sentences, in one line if it holds both."""
        both = self.gettext("{first} {second}").format(first=first, second=second)
        return [both] if wcswidth(both) <= NOTICE_WIDTH else [first, second]

    def listed(self, names: Iterable[str]) -> str:
        """Names one after the other."""
        return self.gettext(", ").join(names)

    def _decreed(
        self, code: str, sentence: Sentence, about: str, by: str, until: datetime | None
    ) -> str:
        """
        @param sentence: where this is no sanction, or it is not known by whom.
        """
        known = SANCTIONS.get((code, until is not None)) if by else None
        return self._sentence(known or sentence, about, by, until)

    def _sentence(
        self, sentence: Sentence, about: str, by: str = "", until: datetime | None = None
    ) -> str:
        if isinstance(sentence, tuple):
            sentence = sentence[0 if about else 1]
        phrase = self.gettext(sentence)
        time = about
        if "{time}" in phrase and about.isdecimal():
            seconds = int(about)
            # Of hours the seconds are not shown, and it must not be too early.
            time = self.time(seconds if seconds < 3600 else seconds + 59)
        end = "" if until is None else moment(until)
        return phrase.format(about=about, by=by, time=time, until=end)


class _Fields(dict[str, object]):
    """Values for the names in braces: those given, else the fields of an event."""

    def __init__(self, event: object, given: dict[str, object]) -> None:
        super().__init__(given)
        self._event = event

    def __missing__(self, name: str) -> object:
        return getattr(self._event, name)


def filled(phrase: str, event: object, **given: object) -> str:
    """
    @param phrase: translated, with names of fields of the event in braces.
    @param given: values that are no fields, or that stand in the place of one.
    """
    return phrase.format_map(_Fields(event, given))
