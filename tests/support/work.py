"""
What a reactor turn makes the service do, counted and not timed.

A count is the same on every machine and under every load, so noise cannot look like a slow change,
and a slow change cannot hide in noise.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dis import opname
from pathlib import Path
from socket import AF_UNIX, SO_SNDBUF, SOCK_SEQPACKET, SOL_SOCKET, socket, socketpair
from tempfile import mkdtemp
from types import CodeType, FrameType
from typing import Any

from twisted.internet.unix import Server

import chat
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandPeer
from tests.support.service import Service
from tests.support.stores import SQLiteStage

_OURS = str(Path(chat.__file__).parent)

# Calls before Python 3.12, and none afterwards.
_INLINED = ("<listcomp>", "<dictcomp>", "<setcomp>")

# The rate is reckoned with, as in the service, and never reached.
_LIMITS = Limits(
    lineBurst=10_000,
    lineRate=10_000,
    turnLines=1000,
    maxConnections=UNLIMITED,
    maxNameless=UNLIMITED,
)

Act = Callable[[], object]


def callsOf(act: Act) -> Counter[str]:
    """
    @return: The calls that the service makes meanwhile, and those of its own functions, by
        qualified names. Calls between functions of others are not counted.
    """
    calls: Counter[str] = Counter()

    def called(frame: FrameType, event: str, function: Any) -> None:
        code, back = frame.f_code, frame.f_back
        isByUs = _isOurs(code) if event == "c_call" else back is not None and _isOurs(back.f_code)
        if event == "c_call" and isByUs:
            calls[function.__qualname__] += 1
        elif event == "call" and (isByUs or _isOurs(code)) and code.co_name not in _INLINED:
            calls[code.co_qualname] += 1

    before = sys.getprofile()
    with _withoutGarbage():
        sys.setprofile(called)
        try:
            act()
        finally:
            sys.setprofile(before)
    return calls


def stepsOf(act: Act) -> Counter[str]:
    """
    @return: The number of lines (as C{"line"}) and of instructions (by their names) of the service
        that are executed meanwhile. Python 3.12 and later show all of them only in functions that
        have been traced before.
    """
    steps: Counter[str] = Counter()

    def entered(frame: FrameType, _event: str, _about: object) -> Any:
        if not _isOurs(frame.f_code):
            return None
        frame.f_trace_opcodes = True
        return executed

    def executed(frame: FrameType, event: str, _about: object) -> Any:
        if event == "opcode":
            steps[opname[frame.f_code.co_code[frame.f_lasti]]] += 1
        elif event == "line":
            steps["line"] += 1
        return executed

    before = sys.gettrace()
    with _withoutGarbage():
        sys.settrace(entered)
        try:
            act()
        finally:
            sys.settrace(before)
    return steps


def _isOurs(code: CodeType) -> bool:
    return code.co_filename.startswith(_OURS)


@contextmanager
def _withoutGarbage() -> Iterator[None]:
    # Collecting what an earlier test has left would make calls.
    isEnabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if isEnabled:
            gc.enable()


class Hall:
    """
    The whole service, with a store in a file, and one room in which some talk and many listen.

    @ivar reactor: Takes the turns.
    @ivar readers: The connections of those that listen.
    @ivar authors: The connections of those that talk; they write and read text in English.
    """

    def __init__(self, directory: Path, readers: int, *choices: str, authors: int = 1) -> None:
        """
        @param directory: For the store, in a directory of its own.
        @param readers: How many listen.
        @param choices: Commands, of which each listener sends the next one at first.
        """
        # What is appended to it is not written, since its clock stands still.
        self._stage = SQLiteStage(Path(mkdtemp(dir=directory)) / "work.sqlite3")
        self._service = Service(limits=_LIMITS, recorders=[self._stage.history])
        self.reactor = self._service.reactor
        self._sockets: list[socket] = []
        self.authors = [self._enter(f"author{number}") for number in range(authors)]
        choosing = [choices[number % len(choices)] for number in range(readers)] if choices else ()
        self.readers = [self._enter(f"reader{number}") for number in range(readers)]
        for peer, choice in zip(self.readers, choosing, strict=False):
            self._service.say(peer, choice)
        quiet = 0
        while quiet < 3:
            self.take()
            heard = self.sendsTo(self.readers) + self.sendsTo(self.authors)
            quiet = 0 if any(heard) else quiet + 1

    def __enter__(self) -> Hall:
        return self

    def __exit__(self, *_exception: object) -> None:
        for each in self._sockets:
            each.close()
        self._stage.stop()

    def say(self, count: int = 1) -> Callable[[], None]:
        """
        Have each author say so many lines, in one go.

        @return: Takes the turn in which they are read, and the one that begins with its end.
        """
        for author in self.authors:
            self._service.say(author, *[f"line {number}" for number in range(count)])
        return self.take

    def take(self) -> None:
        """
        Take two turns.
        """
        self.reactor.turn()
        self.reactor.turn()

    def sendsTo(self, peers: list[HandPeer]) -> list[list[str]]:
        """
        @return: For each of these what it has been sent since the last call, one item for each
            C{send}.
        """
        return [[piece.decode() for piece in iter(peer.read, b"")] for peer in peers]

    def _enter(self, nick: str) -> HandPeer:
        # A stream would not show in how many pieces it was sent.
        ours, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        self._sockets += ours, theirs
        ours.setsockopt(SOL_SOCKET, SO_SNDBUF, 1 << 20)
        protocol = self._service.factory.buildProtocol(None)
        transport = Server(ours, protocol, "", None, 0, self.reactor)
        protocol.makeConnection(transport)
        peer = HandPeer(theirs, transport)
        self._service.say(peer, nick)
        return peer
