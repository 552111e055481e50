"""
What everybody may ask for, with a nickname or without.
"""

from __future__ import annotations

from typing import assert_never

from chat.session.context import Core
from chat.session.signon import listPeople
from chat.vocabulary.commands import (
    Bell,
    Format,
    GeneralCommand,
    Help,
    Lang,
    Motd,
    Ping,
    Timestamps,
    Uptime,
    Version,
)
from chat.vocabulary.errors import ArgumentInvalid, UnknownFormat, UnknownLanguage
from chat.vocabulary.events import Done, FormatSet, Helped, LanguageSet, Noticed, Ponged, Versioned
from chat.vocabulary.events import Uptime as UptimeEvent
from chat.vocabulary.i18n import LANGUAGES, resolve
from chat.vocabulary.style import BELLS, FORMATS
from chat.vocabulary.verbs import VERBS, Verb, verbNamed


def carryOutGeneral(core: Core, command: GeneralCommand) -> None:
    """
    Do what takes no nickname.

    @raise ChatError: when it cannot be done.
    """
    match command:
        case Ping(token):
            core.hear(Ponged(token))
        case Help(name):
            verbs = (verbNamed(name),) if name else VERBS
            core.recipient.hearAll(map(_helped, verbs), core.recipient.rendering)
        case Version():
            settings = core.shared.settings
            core.hear(Versioned(settings.name, settings.version))
        case Lang(name):
            _speak(core, name)
        case Format(name):
            _write(core, name)
        case Timestamps(choice):
            _time(core, choice.lower())
        case Bell(choice):
            _ring(core, choice.lower())
        case Motd():
            if core.shared.motd:
                tellMotd(core)
            else:
                core.hear(Done("no-motd"))
        case Uptime():
            core.hear(UptimeEvent(int(core.hub.seconds() - core.shared.startedAt)))
        case _:  # pragma: no cover
            assert_never(command)


def tellMotd(core: Core) -> None:
    """Tell the message of the day."""
    for line in core.shared.motd.splitlines():
        core.hear(Noticed(line))


def _helped(verb: Verb) -> Helped:
    aliases = tuple("/" + alias for alias in verb.aliases)
    return Helped("/" + verb.name, aliases, verb.arguments, verb.help)


def _speak(core: Core, name: str) -> None:
    if name:
        language = resolve(name)
        if language is None:
            raise UnknownLanguage(", ".join(LANGUAGES))
        core.participant.language = language
        core.chooseRendering()
    core.hear(LanguageSet(core.participant.language))


def _write(core: Core, name: str) -> None:
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


def _time(core: Core, choice: str) -> None:
    if choice:
        if choice not in ("on", "off"):
            raise ArgumentInvalid(verbNamed("timestamps").usage)
        core.participant.hasTimes = choice == "on"
        core.chooseRendering()
    core.hear(Done("timestamps", "on" if core.participant.hasTimes else "off"))


def _ring(core: Core, choice: str) -> None:
    if choice:
        if choice not in BELLS:
            raise ArgumentInvalid(verbNamed("bell").usage)
        core.participant.bell = choice
        core.chooseRendering()
    core.hear(Done("bell", core.participant.bell))
