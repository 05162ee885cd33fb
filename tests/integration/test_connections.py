"""Connections that are kept between statements: what the server, the network or a failure does to them harms nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tzurot.database.connect import POOL_SIZE, Database

if TYPE_CHECKING:
    from collections.abc import Awaitable

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tzurot' AND pid <> $1"


async def at_once(database: Database, times: int) -> list[int]:
    asked: list[Awaitable[int]] = [database.value("SELECT $1::int FROM pg_sleep(0.02)", n) for n in range(times)]
    return list(await asyncio.gather(*asked))


async def test_whatever_the_server_closed_is_opened_anew(database: Database, database_url: str) -> None:
    assert await at_once(database, POOL_SIZE) == list(range(POOL_SIZE))
    other = await asyncpg.connect(database_url)
    try:
        assert len(await other.fetch(KILL, 0)) == POOL_SIZE
    finally:
        await other.close()
    await asyncio.sleep(0.1)  # until the sockets tell
    assert await at_once(database, 2 * POOL_SIZE) == list(range(2 * POOL_SIZE))


async def half_done(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("CREATE TEMPORARY TABLE left_behind (id int) ON COMMIT DROP")
        await connection.execute("SELECT * FROM nowhere")


async def test_a_statement_that_fails_or_is_given_up_leaves_nothing_behind(database: Database) -> None:
    for _ in range(2 * POOL_SIZE):
        with pytest.raises(asyncpg.UndefinedTableError):
            await half_done(database)
        given_up = asyncio.create_task(database.value("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.01)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await database.value("SELECT to_regclass('left_behind')") is None
    assert await at_once(database, 2 * POOL_SIZE) == list(range(2 * POOL_SIZE))
