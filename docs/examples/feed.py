"""
Says what is appended to a file, as C{tail -f} shows it.

    python docs/examples/feed.py FILE [HOST [PORT]]

A file that has become shorter was begun anew, and is read from its beginning.
"""

import sys

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.task import deferLater

from chat.client.program import run
from chat.client.protocol import ChatClient, ChatFactory

PAUSE = 0.5
PIECE = 8192


class Feeder(ChatClient):
    wantedNick = "feed"

    def refused(self, event):
        # A line that is too long, say; the next one may do.
        print(event.text, file=sys.stderr)


async def follow(reactor, client, file):
    rest = b""
    while client.lossReason is None:
        data = file.read(PIECE)
        if data:
            *lines, rest = (rest + data).split(b"\n")
            client.say(b"\n".join(lines).decode("utf-8", "replace"))
            # When this is answered the service has done all lines before, two
            # a second, so a large file is never read faster than it is said.
            await client.ping()
        else:
            await deferLater(reactor, PAUSE)
            position = file.tell()
            if file.seek(0, 2) >= position:
                file.seek(position)
            else:
                file.seek(0)
                rest = b""


async def main(reactor, file, host="localhost", port=8080):
    with open(file, "rb") as source:
        source.seek(0, 2)
        client = await HostnameEndpoint(reactor, host, port).connect(ChatFactory(Feeder))
        await client.ping()
        if not client.isRegistered:
            sys.exit("somebody else is feeding already")
        await follow(reactor, client, source)


if __name__ == "__main__":
    run(main, sys.argv[1:])
