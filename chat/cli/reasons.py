"""
Reasons why a connection fails or ends, in words for the user.

Twisted, OpenSSL and the C library have sentences of their own, in English and for
programmers.  None of them is shown: each known reason has a sentence here, and of
any other one only its name is told, in parentheses, as a code.
"""

from __future__ import annotations

import errno
from gettext import NullTranslations

from twisted.internet.error import (
    ConnectError,
    ConnectionClosed,
    ConnectionDone,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TimeoutError,
    UnknownHostError,
)
from twisted.python.failure import Failure

from chat.cli.target import AuthorityUnusable, Target
from chat.client.rejection import Rejection
from chat.vocabulary.i18n import N_

# Of a socket, where Twisted has no exception of its own.
_BY_ERRNO = {
    errno.ECONNREFUSED: N_("connection to {target} refused (is the server running?)"),
    errno.ENOENT: N_("{target} does not exist (is the server running?)"),
    errno.ENOTSOCK: N_("{target} is not a socket"),
    errno.EACCES: N_("no permission to connect to {target}"),
    errno.EPERM: N_("no permission to connect to {target}"),
    errno.ENETUNREACH: N_("no route to {target} (are you online?)"),
    errno.EHOSTUNREACH: N_("no route to {target} (are you online?)"),
}

# What OpenSSL says, where the far end does not speak TLS; which of these depends on
# the bytes that it sends instead.
_NOT_TLS = {
    "http request",
    "packet length too long",
    "record layer failure",
    "unexpected message",
    "wrong version number",
}

# The same, where the two ends speak TLS, but not the same.
_OTHER_TLS = {
    "no protocols available",
    "no shared cipher",
    "ssl/tls alert handshake failure",
    "sslv3 alert handshake failure",
    "tlsv1 alert protocol version",
    "unsupported protocol",
}


class Reasons:
    """
    The words for one target, in one language.  None are safe for a terminal:
    some quote the command line or the service.
    """

    def __init__(self, target: Target, translation: NullTranslations) -> None:
        """
        @param translation: see L{chat.vocabulary.i18n.translation}.
        """
        self._target = target
        self._gettext = translation.gettext

    def connecting(self) -> str:
        """The first attempt begins."""
        _ = self._gettext
        return self._of(_("connecting to {target}"))

    def silent(self) -> str:
        """The far end accepts a connection, but does not speak JSON."""
        _ = self._gettext
        return self._of(_("{target} does not seem to be a tcpchat service"))

    def failed(self, failure: Failure) -> str:
        """
        @param failure: of an endpoint's C{connect}.
        """
        _ = self._gettext
        error = failure.value
        if failure.check(AuthorityUnusable):
            return self._of(_("cannot read a certificate from {authority}"))
        if failure.check(ValueError):
            return self._of(_("“{host}” is not a valid host name"))
        if failure.check(DNSLookupError, UnknownHostError):
            return self._of(_("host {host} not found"))
        if failure.check(ConnectionRefusedError):
            return self._of(_(_BY_ERRNO[errno.ECONNREFUSED]))
        if failure.check(TimeoutError):
            return self._of(_("{target} does not answer"))
        if failure.check(NoRouteError):
            return self._of(_(_BY_ERRNO[errno.ENETUNREACH]))
        number = error.osError if isinstance(error, ConnectError) else None
        phrase = _BY_ERRNO.get(number) if isinstance(number, int) else None
        if phrase is not None:
            return self._of(_(phrase))
        code = errno.errorcode.get(number) if isinstance(number, int) else None
        return self._of(_("cannot connect to {target}")) + f" ({code or type(error).__name__})"

    def lost(self, failure: Failure) -> str:
        """
        @param failure: why a connection that worked has ended.
        """
        _ = self._gettext
        if failure.check(ConnectionDone):
            return self._of(_("{target} closed the connection"))
        return self._of(_("connection to {target} lost"))

    def rejected(self, failure: Failure, rejection: Rejection | None = None) -> str:
        """
        The connection has ended before the service was understood.

        @param rejection: what it has said about that.
        """
        _ = self._gettext
        if rejection is not None:
            return f"{_(rejection.sentence)} ({rejection.code})"
        if not self._target.tls:
            return self._of(_("{target} closed the connection at once (does it need --tls?)"))
        if type(failure.value).__name__ == "VerificationError":
            return self._of(_("the certificate of {target} is not for {host}"))
        words = _wordsOf(failure)
        if failure.check(ConnectionClosed) or "unexpected eof while reading" in words:
            return self._of(_("{target} closed the connection at once"))
        if "certificate verify failed" in words:
            return self._of(
                _(
                    "the certificate of {target} is not trusted"
                    " (--ca FILE trusts one, --insecure trusts any)"
                )
            )
        if not _NOT_TLS.isdisjoint(words):
            return self._of(_("{target} does not speak TLS; leave out --tls"))
        if not _OTHER_TLS.isdisjoint(words):
            return self._of(_("{target} and this client have no version of TLS in common"))
        code = "-".join(words[-1].split()) if words else type(failure.value).__name__
        return self._of(_("TLS with {target} failed")) + f" ({code})"

    def _of(self, phrase: str) -> str:
        """Fill a phrase in."""
        target = self._target
        return phrase.format(target=target, host=target.host, authority=target.authority)


def _wordsOf(failure: Failure) -> list[str]:
    """
    @return: the reasons in an error of OpenSSL, which is a list of (library, function,
        reason).
    """
    arguments = getattr(failure.value, "args", ())
    errors = arguments[0] if arguments and isinstance(arguments[0], list) else []
    return [str(each[-1]) for each in errors]
