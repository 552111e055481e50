"""
Makes C{twistd tcpchat} known to Twisted.

No C{__init__.py} lies beside this file nor above it: Twisted finds plugins in every directory on
C{sys.path} that has C{twisted/plugins} and is no package.
"""

from twisted.application.service import ServiceMaker

tcpchat = ServiceMaker(
    "tcpchat",
    "chat.tap",
    "A chat service for telnet, nc and everything with a socket.",
    "tcpchat",
)
