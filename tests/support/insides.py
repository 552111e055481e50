"""
What a service knows inside, for tests that hold it against something else or against itself. Tests
that talk to it in bytes look inside only here.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from chat.core.hub import Hub
from chat.core.rooms import START_ROOM
from chat.core.users import User
from chat.delivery.turnend import TurnEnd
from chat.protocols.intake import BUDGET, TurnQueue
from chat.protocols.line import LineProtocol
from chat.vocabulary.events import Acted
from chat.vocabulary.limits import Limits
from tests.support.servers import PlainAuthenticator
from tests.support.service import BusyClock, Service
from tests.support.sessions import SlowHistory

FAULTS = {
    "claim": lambda service: (service.hub.nicknames, "claim"),
    "say": lambda service: (service.hub, "say"),
    "tell": lambda service: (service.hub, "tell"),
    "join": lambda service: (service.hub.directory, "admit"),
    "part": lambda service: (service.hub, "part"),
    "rename": lambda service: (service.hub, "rename"),
    "greet": lambda service: (service.server.sanctions, "ofAddress"),
    "list": lambda service: (service.hub.directory, "listed"),
    "login": lambda service: (service.server.authenticator, "login"),
}
"""What may go wrong: where, and which method."""


def slowParts(service: Service) -> tuple[PlainAuthenticator, SlowHistory]:
    """
    @return: The authenticator and the history, which answer when they are told to.
    """
    authenticator = service.server.authenticator
    assert isinstance(authenticator, PlainAuthenticator)
    history = SlowHistory(service.server.history)
    history.append = service.server.history.append  # type: ignore[attr-defined]
    service.server.history = history  # type: ignore[assignment]
    return authenticator, history


def makeBusy(service: Service) -> None:
    """
    Let a turn have time for half of what comes and goes, so that the rest waits for the next one.
    """
    clock: Any = BusyClock(service.reactor, BUDGET / 2)
    turnEnd = TurnEnd(clock.callLater)
    service.connections.lineQueue = TurnQueue(clock, turnEnd)
    service.connections.doorQueue = TurnQueue(clock, turnEnd)


def connectionsOf(service: Service) -> list[LineProtocol]:
    """
    @return: All connections that have been admitted.
    """
    return list(service.connections)  # type: ignore[arg-type]


def nicksOf(service: Service) -> list[str]:
    """
    @return: The nicknames of all users.
    """
    return [user.nick for user in service.hub.nicknames.users]


def stateOf(service: Service) -> dict[str, object]:
    """
    @return: The nicknames of all users, by the empty name; and by the name of each room the
        nicknames in it, the accounts that own it, the owners without one, and its lines.
    """
    hub, history = service.hub, service.server.history
    state: dict[str, object] = {"": set(nicksOf(service))}
    for row in hub.directory.listed(User("", ""), True):
        room = hub.directory.open(row.room)
        extract: Any = history.after(room.name, 0, 1_000_000).result
        lines = [(line.id, line.nick, line.text, isinstance(line, Acted)) for line in extract.lines]
        guests = {each.nick for each in room.guestOwners}
        state[room.name] = (list(room.nicks), set(room.record.owners), guests, lines)
    return state


def textsAfter(service: Service, room: str, id: int) -> list[str]:
    """
    @return: What has been said in a room after a line.
    """
    extract: Any = service.server.history.after(room, id, 1000).result
    return [line.text for line in extract.lines]


# What holds at any time.


def checkCounts(service: Service, limits: Limits) -> None:
    """
    What is counted agrees with what is there, and is within its limits.
    """
    connections = connectionsOf(service)
    _checkAdmission(service, connections, limits)
    _checkUsers(service, connections)
    _checkReaders(service, connections, limits)


def _checkAdmission(service: Service, connections: list[LineProtocol], limits: Limits) -> None:
    admission = service.connections.admission
    assert admission.connections == len(connections) <= limits.maxConnections
    assert admission.nameless == sum(each.namedAfter is None for each in connections)
    assert admission.nameless <= limits.maxNameless
    origins = Counter(each.quota for each in connections if each.quota)
    counted = {origin: known.count for origin, known in admission._origins.items()}
    assert {origin: count for origin, count in counted.items() if count} == origins
    assert all(count <= limits.maxPerAddress for count in origins.values())


def _checkUsers(service: Service, connections: list[LineProtocol]) -> None:
    hub = service.hub
    sessions = {connection.session for connection in connections}
    users = hub.nicknames.users
    for user in users:
        assert hub.nicknames.holder(user.fold) is user
        assert user.sessions
        assert sessions.issuperset(user.sessions)
    for connection in connections:
        session = connection.session
        if session.reason:
            assert session.user is None
        if session.user is not None:
            assert session.user in users
            assert session in session.user.sessions
    for room in hub.directory.rooms.values():
        assert set(users).issuperset(room.users)


def _checkReaders(service: Service, connections: list[LineProtocol], limits: Limits) -> None:
    readers = service.connections.slowReaders
    outlets = [connection.outlet for connection in connections]
    assert readers.waiting == sum(outlet.waiting for outlet in outlets)
    watched = set(readers._watched)
    assert watched <= set(outlets)
    assert all(outlet in watched for outlet in outlets if outlet.waiting)
    assert (readers._timer is None) is (not watched)
    # Beside what waited before, one write that found nothing waiting.
    assert all(outlet.waiting <= limits.maxWaiting + 64 * 1024 for outlet in outlets)


# What holds once nothing is going on.


def checkSettled(hub: Hub) -> None:
    """
    All that is known of a user agrees.
    """
    _checkRooms(hub)
    users = hub.nicknames.users
    recipients = set()
    for user in users:
        assert hub.nicknames.holder(user.fold) is user
        assert user.sessions
        assert hub.nicknames.present(user.account) is (user if user.account else None)
        assert len(set(user.rooms)) == len(user.rooms)
        for name in user.rooms:
            room = hub.directory.find(name)
            assert room is not None
            assert user in room.users
        for session in user.sessions:
            assert session.nick == user.nick
            assert session not in recipients
            recipients.add(session)
            talking = hub.directory.find(session.room)
            assert session.here is (talking and talking.audience)
            assert (talking is None) is (not user.rooms)
    assert not hub._joining
    for authors in hub.receipts._lines.values():
        assert set(authors) <= recipients
    ignores = hub.ignores
    for ignoring in (*ignores.deaf.values(), *ignores._followed.values()):
        assert set(ignoring) <= set(users)
    assert set(ignores._followed) <= {user.fold for user in users}


def _checkRooms(hub: Hub) -> None:
    directory = hub.directory
    for room in directory.rooms.values():
        assert all(room.name in user.rooms for user in room.users)
        assert all(fold == user.fold for fold, user in room._users.items())
        assert len(room) or room.record.owners or room.name == directory.start
        assert room.guestOwners <= set(room.users)
        heard = {each for group in room.audience._groups.values() for each in group.recipients}
        assert heard == {each for user in room.users for each in user.sessions}
        assert not any(group.pending for group in room.audience._groups.values())


# What holds once all have gone.


def checkNothingIsLeft(service: Service, isStopped: bool) -> None:
    """
    @param isStopped: Whether the service was stopped. A room that empties because of that is there
        again after the next start.
    """
    hub, connections = service.hub, service.connections
    assert not connectionsOf(service)
    assert (connections.admission.connections, connections.admission.nameless) == (0, 0)
    assert connections.slowReaders.waiting == 0
    assert not connections.slowReaders._watched
    assert len(hub.nicknames) == 0
    for room in hub.directory.rooms.values():
        assert len(room) == 0
        assert room.name == START_ROOM or room.record.owners or isStopped
        assert not room.audience._groups
    assert not hub._joining
    assert not hub.receipts._lines
    assert not hub.ignores.deaf
    assert not hub.ignores._followed
    assert not service.reactor.getDelayedCalls()
    assert not service.reactor.isReading
    assert not service.reactor.isWriting
