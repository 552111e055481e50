"""
Fixtures of what checks passwords, with a real pool of threads and cheap hashes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest
from pytest_twisted import async_yield_fixture

from chat.core.accounts import Accounts
from chat.credentials.passwords import Hashing
from tests.support.credentials import CountingHasher, RecordingLedger


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@async_yield_fixture
async def hashing(hasher: CountingHasher) -> AsyncGenerator[Hashing, None]:
    from twisted.internet import reactor

    service = Hashing(reactor, hasher)
    service.startService()
    yield service
    hasher.release()
    if service.running:
        await service.stopService()


@pytest.fixture
def ledger() -> RecordingLedger:
    return RecordingLedger()


@pytest.fixture
def accounts(ledger: RecordingLedger) -> Accounts:
    return Accounts(ledger, lambda: datetime.now(UTC))
