"""
A bot that gives back what is said to it: in private, or in the room where a
line begins with its name.

    python docs/examples/echobot.py [HOST [PORT]]

Two of these must not meet, or they never stop.  It says two lines a second, as
every user may, and is silent where it would be half a minute late.
"""

import sys

from twisted.internet.endpoints import HostnameEndpoint

from chat.client.program import run
from chat.client.protocol import ChatClient, ChatFactory


class EchoBot(ChatClient):
    wantedNick = "echo"

    def told(self, event):
        if not self.held:
            self.tell(event.nick, event.text)

    def said(self, event):
        called = f"{self.roster.nick}:"
        if self.held:
            # More is asked of us than the service lets us answer.
            return
        if event.text.startswith(called) and event.nick != self.roster.nick:
            self.say(f"{event.nick}: {event.text.removeprefix(called).strip()}")

    def refused(self, event):
        print(event.text, file=sys.stderr)


async def main(reactor, host="localhost", port=8080):
    client = await HostnameEndpoint(reactor, host, port).connect(ChatFactory(EchoBot))
    await client.whenClosed()


if __name__ == "__main__":
    run(main, sys.argv[1:])
