"""
The smallest client: it says hello, waits until another user says something, and
leaves.

    python docs/examples/hello.py [HOST [PORT]]
"""

import sys

from twisted.internet.endpoints import HostnameEndpoint

from chat.client.program import run
from chat.client.protocol import ChatClient, ChatFactory


class Hello(ChatClient):
    wantedNick = "hello"

    def welcomed(self, event):
        self.say("hello!")

    def said(self, event):
        print(f"{event.nick}: {event.text}")
        # We hear our own lines, too.
        if event.nick != self.roster.nick:
            self.quit()

    def refused(self, event):
        print(event.text, file=sys.stderr)
        self.quit()


async def main(reactor, host="localhost", port=8080):
    client = await HostnameEndpoint(reactor, host, port).connect(ChatFactory(Hello))
    await client.whenClosed()


if __name__ == "__main__":
    run(main, sys.argv[1:])
