"""
General commands, which need no nickname.
"""

from __future__ import annotations

from dataclasses import replace

from chat.session.context import Context, Handler
from chat.session.signon import listPeople
from chat.vocabulary.commands import (
    Access,
    Bell,
    Command,
    Format,
    Help,
    Lang,
    Motd,
    Ping,
    ShowUptime,
    Subject,
    Timestamps,
    Version,
)
from chat.vocabulary.errors import ArgumentInvalid, OperatorNeeded, UnknownFormat, UnknownLanguage
from chat.vocabulary.events import (
    Done,
    FormatSet,
    Helped,
    LanguageSet,
    Noticed,
    Ponged,
    Uptime,
    Versioned,
)
from chat.vocabulary.i18n import LANGUAGES, resolve
from chat.vocabulary.style import BELLS, FORMATS
from chat.vocabulary.verbs import VERBS, Verb, subjectNamed, verbNamed


def ping(context: Context, command: Ping) -> None:
    """Answer when everything before has been answered."""
    context.hear(Ponged(command.token))


def help(context: Context, command: Help) -> None:
    """Explain the essential verbs, those about a subject, or one."""
    subject = subjectNamed(command.about)
    if subject is None and command.about:
        verbs = [verbNamed(command.about)]
    elif subject is Subject.OPERATORS and not context.isOperator:
        raise OperatorNeeded
    else:
        verbs = [verb for verb in VERBS if _isAbout(verb, subject, context.isOperator)]
    context.hearAll(map(_helped, verbs), context.rendering)
    if not command.about:
        subjects = [
            each.value[0] for each in Subject if each is not Subject.OPERATORS or context.isOperator
        ]
        context.hear(Done("help-subjects", ",".join(subjects)))


def _isAbout(verb: Verb, subject: Subject | None, isOperator: bool) -> bool:
    if subject is None:
        return verb.isEssential
    if subject is Subject.ALL:
        return isOperator or verb.access is not Access.OPERATORS
    return verb.subject is subject


def version(context: Context, command: Version) -> None:
    """Tell the version of the software."""
    settings = context.server.settings
    context.hear(Versioned(settings.name, settings.version))


def motd(context: Context, command: Motd) -> None:
    """Show the message of the day."""
    if context.server.motd:
        tellMotd(context)
    else:
        context.hear(Done("no-motd"))


def uptime(context: Context, command: ShowUptime) -> None:
    """Tell how long the service has been running."""
    context.hear(Uptime(int(context.hub.seconds() - context.server.startedAt)))


def tellMotd(context: Context) -> None:
    """Tell the message of the day."""
    for line in context.server.motd.splitlines():
        context.hear(Noticed(line))


def _helped(verb: Verb) -> Helped:
    aliases = tuple("/" + alias for alias in verb.aliases)
    return Helped("/" + verb.name, aliases, verb.arguments, verb.help)


def language(context: Context, command: Lang) -> None:
    """Choose the language, or tell which it is."""
    name = command.language
    if name:
        chosen = resolve(name)
        if chosen is None:
            raise UnknownLanguage(", ".join(LANGUAGES))
        context.restyle(replace(context.style, language=chosen))
    context.hear(LanguageSet(context.style.language, bool(name)))


def format(context: Context, command: Format) -> None:
    """Choose the format, or tell which it is."""
    name = command.format
    before = context.style.format
    if name:
        if name.lower() not in FORMATS:
            raise UnknownFormat(", ".join(FORMATS))
        context.restyle(replace(context.style, format=name.lower()))
    context.hear(FormatSet(context.style.format, context.door.maxLine))
    if context.style.format != before and context.user is not None:
        # A program follows who is where; this is where it begins.
        for each in context.user.rooms:
            room = context.hub.directory.find(each)
            if room is not None:
                listPeople(context, room, share=len(context.user.rooms))


def timestamps(context: Context, command: Timestamps) -> None:
    """Choose whether lines begin with their time, or tell whether they do."""
    choice = command.choice.lower()
    if choice:
        if choice not in ("on", "off"):
            raise ArgumentInvalid(command.usage())
        context.restyle(replace(context.style, hasTimes=choice == "on"))
    context.hear(Done("timestamps", "on" if context.style.hasTimes else "off"))


def bell(context: Context, command: Bell) -> None:
    """Choose when a line rings, or tell when it does."""
    choice = command.choice.lower()
    if choice:
        if choice not in BELLS:
            raise ArgumentInvalid(command.usage())
        context.restyle(replace(context.style, bell=choice))
    context.hear(Done("bell", context.style.bell))


HANDLERS: dict[type[Command], Handler] = {
    Ping: ping,
    Help: help,
    Version: version,
    Lang: language,
    Format: format,
    Timestamps: timestamps,
    Bell: bell,
    Motd: motd,
    ShowUptime: uptime,
}
