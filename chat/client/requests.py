"""
Requests to the service, as lines of the protocol.
"""

from __future__ import annotations

import re

from chat.vocabulary.limits import Limits
from chat.vocabulary.pieces import parts
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import literally

_LINE_END = re.compile("\r\n|\r|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")

MIN_PART = 4
"""Bytes that the smallest part of a text has: no character of UTF-8 has more."""


class Requests:
    """
    One method for each thing to ask for.  The answers are heard as events.

    The name of a room begins with C{#}.  Where a method takes several words, line
    ends in them become spaces.  Control characters and escape sequences are left out
    of texts: the service would take them for keys that a user has pressed.

    What is said, done or told may be longer than a line to the service: it is cut between
    words, and the parts are sent one by one.

    @ivar maxLine: bytes that a line may have, its end included.  The service tells it.
    """

    maxLine: float = Limits.maxLine

    def command(self, line: str) -> None:
        """
        Send a line as it is.

        @param line: without a line end.
        @raise ValueError: when it has one, or cannot be UTF-8.
        """
        raise NotImplementedError

    # Talk.

    def say(self, text: str) -> None:
        """
        Say something in the room we talk in, even what begins with a slash.

        @param text: may have several lines, which are said one by one; blank
            ones are left out.
        """
        for line in _linesOf(text):
            for part in self._parts("/say ", line):
                self.command(literally(part))

    def act(self, text: str) -> None:
        """
        Do something: C{waves}.
        """
        for part in self._parts("/me ", _withoutKeys(_LINE_END.sub(" ", text))):
            self._ask("me", text=part)

    def tell(self, nick: str, text: str) -> None:
        """
        Tell another user something in private.

        @param text: may have several lines, as in L{say}.
        @raise ValueError: when C{nick} has a space and so cannot be a nickname.
        """
        _requireWord(nick)
        head = f"/msg {nick} "
        for line in _linesOf(text):
            for part in self._parts(head, line):
                self.command(head + part)

    # Names and accounts.

    def setNick(self, nick: str) -> None:
        """
        Ask for a nickname: the first one, or another one.
        """
        self._ask("nick", text=nick)

    def register(self, password: str) -> None:
        """
        Make an account of our nickname.
        """
        self._ask("register", password)

    def login(self, nick: str, password: str) -> None:
        """
        Log in to an account and have its nickname, instead of L{setNick} or later.
        """
        self._ask("login", nick, password)

    def setPassword(self, password: str) -> None:
        """
        Change the password of our account.
        """
        self._ask("password", password)

    def quit(self, reason: str = "") -> None:
        """
        Leave.  The service ends the connection when it has said goodbye.
        """
        self._ask("quit", text=reason)

    # Rooms.

    def join(self, room: str, key: str = "") -> None:
        """
        Enter a room, or make one, and talk there.
        """
        self._ask("join", room, *filter(None, [key]))

    def part(self, room: str, reason: str = "") -> None:
        """
        Leave a room.
        """
        self._ask("part", room, text=reason)

    def talkIn(self, room: str) -> None:
        """
        Talk in another room that we are in.
        """
        self._ask("room", room)

    def listRooms(self) -> None:
        """
        Ask which rooms there are.
        """
        self._ask("rooms")

    def listPeople(self, room: str) -> None:
        """
        Ask for the users in a room.
        """
        self._ask("who", room)

    def setTopic(self, text: str) -> None:
        """
        Set the topic of the room we talk in.
        """
        self._ask("topic", text=text)

    def setMode(self, mode: str, value: str) -> None:
        """
        Change a mode of the room we talk in.

        @param mode: C{key}, C{private} or C{topic}.
        """
        self._ask("mode", mode, value)

    def invite(self, nick: str) -> None:
        """
        Invite another user into the room we talk in.
        """
        self._ask("invite", nick)

    # The past.

    def history(self, room: str, count: int | None = None, after: int | None = None) -> None:
        """
        Ask for lines of the past: the newest, or those after a line.

        @param count: how many of the newest; L{None} for as many as the service
            thinks right.
        @param after: the id of a line.
        """
        which = [] if count is None else [str(count)]
        which = which if after is None else ["after", str(after)]
        self._ask("history", *which, "in", room)

    def search(self, words: str, room: str = "", nick: str = "") -> None:
        """
        Ask for lines of the past with all of these words.

        @param room: where to look; everywhere, if that is empty.
        @param nick: the user who said it; any user, if that is empty.
        """
        limits = [*(["in", room] if room else []), *(["from", nick] if nick else [])]
        for limit in limits:
            _requireWord(limit)
        self._ask("search", text=" ".join([words, *limits]))

    # Ourselves, and other users.

    def away(self, reason: str = "") -> None:
        """
        Let other users know that we are away.
        """
        self._ask("away", text=reason)

    def back(self) -> None:
        """
        Be no longer away.
        """
        self._ask("back")

    def ignore(self, nick: str) -> None:
        """
        Hear nothing from another user.
        """
        self._ask("ignore", nick)

    def unignore(self, nick: str) -> None:
        """
        Hear another user again.
        """
        self._ask("unignore", nick)

    def whois(self, nick: str) -> None:
        """
        Ask for what may be known of a user.
        """
        self._ask("whois", nick)

    # Moderation.

    def kick(self, nick: str, why: str = "") -> None:
        """
        Put a user out of our room, or, as an operator, out of the service.
        """
        self._ask("kick", nick, text=why)

    def ban(self, target: str, duration: str = "", why: str = "") -> None:
        """
        Keep a user, or an address, out.

        @param target: a nickname, an address or a network.
        @param duration: such as C{2h}; for ever, if that is empty.
        """
        self._ask("ban", target, *filter(None, [duration]), text=why)

    def unban(self, target: str) -> None:
        """
        Undo L{ban}.
        """
        self._ask("unban", target)

    def mute(self, nick: str, duration: str = "", why: str = "") -> None:
        """
        Keep a user from speaking.

        @param duration: as for L{ban}.
        """
        self._ask("mute", nick, *filter(None, [duration]), text=why)

    def unmute(self, nick: str) -> None:
        """
        Undo L{mute}.
        """
        self._ask("unmute", nick)

    def announce(self, text: str) -> None:
        """
        Tell all users something.
        """
        self._ask("announce", text=text)

    def _parts(self, head: str, text: str) -> list[str]:
        """
        @param head: what may stand before the text.
        @return: the text in parts, each of which is short enough for a line behind it.
        """
        return partsBehind(head, text, self.maxLine)

    def _ask(self, verb: str, *words: str, text: str = "") -> None:
        for word in words:
            _requireWord(word)
        text = _withoutKeys(_LINE_END.sub(" ", text))
        self.command(" ".join([f"/{verb}", *words, text]).rstrip(" "))


def _linesOf(text: str) -> list[str]:
    lines = map(_withoutKeys, _LINE_END.split(text))
    return [line for line in lines if line.strip()]


def _withoutKeys(text: str) -> str:
    """Clean a text, but let L{Requests.command} see a surrogate, which is a mistake."""
    return text if _SURROGATE.search(text) else clean(text)


def partsBehind(head: str, text: str, maxLine: float) -> list[str]:
    """
    @param head: stands before the text in a line.
    @param maxLine: bytes that such a line may have, its end included.
    @return: the text in parts, so that each fits into a line behind the head.
    """
    return parts(text, max(int(maxLine) - len(head.encode()) - 1, MIN_PART))


def isWord(text: str) -> bool:
    """
    @return: whether a text can stand in a line as one word.  A name that a strange
        service sends in JSON need not be one.
    """
    return text.split() == [text] and text.isprintable()


def _requireWord(word: str) -> None:
    """Refuse a text with a space in it: it would be read as two arguments."""
    if not isWord(word):
        # It may be a password, so it is not shown.
        raise ValueError("not one word")
