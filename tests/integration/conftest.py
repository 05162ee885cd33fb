"""A database that is open, for tests that ask its tables directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tzurot.database.connect import Database, credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh one with the starters in it."""
    opened = Database(credentials(database_url))
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
