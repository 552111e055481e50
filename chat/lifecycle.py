"""
The states of a session.  The table of transitions reads as the specification:

    - I{anonymous}: connected, without a nickname.
    - I{claiming}: a nickname has been asked for, and the backplane decides.
      The front door holds the input meanwhile.
    - I{registered}: in the room.
    - I{renaming}: registered, and another nickname has been asked for.
    - I{draining}: out of all rooms, the nickname is free; what has been written
      is still on its way.
    - I{gone}: the connection is no more.
"""

from __future__ import annotations

from typing import Protocol

from automat import TypeMachineBuilder
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.commands import Command, Nick, Quit, Say
from chat.errors import ChatError
from chat.events import Closed, Ending, Refused, Welcomed
from chat.hub import LOBBY
from chat.names import nickname
from chat.participant import Core
from chat.requests import carryOut
from chat.room import Member

_log = Logger()


class Lifecycle(Protocol):
    """
    What can happen to a session.
    """

    def do(self, command: Command) -> None:
        """
        He asks for something that may change his state: anything while he has
        no nickname, a nickname or the end afterwards.

        @raise ChatError: when it cannot be done.
        """

    def claim(self, nick: str) -> None:
        """He wants a nickname, which is well formed."""

    def claimed(self, member: Member) -> None:
        """He has it."""

    def denied(self, error: ChatError) -> None:
        """He cannot have it."""

    def end(self, reason: Ending, text: str, grace: float | None) -> None:
        """
        The service ends the session, at his wish or not.

        @param text: what he gave as a reason, or what the ending is about.
        @param grace: see L{chat.interfaces.FrontDoor.close}.
        """

    def gone(self, reason: Ending) -> None:
        """The connection is no more."""


_builder = TypeMachineBuilder(Lifecycle, Core)
_anonymous = _builder.state("anonymous")
_claiming = _builder.state("claiming")
_registered = _builder.state("registered")
_renaming = _builder.state("renaming")
_draining = _builder.state("draining")
_gone = _builder.state("gone")


@_anonymous.upon(Lifecycle.do).loop()
def _doAnonymous(inputs: Lifecycle, core: Core, command: Command) -> None:
    match command:
        case Say(nick) | Nick(nick):
            inputs.claim(nickname(nick.strip()))
        case Quit(reason):
            inputs.end(Ending.QUIT, reason, None)
        case _:
            carryOut(core, command)


@_registered.upon(Lifecycle.do).loop()
def _doRegistered(inputs: Lifecycle, core: Core, command: Command) -> None:
    match command:
        case Nick(nick):
            inputs.claim(nickname(nick))
        case Quit(reason):
            inputs.end(Ending.QUIT, reason, None)
        case _:
            carryOut(core, command)


@_anonymous.upon(Lifecycle.claim).to(_claiming)
def _claim(inputs: Lifecycle, core: Core, nick: str) -> None:
    core.door.hold()
    _whenDecided(inputs, core.hub.claim(nick, core.recipient))


@_registered.upon(Lifecycle.claim).to(_renaming)
def _rename(inputs: Lifecycle, core: Core, nick: str) -> None:
    assert core.member is not None
    core.door.hold()
    _whenDecided(inputs, core.hub.rename(core.member, nick))


@_claiming.upon(Lifecycle.claimed).to(_registered)
def _enter(inputs: Lifecycle, core: Core, member: Member) -> None:
    core.member = member
    core.participant.nick, core.participant.room = member.nick, LOBBY
    core.deadlines.registered()
    others = core.hub.nicks(LOBBY)
    core.hub.join(member, LOBBY)
    core.recipient.hear(Welcomed(LOBBY, member.nick, others))
    core.door.release()


@_renaming.upon(Lifecycle.claimed).to(_registered)
def _renamed(inputs: Lifecycle, core: Core, member: Member) -> None:
    core.participant.nick = member.nick
    core.door.release()


@_claiming.upon(Lifecycle.denied).to(_anonymous)
def _staysAnonymous(inputs: Lifecycle, core: Core, error: ChatError) -> None:
    core.recipient.hear(Refused(error.code, error.about))
    core.door.release()


@_renaming.upon(Lifecycle.denied).to(_registered)
def _keepsNick(inputs: Lifecycle, core: Core, error: ChatError) -> None:
    core.recipient.hear(Refused(error.code, error.about))
    core.door.release()


def _end(inputs: Lifecycle, core: Core, reason: Ending, text: str, grace: float | None) -> None:
    core.leave(reason, text if reason is Ending.QUIT else "")
    core.recipient.hear(Closed(reason, "" if reason is Ending.QUIT else text))
    core.door.close(grace)


def _vanish(inputs: Lifecycle, core: Core, reason: Ending) -> None:
    core.leave(reason)


for _state in (_anonymous, _claiming, _registered, _renaming):
    _state.upon(Lifecycle.end).to(_draining)(_end)
    _state.upon(Lifecycle.gone).to(_gone)(_vanish)


def _giveBack(inputs: Lifecycle, core: Core, member: Member) -> None:
    core.hub.leave(member, Ending.CONNECTION_LOST)


_draining.upon(Lifecycle.gone).to(_gone).returns(None)
for _state in (_draining, _gone):
    # A claim may be decided when it is too late: the nickname goes back.
    _state.upon(Lifecycle.claimed).loop()(_giveBack)
    _state.upon(Lifecycle.denied).loop().returns(None)
    _state.upon(Lifecycle.do).loop().returns(None)
    _state.upon(Lifecycle.end).loop().returns(None)

newLifecycle = _builder.build()
"""Takes a L{Core}, returns its L{Lifecycle} in the state I{anonymous}."""


def _whenDecided(inputs: Lifecycle, claim: Deferred[Member]) -> None:
    def failed(failure: Failure) -> None:
        failure.trap(ChatError)
        assert isinstance(failure.value, ChatError)
        inputs.denied(failure.value)

    def wentWrong(failure: Failure) -> None:
        _log.failure("a claim went wrong", failure)
        inputs.end(Ending.INTERNAL_ERROR, "", None)

    claim.addCallbacks(inputs.claimed, failed).addErrback(wentWrong)
