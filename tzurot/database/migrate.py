"""Brings the schema up to date when the process starts: all pending migrations and their records in one transaction."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from loguru import logger

from tzurot.database.connect import NAMED, Credentials, PlainConnection, outage_named
from tzurot.errors import StoreDown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tzurot.database.connect import Database

LOCK = 0x545A55524F54  # "TZUROT": one process migrates, the others wait
APP, NAME = "tzurot", "default"


def tortoise_config(given: Credentials) -> dict[str, Any]:
    reached = {**given.arguments(), "minsize": 1, "connection_class": PlainConnection, "server_settings": NAMED}
    return {
        "connections": {NAME: {"engine": "tortoise.backends.asyncpg", "credentials": reached}},
        "apps": {APP: {"models": ["tzurot.tables.schema"], "default_connection": NAME, "migrations": "migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


SCHEMA = tortoise_config(Credentials(host="", user="", database=""))  # what `tortoise makemigrations` compares


@asynccontextmanager
async def tortoise(database: Database) -> AsyncGenerator[dict[str, Any]]:
    """Tortoise with a connection of its own, for as long as the block takes; its apps, as an executor wants them."""
    from tortoise import Tortoise  # noqa: PLC0415 - only where there is something to apply
    from tortoise.exceptions import DBConnectionError, OperationalError  # noqa: PLC0415

    config = tortoise_config(database.credentials)
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        yield config["apps"]
    except DBConnectionError as error:
        raise ConnectionError(str(error)) from error
    except OperationalError as error:
        raise error.__cause__ or error from None
    finally:
        await Tortoise.close_connections()


def shipped() -> tuple[str, ...]:
    """The names of the migrations beside the code, oldest first."""
    names = (entry.name for entry in files("migrations").iterdir())
    return tuple(sorted(name[:-3] for name in names if name[0].isdigit() and name.endswith(".py")))


async def applied(database: Database) -> set[str]:
    """The names recorded in the database; empty for a new one."""
    exists = await database.value("SELECT to_regclass('tortoise_migrations') IS NOT NULL")
    if not exists:
        return set()
    rows = await database.rows("SELECT name FROM tortoise_migrations WHERE app = $1", APP)
    return {row["name"] for row in rows}


async def migrate(database: Database) -> tuple[str, ...]:
    """Apply what is pending and return its names.

    Tortoise records a migration after its own transaction has ended, so a crash between the two would make every
    later start fail; inside one outer transaction its transactions become savepoints and its records commit with them.

    Raises:
        StoreDown: the database was written by a newer version of Tzurot, or went away.

    """
    known = shipped()
    done = await applied(database)
    if newer := sorted(done - set(known)):
        raise StoreDown(
            "database.newer",
            f"The database was written by a newer version of Tzurot (it holds {newer[-1]}).",
            "Start that version, or restore the backup made before the upgrade.",
        )
    if done.issuperset(known):
        return ()
    # most starts have nothing to apply, and do without these: a tenth of a second, and 10 MB
    from tortoise.migrations.executor import MigrationExecutor  # noqa: PLC0415
    from tortoise.migrations.schema_editor import AsyncpgSchemaEditor  # noqa: PLC0415
    from tortoise.transactions import in_transaction  # noqa: PLC0415

    with outage_named():
        async with tortoise(database) as apps, in_transaction(NAME) as transaction:
            await transaction.execute_query(f"SELECT pg_advisory_xact_lock({LOCK})")
            executor = MigrationExecutor(transaction, apps)
            # it asks for what is applied before it makes that table, and a failed question ends a transaction
            await executor.recorder.ensure_schema(AsyncpgSchemaEditor(transaction, atomic=False))
            before = {key.name for key in await executor.recorder.applied_migrations()}
            await executor.migrate(direction="forward")
    pending = tuple(name for name in known if name not in before)
    for name in pending:
        logger.info("database brought up to {}", name)
    return pending
