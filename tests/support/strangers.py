"""
Somebody who comes to the service, and means it no good or has bad luck.
"""

from __future__ import annotations

from enum import Enum

from tests.support.doubles import HandPeer

BUG = "a bug that nobody may see"
"""What goes wrong inside."""


class Reads(Enum):
    """How somebody reads."""

    ALL = "all that comes"
    LITTLE = "a little now and then"
    NOTHING = "nothing"


class Person:
    """
    Somebody who has come.

    @ivar reads: How he reads.
    @ivar isNamed: Whether he has said who he is.
    """

    def __init__(self, peer: HandPeer) -> None:
        self._peer = peer
        self._isGone = False
        self._text = b""
        self.reads = Reads.ALL
        self.isNamed = False

    @property
    def isThere(self) -> bool:
        """Whether the connection is one, for all that he knows."""
        return not (self._isGone or self._peer.isEnded)

    def says(self, *lines: str) -> None:
        self.sends("".join(f"{line}\r\n" for line in lines).encode())

    def sends(self, data: bytes) -> None:
        if not self._isGone:
            self._peer.offer(data)

    def finishes(self) -> None:
        """Send FIN."""
        if not self._isGone:
            try:
                self._peer.finish()
            except OSError:
                # It is over already.
                self._isGone = True

    def vanishes(self) -> None:
        """Close; often it is a reset."""
        self._peer.close()
        self._isGone = True

    def read(self, isAll: bool) -> None:
        """
        Read, as he does.
        """
        if self._isGone or (self.reads is Reads.NOTHING and not isAll):
            return
        try:
            while data := self._peer.read(1 << 20 if isAll or self.reads is Reads.ALL else 4096):
                self._check(data)
                if self.reads is Reads.LITTLE and not isAll:
                    break
        except ConnectionResetError:
            self._isGone = True

    def _check(self, data: bytes) -> None:
        """
        Nothing that he is told is about the inside of the service.
        """
        self._text = (self._text + data)[-500:]
        assert b"Traceback" not in self._text
        assert BUG.encode() not in self._text
