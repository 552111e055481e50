"""
Reasons why a connection fails or ends, in words for the user.
"""

from __future__ import annotations

from gettext import NullTranslations

from twisted.internet.error import (
    ConnectError,
    ConnectionDone,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TimeoutError,
    UnknownHostError,
)
from twisted.python.failure import Failure

from chat.cli.target import Target
from chat.client.rejection import Rejection


class Reasons:
    """
    The words for one target, in one language.  None are safe for a terminal:
    some quote the command line, the operating system or the service.
    """

    def __init__(self, target: Target, translation: NullTranslations) -> None:
        """
        @param translation: see L{chat.vocabulary.i18n.translation}.
        """
        self._target = target
        self._gettext = translation.gettext

    def lookingUp(self) -> str:
        """The name is being looked up."""
        _ = self._gettext
        return _("looking up {host}").format(host=self._target.host)

    def connecting(self, address: str) -> str:
        """An address is being tried."""
        _ = self._gettext
        return _("connecting to {address}").format(address=address)

    def reconnecting(self, seconds: int) -> str:
        """There will be another attempt, after a pause."""
        _ = self._gettext
        return _("reconnecting in {seconds} s").format(seconds=seconds)

    def silent(self) -> str:
        """The far end accepts a connection, but does not speak JSON."""
        _ = self._gettext
        return _("{target} does not answer as a chat service does").format(target=self._target)

    def failed(self, failure: Failure) -> tuple[str, bool]:
        """
        @param failure: of an endpoint's C{connect}.
        @return: why, and whether another attempt cannot do any better.
        """
        _ = self._gettext
        target = self._target
        if failure.check(DNSLookupError, UnknownHostError):
            return _("there is no host {host}").format(host=target.host), False
        if failure.check(ConnectionRefusedError):
            return _("{target} refuses: nothing listens there").format(target=target), False
        if failure.check(TimeoutError):
            return _("{target} does not answer: timed out").format(target=target), False
        if failure.check(NoRouteError):
            return _("there is no route to {target}").format(target=target), False
        reason = self._detail(failure)
        isFinal = failure.check(ValueError) is not None
        return _("cannot connect to {target}: {reason}").format(
            target=target, reason=reason
        ), isFinal

    def lost(self, failure: Failure) -> str:
        """
        @param failure: why a connection that worked has ended.
        """
        _ = self._gettext
        if failure.check(ConnectionDone):
            return _("disconnected: {target} has closed the connection").format(target=self._target)
        return _("disconnected: the connection is lost ({reason})").format(
            reason=self._detail(failure)
        )

    def rejected(self, failure: Failure, rejection: Rejection | None = None) -> tuple[str, bool]:
        """
        The connection has ended before the service was understood.

        @param rejection: what it has said about that.
        @return: why, and whether another attempt cannot do any better.
        """
        _ = self._gettext
        target = self._target
        if rejection is not None:
            return f"{_(rejection.sentence)} ({rejection.code})", False
        if target.tls:
            if type(failure.value).__name__ == "VerificationError":
                return _("TLS failed: the certificate is not for {host}").format(
                    host=target.host
                ), True
            if "certificate verify failed" in str(failure.value):
                return _(
                    "TLS failed: the certificate of {host} is not trusted"
                    " (--ca FILE trusts one, --insecure trusts any)"
                ).format(host=target.host), True
            if not failure.check(ConnectionDone):
                return _("TLS failed: {reason}").format(reason=self._detail(failure)), False
        return _("{target} has closed the connection without a word").format(target=target), False

    @staticmethod
    def _detail(failure: Failure) -> str:
        error = failure.value
        assert error is not None
        if isinstance(error, ConnectError) and error.osError:
            return str(error.args[0] if error.args else error.osError)
        # An OpenSSL error is a list of (library, function, reason).
        if error.args and isinstance(error.args[0], list) and error.args[0]:
            return str(error.args[0][-1][-1])
        return str(error) or type(error).__name__
