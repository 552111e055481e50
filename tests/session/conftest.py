"""
A service for every test.
"""

from __future__ import annotations

import pytest

from tests.support.sessions import SessionStage


@pytest.fixture
def stage() -> SessionStage:
    """
    A service on which carol is an operator as soon as she has an account.
    """
    return SessionStage(operators=["carol"])
