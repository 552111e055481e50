"""
The service as twistd sees it: it opens the ports, and stops so that all users are told
and no line is cut.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Protocol

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorFromThreads,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.logger import Logger

from chat.endpoints.listen import closePort, openPort, placeOf
from chat.operations.systemd import NotifyService
from chat.vocabulary.events import Ending

SHUTDOWN_GRACE = 5.0
"""How many seconds a peer may take nothing while the service stops."""

SHUTDOWN_LIMIT = 9.0
"""How many seconds stopping takes at most."""


class AllConnections(Protocol):
    """All connections of all front doors."""

    def endAll(self, reason: Ending, grace: float) -> Deferred[None]:
        """
        End every connection, telling each peer why.

        @param grace: seconds a peer has to read that and to hang up.
        @return: fires when every connection is closed; after L{abortAll} in any case.
        """

    def abortAll(self) -> None:
        """End every connection now."""


class Clock(IReactorTime, IReactorFromThreads):
    """A reactor: its time, and its way in for a signal handler."""


class ChatService(MultiService):
    """
    The ports, and the sessions behind them.

    @ivar isServing: whether users can connect: from the start until the stop begins.
    """

    _log = Logger()

    def __init__(
        self,
        doors: Sequence[tuple[str, IStreamServerEndpoint, IProtocolFactory]],
        connections: AllConnections,
        notify: NotifyService,
        clock: Clock,
    ) -> None:
        """
        @param doors: where to listen, as the operator described it and as an endpoint, and
            what listens there.
        """
        super().__init__()
        self._doors = doors
        self._connections = connections
        self._notify = notify
        self._clock = clock
        self.isServing = False
        self._ports: list[IListeningPort] = []

    def privilegedStartService(self) -> None:
        """
        Open the ports, while this process still has its privileges, after the parts of the service
        have looked whether they can start: from then on peers wait to be let in.

        @raise CannotStart: when one cannot be opened, or a part cannot start.
        """
        super().privilegedStartService()
        for description, endpoint, factory in self._doors:
            self._ports.append(openPort(description, endpoint, factory))

    def startService(self) -> None:
        """
        Tell the log and the service manager that the ports are open, and served.
        """
        super().startService()
        # All objects that exist now stay. Without this, each full collection would look
        # them through and stop the reactor for tens of milliseconds.
        gc.collect()
        gc.freeze()
        self.isServing = True
        for port in self._ports:
            self._log.info("listening on {address}", event="listening", address=placeOf(port))
        self._notify.ready(f"ports: {len(self._ports)}")

    @inlineCallbacks
    def stopService(self):  # type: ignore[no-untyped-def]
        """
        Close the ports, end the sessions, and stop what this service consists of.

        A second signal ends the sessions at once.

        @return: fires when all is done; the ports and the sessions are waited for no
            longer than L{SHUTDOWN_LIMIT} and the moment it takes to abort.
        """
        self.isServing = False
        self._notify.stopping("telling everybody")
        closed: Deferred[object] = Deferred()

        def abort() -> None:
            if not closed.called:
                closed.callback(None)
            self._connections.abortAll()

        self._onSecondSignal(lambda: self._clock.callFromThread(abort))
        limit = self._clock.callLater(SHUTDOWN_LIMIT, abort)
        ports, self._ports = self._ports, []
        closing = DeferredList([closePort(port) for port in ports])
        yield DeferredList([closing, closed], fireOnOneCallback=True)
        yield self._connections.endAll(Ending.SHUTDOWN, SHUTDOWN_GRACE)
        if limit.active():
            limit.cancel()
        yield super().stopService()

    def _onSecondSignal(self, act: Callable[[], object]) -> None:
        """
        Call a function when a second signal comes, of which Twisted only complains.
        """

        def received(number: int, frame: FrameType | None) -> None:
            act()

        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
                signal.signal(number, received)
