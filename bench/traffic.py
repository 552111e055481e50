"""
What is said during a measurement, and how one knows that it arrived.

Every delivery is one line of L{LINE_SIZE} bytes with its end, numbered by its
sender::

    s3: 00000042 ................................................

A server puts the lines of all senders into one order, the same for all readers.
L{Order} learns that order from whichever reader is ahead, and checks there that
the lines of each sender come complete, once and in sequence.  For every other
reader it is then enough to compare bytes, which costs next to nothing and
overlooks nothing: a line that is lost, doubled, out of order, cut or changed is
a difference.
"""

from __future__ import annotations

from collections import deque

LINE_SIZE = 60
"""Bytes of one line as it is delivered, line end included."""

SENDERS = 10
"""How many senders there are at most: their nicknames are as long as each other."""

_END = b"\r\n"


class Wrong(Exception):
    """Something was lost, doubled, out of order, or never sent."""


def nick(sender: int) -> bytes:
    """
    @param sender: below L{SENDERS}.
    """
    return b"s%d" % sender


def spoken(number: int) -> bytes:
    """
    @return: what a sender writes as his line of that number.
    """
    return (b"%08d " % number).ljust(LINE_SIZE - len(nick(0) + b": " + _END), b".") + _END


def heard(sender: int, number: int) -> bytes:
    """
    @return: what the others read of it.
    """
    return nick(sender) + b": " + spoken(number)


class Order:
    """
    The one order into which the server has put the lines of all senders.

    @ivar stream: all of it that anybody has read, as bytes.
    """

    def __init__(self) -> None:
        self.stream = bytearray()
        self._checked = 0
        self._sent: list[deque[bytes]] = [deque() for _ in range(SENDERS)]
        self._senders: list[int] = []

    def sent(self, sender: int, number: int) -> bytes:
        """
        Note that a sender is about to say his next line.

        @return: what he must write.
        """
        self._sent[sender].append(heard(sender, number))
        return spoken(number)

    def received(self, offset: int, data: bytes) -> int:
        """
        Check what a reader has read, who hears every line.

        @param offset: how many bytes he had read before.
        @return: how many he has read now.
        @raise Wrong: when it is not what he must read.
        """
        stream = self.stream
        if not stream.startswith(data, offset):
            known = len(stream) - offset
            if not stream.startswith(data[:known], offset):
                raise Wrong(f"readers differ: {data[:known]!r} at {offset}")
            stream += data[known:]
            self._check()
        return offset + len(data)

    def streamFor(self, sender: int) -> bytes:
        """
        @return: what a sender must have read, who does not hear his own lines.
        """
        return b"".join(
            self.stream[index * LINE_SIZE : (index + 1) * LINE_SIZE]
            for index, author in enumerate(self._senders)
            if author != sender
        )

    def ended(self) -> None:
        """
        Everybody has read everything.

        @raise Wrong: when something that was sent has not been read.
        """
        if self._checked != len(self.stream):
            raise Wrong(f"a part of a line: {bytes(self.stream[self._checked :])!r}")
        for sender, lines in enumerate(self._sent):
            if lines:
                raise Wrong(f"{len(lines)} lines of sender {sender} are lost: {lines[0]!r} …")

    def _check(self) -> None:
        stream, sent, senders = self.stream, self._sent, self._senders
        begin, end = self._checked, len(self.stream)
        while begin + LINE_SIZE <= end:
            line = stream[begin : begin + LINE_SIZE]
            sender = line[1] - ord("0")
            if not 0 <= sender < SENDERS or not sent[sender] or line != sent[sender].popleft():
                raise Wrong(f"not the next line of its sender: {bytes(line)!r}")
            senders.append(sender)
            begin += LINE_SIZE
        self._checked = begin
