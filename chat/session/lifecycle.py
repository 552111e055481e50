"""
The states of a session.  The table of transitions reads as the specification:

    - I{anonymous}: connected, without a nickname.
    - I{challenged}: without a nickname; one has been asked for that is registered, or
      whose password was not let in.  What is said is its password, until a nickname is
      given, whatever is refused meanwhile: a password that is typed again must not
      become a nickname, which all users would read.
    - I{claiming}: a nickname has been asked for, and the backplane decides, or
      its password is looked at.
    - I{entering}: with a nickname, and on the way into the first room.
    - I{registered}: in the room.  What is said while the password of another nickname is asked
      for is that password, until the user gets it or keeps the one they have.
    - I{renaming}: registered, and another nickname has been asked for.
    - I{waiting}: registered, and something has been asked for that takes time.
    - I{draining}: out of all rooms, the nickname is free; what has been written
      is still on its way.
    - I{gone}: the connection is no more.

In I{claiming}, I{entering}, I{renaming} and I{waiting} the front door holds the
input.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Protocol

from automat import TypeMachineBuilder
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.core.room import Room
from chat.core.users import User
from chat.session import signon
from chat.session.context import Answer, Context, SessionOver, requireRate
from chat.session.handlers.dispatch import HANDLERS
from chat.session.handlers.talk import reasonOf
from chat.vocabulary.commands import Access, Command, Login, Nick, Quit, Say
from chat.vocabulary.errors import (
    ArgumentMissing,
    ChatError,
    NickNeeded,
    NickRegistered,
    RenamingTooFast,
    WrongPassword,
)
from chat.vocabulary.events import Closed, Done, Ending, PasswordAsked, Warned
from chat.vocabulary.names import fold

_log = Logger()


class Lifecycle(Protocol):
    """
    The inputs of the machine: everything that can happen to a session.
    """

    def do(self, command: Command) -> None:
        """
        The user asks for something that may change the state: anything while there is
        no nickname, another nickname or the end afterwards.

        @raise ChatError: when it cannot be done.
        """

    def challenge(self, error: ChatError, name: str) -> None:
        """
        No nickname is given, and a password is expected.

        @param name: of the account whose password it is, if there is one.
        """

    def decide(self, user: Deferred[User], name: str = "") -> None:
        """
        A nickname has been asked for, and will be given or not.

        @param name: whose password is expected if it is not given, or nothing.
        """

    def claimed(self, user: User) -> None:
        """The nickname is given."""

    def moved(self, user: User) -> None:
        """The session is that of another user from now on."""

    def denied(self, error: ChatError) -> None:
        """A request that took time cannot be carried out."""

    def entered(self, room: Room) -> None:
        """The user is in the room in which the session talks."""

    def wait(self, answer: Answer) -> None:
        """Something has been asked for that takes time."""

    def answered(self) -> None:
        """That has been answered."""

    def end(
        self,
        reason: Ending,
        about: str = "",
        by: str = "",
        grace: float | None = None,
        until: datetime | None = None,
    ) -> None:
        """
        The service ends the session, at the wish of its user or not.

        @param about: the reason that the user gave, or what the ending is about.
        @param by: the nickname of the user who wants it, if one does.
        @param grace: see L{chat.interfaces.FrontDoor.close}.
        @param until: when a ban ends, if it ever does.
        """

    def gone(self, reason: Ending) -> None:
        """The connection is no more."""


_builder = TypeMachineBuilder(Lifecycle, Context)
_anonymous = _builder.state("anonymous")
_challenged = _builder.state("challenged")
_claiming = _builder.state("claiming")
_entering = _builder.state("entering")
_registered = _builder.state("registered")
_renaming = _builder.state("renaming")
_waiting = _builder.state("waiting")
_draining = _builder.state("draining")
_gone = _builder.state("gone")


# Asking.


@_anonymous.upon(Lifecycle.do).loop()
def _doAnonymous(inputs: Lifecycle, context: Context, command: Command) -> None:
    match command:
        case Say(nick) | Nick(nick):
            try:
                nick = signon.mayBeCalled(context, nick)
            except NickRegistered as error:
                inputs.challenge(error, error.about)
            else:
                claim = Deferred.fromCoroutine(signon.claim(context, nick))
                inputs.decide(claim, context.asked)
        case Login(name, password):
            _login(inputs, context, name, password)
        case Quit(reason):
            inputs.end(Ending.QUIT, reason)
        case _ if command.verb.access is not Access.EVERYBODY:
            raise NickNeeded
        case _:
            HANDLERS[type(command)](context, command)


@_challenged.upon(Lifecycle.do).loop()
def _doChallenged(inputs: Lifecycle, context: Context, command: Command) -> None:
    match command:
        case Say(password):
            _login(inputs, context, "", password.strip())
        case Nick():
            try:
                _doAnonymous(inputs, context, command)
            except ChatError as error:
                inputs.challenge(error, context.asked)
        case _:
            _doAnonymous(inputs, context, command)


def _login(inputs: Lifecycle, context: Context, name: str, password: str) -> None:
    name = name or context.asked
    if not name and signon.isAccountMeant(context, password):
        _doAnonymous(inputs, context, Nick(password))
        return
    if not name:
        raise ArgumentMissing(Login.usage())
    inputs.decide(Deferred.fromCoroutine(signon.login(context, name, password)), name)


@_registered.upon(Lifecycle.do).loop()
def _doRegistered(inputs: Lifecycle, context: Context, command: Command) -> None:
    user = context.user
    assert user is not None
    match command:
        case Nick(nick) if context.asked and nick.strip() == user.nick:
            # This is how the question is declined.
            context.asked = ""
            context.hear(Done("nick-kept", user.nick))
        case Nick(nick):
            if fold(nick.strip()) == user.fold:
                # They keep it, in another spelling.
                context.asked = ""
            _requireOther(context, user)
            try:
                nick = signon.mayBeCalled(context, nick)
            except NickRegistered as error:
                _askInRoom(context, user, error, error.about)
            else:
                inputs.decide(context.hub.rename(user, nick))
        case Say(password) if context.asked:
            _change(inputs, context, user, context.asked, password.strip())
        case Login("", name) if not context.asked and signon.isAccountMeant(context, name):
            _doRegistered(inputs, context, Nick(name))
        case Login(name, password):
            _change(inputs, context, user, name or context.asked or user.nick, password)
        case Quit(reason):
            inputs.end(Ending.QUIT, reasonOf(context, user, reason))
        case _:
            answer = HANDLERS[type(command)](context, command)
            if answer is not None:
                inputs.wait(answer)


def _change(inputs: Lifecycle, context: Context, user: User, name: str, password: str) -> None:
    _requireOther(context, user)
    change = signon.change(context, user, name, password)
    inputs.decide(Deferred.fromCoroutine(change), name)


def _askInRoom(context: Context, user: User, error: ChatError, name: str) -> None:
    """
    Ask a user who has a nickname for the password of an account.  A program is not asked: it
    sends a password in a command, and what it says next is for the room.
    """
    context.refuse(error)
    if context.rendering.isProgram:
        context.hear(Warned("said-aloud", name))
    else:
        context.asked = name
        context.hear(PasswordAsked(name, user.nick))


def _requireOther(context: Context, user: User) -> None:
    """
    See whether the user may go by another nickname now, be it that of an account.

    @raise Muted: when they are muted, which this would be a way out of.
    @raise RenamingTooFast: when they have done so too often of late.
    """
    signon.requireVoice(context, user)
    requireRate(context, context.server.settings.nickRate, user.renamedMark, RenamingTooFast)


def _challenge(inputs: Lifecycle, context: Context, error: ChatError, name: str) -> None:
    context.asked = name
    context.refuse(error)
    context.hear(PasswordAsked(name))


_anonymous.upon(Lifecycle.challenge).to(_challenged)(_challenge)
_challenged.upon(Lifecycle.challenge).to(_challenged)(_challenge)


# Claiming.


def _decide(inputs: Lifecycle, context: Context, user: Deferred[User], name: str = "") -> None:
    context.door.hold()
    before = context.user

    def decided(user: User) -> None:
        if before is None or user is before:
            inputs.claimed(user)
        else:
            inputs.moved(user)

    def failed(failure: Failure) -> None:
        error = failure.value
        asked = name
        if before is None and isinstance(error, NickRegistered):
            # Since it was asked for.
            asked = error.about
        if asked and isinstance(error, ChatError):
            inputs.challenge(error, asked)
        else:
            _failed(inputs, failure)

    user.addCallbacks(decided, failed)
    user.addErrback(_wentWrong, inputs, context)


_anonymous.upon(Lifecycle.decide).to(_claiming)(_decide)
_challenged.upon(Lifecycle.decide).to(_claiming)(_decide)
_registered.upon(Lifecycle.decide).to(_renaming)(_decide)


@_claiming.upon(Lifecycle.claimed).to(_entering)
def _enter(inputs: Lifecycle, context: Context, user: User) -> None:
    context.user = user
    context.asked = ""
    context.deadlines.registered(context)
    context.door.named(user.pace)
    entering = Deferred.fromCoroutine(signon.comeIn(context, user))
    entering.addCallback(inputs.entered).addErrback(_wentWrong, inputs, context)


@_renaming.upon(Lifecycle.moved).to(_entering)
def _move(inputs: Lifecycle, context: Context, user: User) -> None:
    before = context.user
    assert before is not None
    user.inherit(before)
    _countRenaming(context, user)
    _enter(inputs, context, user)


@_entering.upon(Lifecycle.entered).to(_registered)
def _entered(inputs: Lifecycle, context: Context, room: Room) -> None:
    assert context.user is not None
    signon.welcome(context, context.user, room)
    context.door.release()


@_renaming.upon(Lifecycle.claimed).to(_registered)
def _renamed(inputs: Lifecycle, context: Context, user: User) -> None:
    context.asked = ""
    _countRenaming(context, user)
    context.door.release()


@_renaming.upon(Lifecycle.challenge).to(_registered)
def _staysAsked(inputs: Lifecycle, context: Context, error: ChatError, name: str) -> None:
    user = context.user
    assert user is not None
    if context.asked or isinstance(error, WrongPassword):
        # The password may be typed once more.
        _askInRoom(context, user, error, name)
    else:
        context.refuse(error)
    context.door.release()


def _countRenaming(context: Context, user: User) -> None:
    rate, now = context.server.settings.nickRate, context.hub.seconds()
    user.renamedMark = rate.spend(user.renamedMark, now)


@_claiming.upon(Lifecycle.denied).to(_anonymous)
def _staysAnonymous(inputs: Lifecycle, context: Context, error: ChatError) -> None:
    context.refuse(error)
    context.door.release()


@_claiming.upon(Lifecycle.challenge).to(_challenged)
def _staysChallenged(inputs: Lifecycle, context: Context, error: ChatError, name: str) -> None:
    _challenge(inputs, context, error, name)
    context.door.release()


@_renaming.upon(Lifecycle.denied).to(_registered)
def _keepsNick(inputs: Lifecycle, context: Context, error: ChatError) -> None:
    context.refuse(error)
    context.door.release()


# Waiting.


@_registered.upon(Lifecycle.wait).to(_waiting)
def _wait(inputs: Lifecycle, context: Context, answer: Answer) -> None:
    context.door.hold()
    waiting = Deferred.fromCoroutine(answer)
    waiting.addCallbacks(lambda _: inputs.answered(), lambda failure: _failed(inputs, failure))
    waiting.addErrback(_wentWrong, inputs, context)


@_waiting.upon(Lifecycle.answered).to(_registered)
def _answered(inputs: Lifecycle, context: Context) -> None:
    context.door.release()


_waiting.upon(Lifecycle.denied).to(_registered)(_keepsNick)


# The end.


def _end(
    inputs: Lifecycle,
    context: Context,
    reason: Ending,
    about: str = "",
    by: str = "",
    grace: float | None = None,
    until: datetime | None = None,
) -> None:
    isOwnWish = reason is Ending.QUIT
    # The last one is called first, and all are called, whatever goes wrong with one.
    with ExitStack() as stack:
        stack.callback(context.door.close, grace)
        closed = Closed(reason, "" if isOwnWish else about, by=by, until=until)
        stack.callback(context.hearLast, closed)
        stack.callback(context.leave, reason, about if isOwnWish or by else "", by)


def _vanish(inputs: Lifecycle, context: Context, reason: Ending) -> None:
    context.leave(reason)


for _state in (
    _anonymous,
    _challenged,
    _claiming,
    _entering,
    _registered,
    _renaming,
    _waiting,
):
    _state.upon(Lifecycle.end).to(_draining)(_end)
    _state.upon(Lifecycle.gone).to(_gone)(_vanish)


def _giveBack(inputs: Lifecycle, context: Context, user: User) -> None:
    context.hub.detach(user, context, Ending.CONNECTION_LOST, "")


_draining.upon(Lifecycle.gone).to(_gone).returns(None)
for _state in (_draining, _gone):
    # A nickname that is given too late goes back.
    _state.upon(Lifecycle.claimed).loop()(_giveBack)
    _state.upon(Lifecycle.moved).loop()(_giveBack)
    for _input in (
        Lifecycle.do,
        Lifecycle.challenge,
        Lifecycle.denied,
        Lifecycle.entered,
        Lifecycle.answered,
        Lifecycle.end,
    ):
        _state.upon(_input).loop().returns(None)

newLifecycle = _builder.build()
"""Takes a L{Context}, returns its L{Lifecycle} in the state I{anonymous}."""


def _failed(inputs: Lifecycle, failure: Failure) -> None:
    if failure.check(SessionOver):
        return
    failure.trap(ChatError)
    assert isinstance(failure.value, ChatError)
    inputs.denied(failure.value)


def _wentWrong(failure: Failure, inputs: Lifecycle, context: Context) -> None:
    _log.failure("a request failed", failure, event="internal-error")
    context.server.counters.faults += 1
    inputs.end(Ending.INTERNAL_ERROR)
