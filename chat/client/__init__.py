"""
The far end of a connection: a small library for programs that chat.  The
C{tcpchat} command is built on it.

A program subclasses L{chat.client.protocol.ChatClient} and connects it with any
Twisted endpoint:

    >>> class Greeter(ChatClient):
    ...     def joined(self, event):
    ...         self.say(f"hello {event.nick}")
    >>> endpoint.connect(ChatFactory(Greeter, nick="greeter"))

There are complete ones in C{docs/examples}.
"""
