"""
What everybody may ask for, with a nickname or without.
"""

from __future__ import annotations

from chat.session.context import Core, Handler
from chat.session.signon import listPeople
from chat.vocabulary.commands import (
    Bell,
    Command,
    Format,
    Help,
    Lang,
    Motd,
    Ping,
    ShowUptime,
    Timestamps,
    Version,
)
from chat.vocabulary.errors import ArgumentInvalid, UnknownFormat, UnknownLanguage
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
from chat.vocabulary.verbs import VERBS, Verb, verbNamed


def ping(core: Core, command: Ping) -> None:
    """Answer when everything before has been answered."""
    core.hear(Ponged(command.token))


def help(core: Core, command: Help) -> None:
    """Explain one verb, or list all."""
    verbs = [verbNamed(command.command)] if command.command else VERBS
    core.recipient.hearAll(map(_helped, verbs), core.recipient.rendering)


def version(core: Core, command: Version) -> None:
    """Tell the version of the software."""
    settings = core.shared.settings
    core.hear(Versioned(settings.name, settings.version))


def motd(core: Core, command: Motd) -> None:
    """Show the message of the day."""
    if core.shared.motd:
        tellMotd(core)
    else:
        core.hear(Done("no-motd"))


def uptime(core: Core, command: ShowUptime) -> None:
    """Tell how long the service has been running."""
    core.hear(Uptime(int(core.hub.seconds() - core.shared.startedAt)))


def tellMotd(core: Core) -> None:
    """Tell the message of the day."""
    for line in core.shared.motd.splitlines():
        core.hear(Noticed(line))


def _helped(verb: Verb) -> Helped:
    aliases = tuple("/" + alias for alias in verb.aliases)
    return Helped("/" + verb.name, aliases, verb.arguments, verb.help)


def language(core: Core, command: Lang) -> None:
    """Choose the language, or tell which it is."""
    name = command.language
    if name:
        chosen = resolve(name)
        if chosen is None:
            raise UnknownLanguage(", ".join(LANGUAGES))
        core.participant.language = chosen
        core.chooseRendering()
    core.hear(LanguageSet(core.participant.language))


def format(core: Core, command: Format) -> None:
    """Choose the format, or tell which it is."""
    name = command.format
    before = core.participant.format
    if name:
        if name.lower() not in FORMATS:
            raise UnknownFormat(", ".join(FORMATS))
        core.participant.format = name.lower()
        core.chooseRendering()
    core.hear(FormatSet(core.participant.format))
    if core.participant.format != before and core.member is not None:
        # A program follows who is where; this is where it begins.
        for each in core.member.rooms:
            room = core.hub.directory.find(each)
            if room is not None:
                listPeople(core, room, share=len(core.member.rooms))


def timestamps(core: Core, command: Timestamps) -> None:
    """Choose whether lines begin with their time, or tell whether they do."""
    choice = command.choice.lower()
    if choice:
        if choice not in ("on", "off"):
            raise ArgumentInvalid(command.usage())
        core.participant.hasTimes = choice == "on"
        core.chooseRendering()
    core.hear(Done("timestamps", "on" if core.participant.hasTimes else "off"))


def bell(core: Core, command: Bell) -> None:
    """Choose when a line rings, or tell when it does."""
    choice = command.choice.lower()
    if choice:
        if choice not in BELLS:
            raise ArgumentInvalid(command.usage())
        core.participant.bell = choice
        core.chooseRendering()
    core.hear(Done("bell", core.participant.bell))


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
