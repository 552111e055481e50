"""
What each command does, once the state of the session allows it.
"""

from __future__ import annotations

from chat.commands import (
    VERBS,
    Act,
    Command,
    Format,
    Help,
    Lang,
    Ping,
    Reply,
    Say,
    Tell,
    Verb,
    Version,
    Who,
    verbNamed,
)
from chat.errors import NickNeeded, UnknownFormat, UnknownLanguage
from chat.events import FormatSet, Helped, LanguageSet, Listed, Ponged, Versioned
from chat.languages import LANGUAGES, resolve
from chat.names import roomname
from chat.participant import FORMATS, Core
from chat.room import Member


def carryOut(core: Core, command: Command) -> None:
    """
    Do what a participant asks for.

    @raise NickNeeded: when it takes a nickname and he has none.
    @raise ChatError: when it cannot be done.
    """
    if core.member is not None and _forMember(core, core.member, command):
        return
    if not _forAnybody(core, command):
        raise NickNeeded


def _forAnybody(core: Core, command: Command) -> bool:
    """
    What takes no nickname.

    @return: whether the command was one of these.
    """
    me = core.recipient
    match command:
        case Ping(token):
            me.hear(Ponged(token))
        case Help(name):
            for verb in (verbNamed(name),) if name else VERBS:
                me.hear(_helped(verb))
        case Version():
            me.hear(Versioned(core.settings.name, core.settings.version))
        case Lang(name):
            _speak(core, name)
        case Format(name):
            _write(core, name)
        case _:
            return False
    return True


def _forMember(core: Core, member: Member, command: Command) -> bool:
    """
    What takes a nickname.

    @return: whether the command was one of these.
    """
    hub, me, room = core.hub, core.recipient, core.participant.room
    match command:
        case Say(text):
            hub.say(member, room, text, me)
        case Act(text):
            hub.act(member, room, text, me)
        case Tell(to, text):
            hub.tell(member, to, text, me)
        case Reply(text):
            hub.reply(member, text, me)
        case Who(name):
            name = roomname(name) if name else room
            me.hear(Listed(name, hub.people(name)))
        case _:
            return False
    return True


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
    core.recipient.hear(LanguageSet(core.participant.language))


def _write(core: Core, name: str) -> None:
    if name:
        if name.lower() not in FORMATS:
            raise UnknownFormat(", ".join(FORMATS))
        core.participant.format = name.lower()
        core.chooseRendering()
    core.recipient.hear(FormatSet(core.participant.format))
