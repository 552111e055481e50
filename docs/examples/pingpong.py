"""
A bot that takes its time: two seconds after each line it answers with how many
lines its user has said.  Each user has a counter of their own, and no timer
outlives the connection.

    python docs/examples/pingpong.py [HOST [PORT]]
"""

import sys
from collections import Counter

from twisted.internet.endpoints import HostnameEndpoint

from chat.client.program import run
from chat.client.protocol import ChatClient, ChatFactory


class PingPong(ChatClient):
    wantedNick = "pingpong"
    pause = 2.0

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.counts = Counter()
        self.timers = set()

    def said(self, event):
        if event.nick != self.roster.nick:
            self.counts[event.nick] += 1
            answer = f"{event.nick}: pong {self.counts[event.nick]}"
            self.later(self.say, answer)

    def renamed(self, event):
        self.counts[event.name] = self.counts.pop(event.nick, 0)

    def left(self, event):
        del self.counts[event.nick]

    def later(self, do, *args):
        def timeIsUp():
            self.timers.remove(timer)
            do(*args)

        timer = self.clock.callLater(self.pause, timeIsUp)
        self.timers.add(timer)

    def connectionLost(self, reason):
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        super().connectionLost(reason)


async def main(reactor, host="localhost", port=8080):
    factory = ChatFactory(lambda: PingPong(reactor))
    client = await HostnameEndpoint(reactor, host, port).connect(factory)
    await client.whenClosed()


if __name__ == "__main__":
    run(main, sys.argv[1:])
