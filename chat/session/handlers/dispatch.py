"""
From a command to its handler.
"""

from __future__ import annotations

from functools import wraps

from chat.session.context import Answer, Context, Handler
from chat.session.handlers import accounts, general, history, moderation, personal, rooms, talk
from chat.vocabulary.commands import Access, Command
from chat.vocabulary.errors import OperatorNeeded


def _forOperators(handler: Handler) -> Handler:
    @wraps(handler)
    def guarded(context: Context, command: Command) -> Answer | None:
        if not context.isOperator:
            raise OperatorNeeded
        return handler(context, command)

    return guarded


def _handler(command: type[Command], handler: Handler) -> Handler:
    isOpen = command.verb.access is not Access.OPERATORS
    return handler if isOpen else _forOperators(handler)


HANDLERS: dict[type[Command], Handler] = {
    command: _handler(command, handler)
    for subject in (talk, general, rooms, history, accounts, personal, moderation)
    for command, handler in subject.HANDLERS.items()
}
"""The handlers of all commands but those that change the state of a session."""
