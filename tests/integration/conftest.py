"""A database that is open, for tests that ask its tables directly; a loopback Discord and a scripted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback.fixtures import discord, llm
from tzurot.database.connect import Database, credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["database", "discord", "llm"]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh one with the starters in it."""
    opened = Database(credentials(database_url))
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
