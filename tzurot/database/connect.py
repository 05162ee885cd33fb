"""The connections for plain SQL: a pool's, and kept from it while they work."""

# asyncpg carries no types: what leaves this module does
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from tzurot.errors import Invalid, StoreDown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from asyncpg import Record as Row
    from asyncpg.pool import PoolConnectionProxy

POOL_SIZE = 6
CLOSE_S = 5.0
IDLE_S = 240.0  # networks forget a connection on which nothing happens for some minutes
ACQUIRE_S = 10.0
COMMAND_S = 30.0
NAMED = {"application_name": "tzurot"}
OUTAGES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
)
REFUSALS = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


class Connection(Protocol):
    """What is used of asyncpg's connection, with types; a row is read by name or position."""

    async def execute(self, query: str, *args: object) -> str: ...

    async def executemany(self, command: str, args: Iterable[Sequence[object]]) -> None: ...

    async def fetch(self, query: str, *args: object) -> list[Row]: ...

    async def fetchrow(self, query: str, *args: object) -> Row | None: ...

    async def fetchval(self, query: str, *args: object) -> Any: ...  # noqa: ANN401

    def transaction(self) -> AbstractAsyncContextManager[object]: ...


class PlainConnection(asyncpg.Connection):  # pyright: ignore[reportMissingTypeArgument]
    """A connection that goes back to the pool as it is: nothing here changes session state, so no reset round trip."""

    def get_reset_query(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to reach a database: a socket directory or host, and who asks."""

    host: str
    user: str
    database: str
    port: int = 5432
    password: str | None = field(default=None, repr=False)
    ssl: str | None = None

    def arguments(self) -> dict[str, Any]:
        """For `asyncpg.connect`."""
        given = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        return {"database": self.database, "ssl": self.ssl, **given}


def credentials(dsn: str) -> Credentials:
    """Read `postgres://user:password@host:port/database?sslmode=…`.

    Raises:
        Invalid: it is not such an address.

    """
    parts = urlsplit(dsn)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise Invalid(
            "database.url",
            "database.url is not the address of a Postgres database.",
            "Write it as postgres://user:password@host:5432/name.",
        )
    query = parse_qs(parts.query)
    try:
        port = parts.port or 5432
    except ValueError:
        raise Invalid("database.url", "database.url has no usable port.", "A port is a number up to 65535.") from None
    return Credentials(
        host=query.get("host", [parts.hostname or "localhost"])[0],
        port=port,
        user=unquote(parts.username or "postgres"),
        password=unquote(parts.password) if parts.password else None,
        database=unquote(parts.path.strip("/")),
        ssl=query.get("sslmode", [None])[0],
    )


class Database:
    """Plain SQL over one pool. Each method raises StoreDown when the server cannot be reached."""

    def __init__(self, given: Credentials) -> None:
        self.credentials = given
        self._pool: asyncpg.Pool | None = None
        self._closing: asyncpg.Pool | None = None
        # not given back to the pool, because that costs as much as to ask; with when each was used last
        self._idle: list[tuple[PoolConnectionProxy, float]] = []
        self._room = asyncio.Semaphore(POOL_SIZE)

    async def open(self) -> None:
        with outage_named():
            self._pool = await asyncpg.create_pool(
                **self.credentials.arguments(),
                min_size=2,
                max_size=POOL_SIZE,
                connection_class=PlainConnection,
                server_settings=NAMED,
                command_timeout=COMMAND_S,
            )

    async def close(self) -> None:
        if self._pool is not None:
            self._closing = pool = self._pool
            self._pool = None
            try:
                while self._idle:
                    await pool.release(self._idle.pop()[0])
                await asyncio.wait_for(pool.close(), CLOSE_S)
            except TimeoutError:
                pool.terminate()

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for as long as the block takes."""
        return Lent(self)

    async def lend(self) -> PoolConnectionProxy:
        """For `Lent`; raises StoreDown where there is none in time."""
        pool = self._pool
        if pool is None:
            raise StoreDown("database.closed", "The database is not open.", "Try again in a moment.")
        with outage_named():
            if self._room.locked():
                async with asyncio.timeout(ACQUIRE_S):
                    await self._room.acquire()
            else:
                await self._room.acquire()
            try:
                return await self._taken(pool)
            except BaseException:
                self._room.release()
                raise

    async def take_back(self, connection: PoolConnectionProxy, *, failed: bool) -> None:
        """For `Lent`: one on which all went well is kept; the pool ends what was left in the middle."""
        try:
            if self._pool is not None and not failed:
                self._keep(connection)
            elif (pool := self._pool or self._closing) is not None:
                await pool.release(connection)
        finally:
            self._room.release()

    async def _taken(self, pool: asyncpg.Pool) -> PoolConnectionProxy:
        """The connection that was used last, or one of the pool's; those that nobody used for long are closed."""
        while self._idle:
            connection, used_at = self._idle.pop()
            try:
                if not connection.is_closed():
                    if monotonic() - used_at < IDLE_S:
                        return connection
                    connection.terminate()
            except asyncpg.InterfaceError:  # the server closed it: it left the pool by itself
                continue
        return await pool.acquire(timeout=ACQUIRE_S)

    def _keep(self, connection: PoolConnectionProxy) -> None:
        self._idle.append((connection, monotonic()))
        oldest, used_at = self._idle[0]
        if monotonic() - used_at > IDLE_S:
            del self._idle[0]
            with suppress(asyncpg.InterfaceError):
                oldest.terminate()

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncGenerator[Connection]:
        """A transaction; not `durable`: a crash of the server may lose its last moments, never tear it."""
        async with self.connection() as connection, connection.transaction():
            if not durable:
                await connection.execute("SET LOCAL synchronous_commit TO off")
            yield connection

    async def rows(self, sql: str, *arguments: object) -> Sequence[Row]:
        async with self.connection() as connection:
            return await connection.fetch(sql, *arguments)

    async def row(self, sql: str, *arguments: object) -> Row | None:
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *arguments)

    async def value(self, sql: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the column holds
        async with self.connection() as connection:
            return await connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> None:
        async with self.connection() as connection:
            await connection.execute(sql, *arguments)


class Lent:
    """A connection of a database for as long as a block takes; a class, because a generator costs half a statement."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Connection:
        self._connection = await self._database.lend()
        return cast("Connection", self._connection)

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            await self._database.take_back(self._connection, failed=error is not None)
        finally:
            outage_named().__exit__(kind, error, trace)


class outage_named:  # noqa: N801 - reads as the statement it is
    """Turns whatever a lost server raises into one StoreDown."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, REFUSALS):
            raise StoreDown(
                "database.refused",
                "The database is there, but does not let the bot in.",
                "The host should check user, password and name in database.url.",
            ) from error
        if isinstance(error, OUTAGES):
            raise StoreDown(
                "database.unreachable",
                "The database cannot be reached.",
                "Try again in a minute; the host finds the reason in the log.",
            ) from error
