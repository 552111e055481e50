"""
The chat service that Twisted once had: C{twisted.words.service}, which speaks IRC.

C{twistd words} asks all users for a password.  Here none is asked for, joining a room
makes it, and Nagle's algorithm is off; the rest is as it is there.
"""

from __future__ import annotations

import sys

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.portal import Portal
from twisted.words.service import InMemoryWordsRealm, IRCFactory, IRCUser
from zope.interface import implementer


@implementer(ICredentialsChecker)
class AnyUser:
    """
    Accepts every nickname, with any password.
    """

    credentialInterfaces = (IUsernamePassword,)

    def requestAvatarId(self, credentials: IUsernamePassword) -> bytes:
        """
        @return: the nickname, as it was given.
        """
        return credentials.username


class OpenUser(IRCUser):
    """
    A user who need not send C{PASS}.
    """

    password = ""

    def connectionMade(self) -> None:
        """
        Begin, and do not wait for acknowledgements (RFC 896).
        """
        self.transport.setTcpNoDelay(True)
        super().connectionMade()


class OpenFactory(IRCFactory):
    """
    A service for L{OpenUser}.
    """

    protocol = OpenUser
    noisy = False


def main() -> None:
    """
    Serve on a port of 127.0.0.1, which is the first argument, until a signal.
    """
    from twisted.internet import reactor

    realm = InMemoryWordsRealm("localhost")
    realm.createGroupOnRequest = True
    factory = OpenFactory(realm, Portal(realm, [AnyUser()]))
    reactor.listenTCP(int(sys.argv[1]), factory, backlog=1024, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main()
