"""
The service in few words, to hold the real one against: who is where, and what everybody hears.

Nothing here is quick, nothing waits, and nothing of C{chat} is used.  What is heard is a tuple: the
name of an event, and those of its fields that L{tests.model.reading.FIELDS} names.
"""

from __future__ import annotations

import re

from tests.model.state import Line, Member, No, Room, Session

LOBBY = "#lobby"
REPLAY = 3
MAX_NICK = 20
MAX_JOINED = 3
MAX_ROOMS = 4


class Reference:
    """
    @ivar members: Everybody who has a nickname, by its lower case.
    @ivar accounts: The nickname and the password of each, by the lower case of the nickname.
    @ivar last: The last id of each room, whether there is such a room at present or not.
    @ivar forgotten: Up to which id nobody can read the lines of a room any more.
    """

    def __init__(self, operator: str, password: str) -> None:
        self.operator = operator
        self.members: dict[str, Member] = {}
        self.accounts = {operator: (operator, password)}
        self.rooms = {LOBBY: Room()}
        self.last: dict[str, int] = {}
        self.forgotten: dict[str, int] = {}

    def do(self, session: Session, verb: str, *words: str) -> None:
        """One line of somebody."""
        member = session.member
        try:
            if session.isOver:
                pass
            elif verb == "quit":
                self.end(session, "quit", *words)
            elif member is not None:
                getattr(self, "_" + verb)(session, member, *words)
            elif verb == "login":
                self._logIn(session, *words)
            elif verb == "say" and session.asked:
                self._logIn(session, session.asked, *words)
            elif verb in ("say", "nick"):
                self._claim(session, *words)
            else:
                raise No("nick-needed", "")
        except No as no:
            session.hear("refused", *no.args)

    def end(self, session: Session, reason: str, text: str = "", by: str = "") -> None:
        """A session ends, as its participant wishes or not."""
        if not session.isOver:
            session.isOver = True
            if session.member is not None:
                self._detach(session, session.member, reason, text, by)
            session.hear("closed", reason, text if by else "", by)

    # Nicknames.

    def _claim(self, session: Session, nick: str) -> None:
        try:
            self._mayBeCalled(nick, "")
        except No as no:
            if no.args[0] != "nick-registered":
                raise
            session.asked = no.args[1]
            session.hear("refused", *no.args)
            session.hear("passwordasked", session.asked)
            return
        session.asked = ""
        if nick.lower() in self.members:
            raise No("nick-taken", nick)
        self._enter(session, Member(nick))

    def _mayBeCalled(self, nick: str, account: str) -> None:
        if len(nick) > MAX_NICK:
            raise No("nick-too-long", str(MAX_NICK))
        if not re.fullmatch("[A-Za-z][A-Za-z0-9]*", nick):
            raise No("nick-invalid", nick)
        if nick.lower() in self.accounts and nick.lower() != account:
            raise No("nick-registered", self.accounts[nick.lower()][0])

    def _enter(self, session: Session, member: Member) -> None:
        if session.member is not None:
            self._detach(session, session.member, "moved")
        member.hear("sessionschanged", len(member.sessions) + 1)
        member.sessions.append(session)
        session.member = self.members[member.nick.lower()] = member
        if not member.rooms:
            self._come(session, member, LOBBY, isWelcomed=True)
        session.here, *more = sorted(member.rooms, key=lambda name: name != LOBBY)
        if member.account:
            session.hear("done", "logged-in", self.accounts[member.account][0])
        session.hear("welcomed", session.here, member.nick, self.rooms[session.here].others(member))
        self._list(session, session.here)
        for name in more:
            session.hear("entered", name, self.rooms[name].others(member))
            self._list(session, name)
        self._replay(session, session.here)

    def _detach(
        self, session: Session, member: Member, reason: str, text: str = "", by: str = ""
    ) -> None:
        session.member, session.here = None, ""
        member.sessions.remove(session)
        member.hear("sessionschanged", len(member.sessions))
        if not member.sessions:
            del self.members[member.nick.lower()]
            for name in tuple(member.rooms):
                self._go(member, name, reason, text, by)

    def _nick(self, session: Session, member: Member, nick: str) -> None:
        self._mayBeCalled(nick, member.account)
        if nick == member.nick:
            raise No("nick-unchanged", nick)
        if self.members.get(nick.lower(), member) is not member:
            raise No("nick-taken", nick)
        self._rename(member, nick)

    def _rename(self, member: Member, nick: str) -> None:
        before, member.nick = member.nick, nick
        del self.members[before.lower()]
        self.members[nick.lower()] = member
        for name in member.rooms:
            self._all(name, None, "renamed", name, before, nick)
        if not member.rooms:
            member.hear("renamed", "", before, nick)

    # Accounts.

    def _register(self, session: Session, member: Member, password: str) -> None:
        fold = member.nick.lower()
        if member.account:
            raise No("nick-unchanged", self.accounts[member.account][0])
        if fold in self.accounts:
            raise No("nick-registered", self.accounts[fold][0])
        self.accounts[fold] = (member.nick, password)
        self._identify(member, fold)
        session.hear("done", "registered", member.nick)

    def _identify(self, member: Member, account: str) -> None:
        member.account = account
        for room in self.rooms.values():
            if member in room.guests:
                room.guests.remove(member)
                room.accounts.add(account)

    def _unregister(self, session: Session, member: Member) -> None:
        if not member.account:
            raise No("account-needed", "")
        account, member.account = member.account, ""
        for name, room in tuple(self.rooms.items()):
            room.accounts.discard(account)
            self._forget(name)
        for other in tuple(member.sessions):
            if other is not session:
                self.end(other, "session-ended")
        session.hear("done", "unregistered", self.accounts.pop(account)[0])

    def _logIn(self, session: Session, name: str, password: str) -> None:
        member, fold = session.member, name.lower()
        nick, right = self.accounts.get(fold, ("", ""))
        if password != right:
            raise No("wrong-password", name)
        session.asked = ""
        here = [each for each in self.members.values() if each.account == fold]
        if member is None or (member.account != fold and (here or member.account)):
            self._enter(session, (here or [Member(nick, fold)])[0])
            return
        if not member.account:
            self._rename(member, nick)
            self._identify(member, fold)
        session.hear("done", "logged-in", nick)

    def _login(self, session: Session, member: Member, name: str, password: str) -> None:
        self._logIn(session, name, password)

    # Talk.

    def _say(self, session: Session, member: Member, text: str) -> None:
        self._speak(session, member, text, False)

    def _me(self, session: Session, member: Member, text: str) -> None:
        self._speak(session, member, text, True)

    def _speak(self, session: Session, member: Member, text: str, isActed: bool) -> None:
        name = self._here(session)
        self.last[name] = id = self.last.get(name, 0) + 1
        self.rooms[name].lines.append((id, member.nick, text, isActed))
        self._all(name, session, "acted" if isActed else "said", name, id, member.nick, text)

    def _msg(self, session: Session, member: Member, nick: str, text: str) -> None:
        other = self._named(nick)
        other.hear("told", member.nick, text)
        member.hear("sent", other.nick, text)

    def _who(self, session: Session, member: Member) -> None:
        name = self._here(session)
        session.hear("listed", name, [each.nick for each in self.rooms[name].members])

    def _history(self, session: Session, member: Member, count: str) -> None:
        name = self._here(session)
        self._tellPast(session, name, "history", self.rooms[name].lines, int(count))

    def _after(self, session: Session, member: Member, id: str) -> None:
        name, first = self._here(session), int(id) + 1
        lines = [line for line in self.rooms[name].lines if line[0] >= first]
        self._tellPast(session, name, "after", lines, 1000, first)

    # Rooms.

    def _join(self, session: Session, member: Member, name: str) -> None:
        if name in member.rooms:
            session.here = name
            session.hear("talking", name)
            return
        if len(member.rooms) == MAX_JOINED:
            raise No("too-many-rooms", str(MAX_JOINED))
        if name not in self.rooms:
            if len(self.rooms) == MAX_ROOMS:
                raise No("rooms-full", str(MAX_ROOMS))
            room = self.rooms[name] = Room()
            if member.account:
                room.accounts.add(member.account)
            else:
                room.guests.add(member)
        self._come(session, member, name)
        self._replay(session, name)

    def _room(self, session: Session, member: Member, name: str) -> None:
        if name not in member.rooms:
            raise No("not-in-room", name)
        session.here = name
        session.hear("talking", name)

    def _part(self, session: Session, member: Member, name: str = "") -> None:
        name = name or self._here(session)
        if name not in member.rooms:
            raise No("not-in-room", name)
        self._putOut(member, name, "parted")

    def _kick(self, session: Session, member: Member, nick: str, why: str) -> None:
        isOperator, here = member.account == self.operator, session.here
        if not isOperator:
            room = self.rooms[self._here(session)]
            if member not in room.guests and member.account not in room.accounts:
                raise No("owner-needed", here)
        other = self._named(nick)
        if other is member:
            raise No("yourself", "")
        if isOperator:
            for each in tuple(other.sessions):
                self.end(each, "kicked", why, member.nick)
        elif here not in other.rooms:
            raise No("no-such-nick", other.nick)
        else:
            self._putOut(other, here, "kicked", why, member.nick)
        session.hear("done", "kicked", other.nick)

    def _come(self, session: Session, member: Member, name: str, isWelcomed: bool = False) -> None:
        room = self.rooms[name]
        self._all(name, None, "joined", name, member.nick, len(room.members) + 1)
        room.members.append(member)
        member.rooms.append(name)
        for each in member.sessions:
            if each is session and isWelcomed:
                continue
            each.hear("entered", name, room.others(member))
            if each is session or not each.here:
                each.here = name
                each.hear("talking", name)
            self._list(each, name)

    def _putOut(self, member: Member, name: str, reason: str, text: str = "", by: str = "") -> None:
        self._go(member, name, reason, text, by)
        for session in member.sessions:
            session.hear("parted", name, reason, by, text)
            if not session.here:
                session.here = member.rooms[-1] if member.rooms else ""
                session.hear("talking", session.here)

    def _go(self, member: Member, name: str, reason: str, text: str, by: str) -> None:
        room = self.rooms[name]
        room.members.remove(member)
        room.guests.discard(member)
        member.rooms.remove(name)
        for session in member.sessions:
            session.here = "" if session.here == name else session.here
        self._all(name, None, "left", name, member.nick, reason, text, len(room.members), by)
        self._forget(name)

    def _forget(self, name: str) -> None:
        room = self.rooms[name]
        if name != LOBBY and not room.members and not room.accounts:
            del self.rooms[name]
            self.forgotten[name] = self.last.get(name, 0)

    # Helpers.

    def _all(self, name: str, author: Session | None, *fact: object) -> None:
        for member in self.rooms[name].members:
            for session in member.sessions:
                if session is not author or session.isProgram:
                    session.hear(*fact)

    def _list(self, session: Session, name: str) -> None:
        if session.isProgram:
            session.hear("listed", name, [each.nick for each in self.rooms[name].members])

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

    def _named(self, nick: str) -> Member:
        if nick.lower() not in self.members:
            raise No("no-such-nick", nick)
        return self.members[nick.lower()]
