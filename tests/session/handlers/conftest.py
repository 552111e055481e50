"""
A service for every test.
"""

from __future__ import annotations

import pytest

from tests.support.people import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
