"""Bringing a database up to date: from nothing, twice, by several at once, after a kill, and never backwards."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from tzurot.database.connect import Database, credentials
from tzurot.database.migrate import applied, migrate, shipped, tortoise
from tzurot.errors import StoreDown
from tzurot.tables.characters import Characters
from tzurot.tables.people import People
from tzurot.talk import Speaker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.postgres import Cluster

PROGRAM = """
import asyncio, sys
from tzurot.database.connect import Database, credentials
from tzurot.database.migrate import migrate

async def main():
    database = Database(credentials(sys.argv[1]))
    await database.open()
    try:
        print(",".join(await migrate(database)) or "nothing")
    finally:
        await database.close()

asyncio.run(main())
"""
ALIVE = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND xact_start IS NOT NULL"
)
TABLES = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@pytest.fixture
async def empty(postgres: Cluster) -> AsyncIterator[Database]:
    database = Database(credentials(await postgres.empty()))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def address(database: Database) -> str:
    given = database.credentials
    return f"postgres://{given.user}@/{given.database}?host={given.host}"


async def migrating(database: Database) -> asyncio.subprocess.Process:
    """Another process that migrates the same database."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, address(database)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TZUROT_CONFIG": os.devnull},  # noqa: TID251
    )


async def outcome(process: asyncio.subprocess.Process) -> tuple[str, int | None]:
    out, errors = await process.communicate()
    return (out.decode() or errors.decode()).strip(), process.returncode


@asynccontextmanager
async def held(database: Database, statement: str) -> AsyncIterator[None]:
    """What a statement locks, until the end of the block; then it never happened."""
    connection = await asyncpg.connect(**database.credentials.arguments())
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement)
        yield
        await transaction.rollback()
    finally:
        await connection.close()


async def waiting_for_a_lock(database: Database) -> None:
    """Until another connection to this database waits for one."""
    async with asyncio.timeout(20):
        while not await database.value(  # noqa: ASYNC110 - the server tells nobody
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)


async def test_an_empty_database_gets_everything_and_a_second_time_nothing(empty: Database) -> None:
    assert await applied(empty) == set()
    assert await migrate(empty) == shipped()
    assert await applied(empty) == set(shipped())
    tables = await empty.value(TABLES)
    assert await migrate(empty) == ()
    assert await empty.value(TABLES) == tables > 8
    assert await empty.value("SELECT count(*) FROM tortoise_migrations") == len(shipped())


async def test_a_migrated_database_announces_what_changes(empty: Database) -> None:
    await migrate(empty)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(**empty.credentials.arguments())
    try:
        await listener.add_listener("tzurot", lambda *event: heard.put_nowait(event[3]))
        await empty.execute(
            "INSERT INTO characters (slug, name, card, created_at, updated_at, is_public, avatar_digest)"
            " VALUES ('x', 'X', '{}', now(), now(), TRUE, '')"
        )
        await empty.execute("DELETE FROM messages")
        async with asyncio.timeout(10):
            assert {await heard.get(), await heard.get()} == {"characters:1", "messages"}
    finally:
        await listener.close()


async def test_the_migrations_make_what_the_schema_declares(empty: Database) -> None:
    async with tortoise(empty) as apps:
        assert Tortoise.apps is not None
        assert await MigrationAutodetector(Tortoise.apps, apps).changes() == []


async def test_a_database_of_the_first_release_is_brought_up_with_all_that_is_in_it(empty: Database) -> None:
    async with tortoise(empty) as apps:
        executor = MigrationExecutor(get_connection("default"), apps)
        await executor.migrate([MigrationTarget("tzurot", "0002_storage")], direction="forward")
    await empty.execute("INSERT INTO users (front, external_id, created_at) VALUES ('discord', '1', now())")
    await empty.execute(
        "INSERT INTO personas (user_id, name, description, is_default, created_at) VALUES (1, 'Ida', '', TRUE, now())"
    )
    await empty.execute(
        "INSERT INTO characters (slug, name, card, created_at, updated_at, is_public, avatar_digest)"
        " VALUES ('x', 'X', '{}', now(), now(), TRUE, '')"
    )
    assert await migrate(empty) == shipped()[2:]
    person = await People(empty).find(Speaker(front="discord", external_id="1", name="Ida"))
    assert person is not None
    assert (person.name, person.pronouns) == ("Ida", "")
    (character,) = await Characters(empty).everybody()
    assert (character.name, character.is_open) == ("X", False)


async def test_three_processes_at_once_migrate_once(empty: Database) -> None:
    outcomes = [await outcome(process) for process in [await migrating(empty) for _ in range(3)]]
    assert sorted(outcomes) == sorted([(",".join(shipped()), 0), ("nothing", 0), ("nothing", 0)])
    assert await empty.value("SELECT count(*) FROM tortoise_migrations") == len(shipped())


RECORDS = (
    "CREATE TABLE tortoise_migrations (id bigserial PRIMARY KEY, app varchar(100) NOT NULL,"
    " name varchar(255) NOT NULL, applied_at timestamptz NOT NULL)"
)
AT_THE_RECORD = "LOCK TABLE tortoise_migrations IN SHARE MODE"  # others may read, and not write
AT_THE_SECOND = "CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"


@pytest.mark.parametrize(("prepared", "stopping"), [(RECORDS, AT_THE_RECORD), ("SELECT 1", AT_THE_SECOND)])
async def test_a_process_killed_in_the_middle_leaves_nothing_and_the_next_succeeds(
    empty: Database, prepared: str, stopping: str
) -> None:
    """Stopped where the first migration's record would be written, and after that in the second migration."""
    await empty.execute(prepared)
    before = await empty.value(TABLES)
    async with held(empty, stopping):
        process = await migrating(empty)
        try:
            await waiting_for_a_lock(empty)
        finally:
            process.kill()
            _, code = await outcome(process)
    assert code == -9
    async with asyncio.timeout(10):  # the server notices the death when the statement gets its lock
        while await empty.value(ALIVE):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await empty.value(TABLES) == before
    assert await empty.value("SELECT to_regclass('users') IS NULL AND to_regproc('announce') IS NULL")
    assert await migrate(empty) == shipped()
    assert await applied(empty) == set(shipped())
    assert await empty.value("SELECT count(*) FROM tortoise_migrations") == len(shipped())


async def test_a_server_that_goes_away_in_the_middle_is_told_in_a_sentence(empty: Database) -> None:
    await empty.execute(RECORDS)
    async with held(empty, AT_THE_RECORD):
        migration = asyncio.create_task(migrate(empty))
        await waiting_for_a_lock(empty)
        await empty.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with pytest.raises(StoreDown) as gone:
            await migration
    assert gone.value.code == "database.unreachable"
    assert await migrate(empty) == shipped()


async def test_a_database_of_a_newer_version_is_left_alone(empty: Database) -> None:
    await migrate(empty)
    await empty.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('tzurot', '9999_from_the_future', now())"
    )
    with pytest.raises(StoreDown) as refused:
        await migrate(empty)
    assert refused.value.code == "database.newer"
    assert str(refused.value) == (
        "The database was written by a newer version of Tzurot (it holds 9999_from_the_future)."
        " Start that version, or restore the backup made before the upgrade."
    )


async def test_another_programs_migrations_in_the_same_database_are_its_own_affair(empty: Database) -> None:
    await migrate(empty)
    await empty.execute("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('other', '9999_x', now())")
    assert await migrate(empty) == ()
