"""
From a command to its handler.
"""

from __future__ import annotations

from chat.session.context import Answer, Context, Handler
from chat.session.handlers import accounts, general, history, moderation, personal, rooms, talk
from chat.vocabulary.commands import Access, Command
from chat.vocabulary.errors import NickNeeded, OperatorNeeded

HANDLERS: dict[type[Command], Handler] = {
    **talk.HANDLERS,
    **general.HANDLERS,
    **rooms.HANDLERS,
    **history.HANDLERS,
    **accounts.HANDLERS,
    **personal.HANDLERS,
    **moderation.HANDLERS,
}
"""What each command does, but for those that change the state of a session."""


def carryOut(context: Context, command: Command) -> Answer | None:
    """
    Do what a user asks for.

    @return: the rest of it, where it takes time.
    @raise NickNeeded: when it takes a nickname and there is none.
    @raise OperatorNeeded: when it is for operators.
    @raise ChatError: when it cannot be done.
    """
    verb = command.verb
    if verb is not None and verb.access is not Access.EVERYBODY:
        if context.user is None:
            raise NickNeeded
        if verb.access is Access.OPERATORS and not context.isOperator:
            raise OperatorNeeded
    return HANDLERS[type(command)](context, command)
