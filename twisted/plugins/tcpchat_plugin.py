"""
Makes C{twistd tcpchat} known to Twisted.

No C{__init__.py} lies beside this file nor above it: Twisted finds plugins in every directory on
C{sys.path} that has C{twisted/plugins} and is no package.
"""

from typing import Any

from twisted.application.service import ServiceMaker


class _Maker(ServiceMaker):
    @property
    def options(self) -> Any:
        """
        twistd asks for this once it knows that it is to start this service, and before it loads
        anything else of it, which takes most of the start.
        """
        from chat.operations.signals import hold

        hold()
        return super().options


tcpchat = _Maker(
    "tcpchat",
    "chat.tap",
    "A self-hosted chat server for the terminal.",
    "tcpchat",
)
