"""
The service in few words, to hold the real one against: who is in which room, and what each is told.

Nothing here is quick, nothing waits, and nothing of C{chat} is used. An event is a tuple: its
name, and those of its fields that L{tests.model.reading.FIELDS} names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LOBBY = "#lobby"
REPLAY = 3
MAX_NICK = 20
MAX_JOINED = 3
MAX_ROOMS = 4

Line = tuple[int, str, str, bool]
"""
Its id, the nickname, the text, and whether it was acted and not said.
"""


@dataclass(eq=False)
class Session:
    """
    @ivar asked: The registered nickname whose password is expected.
    @ivar heard: All that it is told, each with the room it talks in by then.
    """

    isProgram: bool
    user: User | None = None
    here: str = ""
    asked: str = ""
    isOver: bool = False
    heard: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    def hear(self, *fact: object) -> None:
        self.heard.append((self.here, fact))


@dataclass(eq=False)
class User:
    nick: str
    account: str = ""
    sessions: list[Session] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)

    def hear(self, *fact: object) -> None:
        for session in self.sessions:
            session.hear(*fact)


@dataclass(eq=False)
class Room:
    users: list[User] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    guests: set[User] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)

    def others(self, user: User) -> list[str]:
        return [each.nick for each in self.users if each is not user]


class No(Exception):
    """A refusal: its code, and what it is about."""


class Reference:
    """
    @ivar users: All users, by the lower case of their nickname.
    @ivar accounts: The nickname and the password of each, by the lower case of the nickname.
    @ivar last: The last id of each room, whether there is such a room at present or not.
    @ivar forgotten: The last id of the lines of a room that cannot be read any more.
    """

    def __init__(self, operator: str, password: str) -> None:
        self.operator = operator
        self.users: dict[str, User] = {}
        self.accounts = {operator: (operator, password)}
        self.rooms = {LOBBY: Room()}
        self.last: dict[str, int] = {}
        self.forgotten: dict[str, int] = {}

    def do(self, session: Session, verb: str, *words: str) -> None:
        """One line of a session."""
        user = session.user
        try:
            if session.isOver:
                pass
            elif verb == "quit":
                self.end(session, "quit", *words)
            elif user is not None:
                if session.asked and verb == "say":
                    verb, words = "login", (session.asked, *words)
                elif session.asked and not words and len(verb) >= 7:
                    verb, words = "login", (session.asked, f"/{verb}")
                getattr(self, "_" + verb)(session, user, *words)
            elif verb == "login":
                self._logIn(session, *words)
            elif verb == "say" and session.asked:
                self._logIn(session, session.asked, *words)
            elif session.asked and not words and len(verb) >= 7:
                # With its slash it is long enough for a password.
                self._logIn(session, session.asked, f"/{verb}")
            elif verb in ("say", "nick"):
                self._claim(session, *words)
            else:
                raise No("nick-needed", "")
        except No as no:
            session.hear("refused", *no.args)
            if session.user is None and session.asked and no.args[0] != "nick-needed":
                session.hear("passwordasked", session.asked, "")
            elif user is not None and verb in ("nick", "login"):
                self._askInRoom(session, user, *no.args)

    def _askInRoom(self, session: Session, user: User, code: str, name: str) -> None:
        if code in ("nick-registered", "wrong-password"):
            if session.isProgram:
                session.hear("warned", "said-aloud", name)
            else:
                session.asked = name
                session.hear("passwordasked", name, user.nick)

    def end(self, session: Session, reason: str, text: str = "", by: str = "") -> None:
        """A session ends, whether its user asked for that or not."""
        if not session.isOver:
            session.isOver = True
            if session.user is not None:
                self._detach(session, session.user, reason, text, by)
            session.hear("closed", reason, text if by else "", by)

    # Nicknames.

    def _claim(self, session: Session, nick: str) -> None:
        try:
            self._mayBeCalled(nick, "")
        except No as no:
            if no.args[0] != "nick-registered":
                raise
            session.asked = no.args[1]
            raise
        if nick.lower() in self.users:
            raise No("nick-taken", nick)
        self._enter(session, User(nick))

    def _mayBeCalled(self, nick: str, account: str) -> None:
        if len(nick) > MAX_NICK:
            raise No("nick-too-long", str(MAX_NICK))
        if not re.fullmatch("[A-Za-z][A-Za-z0-9]*", nick):
            raise No("nick-invalid", nick)
        if nick.lower() in self.accounts and nick.lower() != account:
            raise No("nick-registered", self.accounts[nick.lower()][0])

    def _enter(self, session: Session, user: User) -> None:
        if session.user is not None:
            self._detach(session, session.user, "moved")
        user.hear("sessionschanged", len(user.sessions) + 1)
        user.sessions.append(session)
        session.user = self.users[user.nick.lower()] = user
        session.asked = ""
        if not user.rooms:
            self._come(session, user, LOBBY, isWelcomed=True)
        session.here, *more = sorted(user.rooms, key=lambda name: name != LOBBY)
        if user.account:
            session.hear("done", "logged-in", self.accounts[user.account][0])
        session.hear("welcomed", session.here, user.nick, self.rooms[session.here].others(user))
        self._list(session, session.here)
        for name in more:
            session.hear("entered", name, self.rooms[name].others(user))
            self._list(session, name)
        self._replay(session, session.here)

    def _detach(
        self, session: Session, user: User, reason: str, text: str = "", by: str = ""
    ) -> None:
        session.user, session.here = None, ""
        user.sessions.remove(session)
        user.hear("sessionschanged", len(user.sessions))
        if not user.sessions:
            del self.users[user.nick.lower()]
            for name in tuple(user.rooms):
                self._go(user, name, reason, text, by)

    def _nick(self, session: Session, user: User, nick: str) -> None:
        if session.asked and nick == user.nick:
            session.asked = ""
            session.hear("done", "nick-kept", nick)
            return
        if nick.lower() == user.nick.lower():
            session.asked = ""
        self._mayBeCalled(nick, user.account)
        if nick == user.nick:
            raise No("nick-unchanged", nick)
        if self.users.get(nick.lower(), user) is not user:
            raise No("nick-taken", nick)
        session.asked = ""
        self._rename(user, nick)

    def _rename(self, user: User, nick: str) -> None:
        before, user.nick = user.nick, nick
        del self.users[before.lower()]
        self.users[nick.lower()] = user
        for name in user.rooms:
            self._all(name, None, "renamed", name, before, nick)
        if not user.rooms:
            user.hear("renamed", "", before, nick)

    # Accounts.

    def _register(self, session: Session, user: User, password: str) -> None:
        fold = user.nick.lower()
        if user.account:
            raise No("nick-unchanged", self.accounts[user.account][0])
        if fold in self.accounts:
            raise No("nick-registered", self.accounts[fold][0])
        self.accounts[fold] = (user.nick, password)
        self._identify(user, fold)
        session.hear("done", "registered", user.nick)

    def _identify(self, user: User, account: str) -> None:
        user.account = account
        for room in self.rooms.values():
            if user in room.guests:
                room.guests.remove(user)
                room.accounts.add(account)

    def _unregister(self, session: Session, user: User, name: str) -> None:
        fold = name.lower()
        if fold == user.account:
            nick = self._remove(fold, session, "session-ended")
            session.hear("done", "unregistered", nick)
        elif user.account == self.operator:
            if fold not in self.accounts:
                raise No("no-such-account", name)
            nick = self._remove(fold, session, "account-removed", user.nick)
            session.hear("done", "account-removed", nick)
        elif not user.account:
            raise No("account-needed", "")
        else:
            raise No("argument-invalid", "/unregister [NAME [REASON]]")

    def _remove(self, account: str, session: Session, reason: str, by: str = "") -> str:
        users = [each for each in self.users.values() if each.account == account]
        for user in users:
            user.account = ""
        for name, room in tuple(self.rooms.items()):
            room.accounts.discard(account)
            self._forget(name)
        for other in [each for user in users for each in user.sessions]:
            if other is not session:
                self.end(other, reason, by=by)
        return self.accounts.pop(account)[0]

    def _logIn(self, session: Session, name: str, password: str) -> None:
        user, fold = session.user, name.lower()
        nick, right = self.accounts.get(fold, ("", ""))
        if password != right:
            if user is None:
                session.asked = name
            raise No("wrong-password", name)
        session.asked = ""
        here = [each for each in self.users.values() if each.account == fold]
        if user is None or (user.account != fold and (here or user.account)):
            self._enter(session, (here or [User(nick, fold)])[0])
            return
        if not user.account:
            self._rename(user, nick)
            self._identify(user, fold)
        session.hear("done", "logged-in", nick)

    def _login(self, session: Session, user: User, name: str, password: str) -> None:
        self._logIn(session, name, password)

    # Talk.

    def _say(self, session: Session, user: User, text: str) -> None:
        self._speak(session, user, text, False)

    def _me(self, session: Session, user: User, text: str) -> None:
        self._speak(session, user, text, True)

    def _speak(self, session: Session, user: User, text: str, isActed: bool) -> None:
        name = self._here(session)
        self.last[name] = id = self.last.get(name, 0) + 1
        self.rooms[name].lines.append((id, user.nick, text, isActed))
        self._all(name, session, "acted" if isActed else "said", name, id, user.nick, text)

    def _msg(self, session: Session, user: User, nick: str, text: str) -> None:
        other = self._named(nick)
        other.hear("told", user.nick, text)
        user.hear("sent", other.nick, text)

    def _who(self, session: Session, user: User) -> None:
        name = self._here(session)
        session.hear("listed", name, [each.nick for each in self.rooms[name].users])

    def _history(self, session: Session, user: User, count: str) -> None:
        name = self._here(session)
        self._tellPast(session, name, "history", self.rooms[name].lines, int(count))

    def _after(self, session: Session, user: User, id: str) -> None:
        name, first = self._here(session), int(id) + 1
        lines = [line for line in self.rooms[name].lines if line[0] >= first]
        self._tellPast(session, name, "after", lines, 1000, first)

    # Rooms.

    def _join(self, session: Session, user: User, name: str) -> None:
        if name in user.rooms:
            session.here = name
            session.hear("talking", name)
            return
        if len(user.rooms) == MAX_JOINED:
            raise No("too-many-rooms", str(MAX_JOINED))
        if name not in self.rooms:
            if len(self.rooms) == MAX_ROOMS:
                raise No("rooms-full", str(MAX_ROOMS))
            room = self.rooms[name] = Room()
            if user.account:
                room.accounts.add(user.account)
            else:
                room.guests.add(user)
        self._come(session, user, name)
        self._replay(session, name)

    def _room(self, session: Session, user: User, name: str) -> None:
        if name not in user.rooms:
            raise No("not-in-room", name)
        session.here = name
        session.hear("talking", name)

    def _part(self, session: Session, user: User, name: str = "") -> None:
        name = name or self._here(session)
        if name not in user.rooms:
            raise No("not-in-room", name)
        self._putOut(user, name, "parted")

    def _kick(self, session: Session, user: User, nick: str, why: str) -> None:
        isOperator, here = user.account == self.operator, session.here
        if not isOperator:
            room = self.rooms[self._here(session)]
            if user not in room.guests and user.account not in room.accounts:
                raise No("owner-needed", here)
        other = self._named(nick)
        if other is user:
            raise No("yourself", "")
        if isOperator:
            for each in tuple(other.sessions):
                self.end(each, "kicked", why, user.nick)
        elif here not in other.rooms:
            raise No("no-such-nick", other.nick)
        else:
            self._putOut(other, here, "kicked", why, user.nick)
        session.hear("done", "kicked", other.nick)

    def _come(self, session: Session, user: User, name: str, isWelcomed: bool = False) -> None:
        room = self.rooms[name]
        self._all(name, None, "joined", name, user.nick, len(room.users) + 1)
        room.users.append(user)
        user.rooms.append(name)
        for each in user.sessions:
            if each is session and isWelcomed:
                continue
            each.hear("entered", name, room.others(user))
            if each is session or not each.here:
                each.here = name
                each.hear("talking", name)
            self._list(each, name)

    def _putOut(self, user: User, name: str, reason: str, text: str = "", by: str = "") -> None:
        self._go(user, name, reason, text, by)
        for session in user.sessions:
            session.hear("parted", name, reason, by, text)
            if not session.here:
                session.here = user.rooms[-1] if user.rooms else ""
                session.hear("talking", session.here)

    def _go(self, user: User, name: str, reason: str, text: str, by: str) -> None:
        room = self.rooms[name]
        room.users.remove(user)
        room.guests.discard(user)
        user.rooms.remove(name)
        for session in user.sessions:
            session.here = "" if session.here == name else session.here
        self._all(name, None, "left", name, user.nick, reason, text, len(room.users), by)
        self._forget(name)

    def _forget(self, name: str) -> None:
        room = self.rooms[name]
        if name != LOBBY and not room.users and not room.accounts:
            del self.rooms[name]
            self.forgotten[name] = self.last.get(name, 0)

    # Helpers.

    def _all(self, name: str, author: Session | None, *fact: object) -> None:
        for user in self.rooms[name].users:
            for session in user.sessions:
                if session is not author or session.isProgram:
                    session.hear(*fact)

    def _list(self, session: Session, name: str) -> None:
        if session.isProgram:
            session.hear("listed", name, [each.nick for each in self.rooms[name].users])

    def _replay(self, session: Session, name: str) -> None:
        if self.rooms[name].lines:
            self._tellPast(session, name, "replay", self.rooms[name].lines, REPLAY)

    def _tellPast(
        self,
        session: Session,
        name: str,
        reason: str,
        lines: list[Line],
        count: int,
        first: int = 0,
    ) -> None:
        told = lines[-count:]
        last = told[-1][0] if told else 0
        session.hear("excerpt", name, reason, len(told), len(lines) > count, last)
        if 0 < first <= self.forgotten.get(name, 0):
            session.hear("missed", name, first, self.forgotten[name], "expired")
        for line in told:
            session.hear("recalled", name, *line)

    def _here(self, session: Session) -> str:
        if not session.here:
            raise No("no-room", "")
        return session.here

    def _named(self, nick: str) -> User:
        if nick.lower() not in self.users:
            raise No("no-such-nick", nick)
        return self.users[nick.lower()]
