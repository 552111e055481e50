"""
Opening ports.
"""

from __future__ import annotations

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.python.failure import Failure

from chat.vocabulary.errors import CannotStart


def openPort(
    description: str, endpoint: IStreamServerEndpoint, factory: IProtocolFactory
) -> IListeningPort:
    """
    Listen.

    @param description: of the endpoint, as the operator gave it.
    @raise CannotStart: when the port cannot be opened.
    """
    # Endpoints open their ports at once, or fail at once.
    results: list[IListeningPort | Failure] = []
    maybeDeferred(endpoint.listen, factory).addBoth(results.append)
    [result] = results
    if isinstance(result, Failure):
        reason = getattr(result.value, "socketError", None) or result.value
        text = getattr(reason, "strerror", None) or str(reason)
        raise CannotStart(f"cannot listen on {description}: {text}") from result.value
    return result
