"""Tests for L{chat.endpoints.listen}."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory

from chat.endpoints.listen import openPort
from chat.vocabulary.errors import CannotStart


class Endpoint:
    """An endpoint that opens a port, or fails, or cannot even be asked."""

    def __init__(self, result: object) -> None:
        self._result = result

    def listen(self, factory: object) -> Deferred[Any]:
        if isinstance(self._result, KeyError):
            raise self._result
        return fail(self._result) if isinstance(self._result, Exception) else succeed(self._result)


def opened(result: object) -> Any:
    endpoint: Any = Endpoint(result)
    return openPort("8080", endpoint, ServerFactory())


def test_thePortIsReturned() -> None:
    port = object()
    assert opened(port) is port


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            CannotListenError("", 8080, OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))),
            "Address already in use",
        ),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (ValueError("no such interface"), "no such interface"),
        (KeyError("chat"), "'chat'"),
    ],
)
def test_whyItCannotBeOpened(error: Exception, reason: str) -> None:
    with pytest.raises(CannotStart) as raised:
        opened(error)
    assert str(raised.value) == f"cannot listen on 8080: {reason}"
