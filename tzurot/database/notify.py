"""One connection that listens for what other processes (and other connections of this one) changed."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
from loguru import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tzurot.database.connect import Credentials

CHANNEL = "tzurot"
RETRY_S = 1.0


class Announcements:
    """Calls what was registered for a table when a row of it changes; a lost connection calls everything."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self.forget: Mapping[str, Callable[[], None]] = {}
        self._claimed: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None

    async def open(self) -> None:
        self._connection = await self._listen()
        self._task = asyncio.create_task(self._keep(self._connection), name="announcements")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(**self._credentials.arguments())
        await connection.add_listener(CHANNEL, self._heard)
        return connection

    async def claim(self, key: int) -> bool:
        """Whether this process alone holds `key` on this database; it is held as long as the connection lives."""
        assert self._connection is not None
        if await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
            self._claimed.add(key)
            return True
        return False

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        table = str(payload).partition(":")[0]
        if table in self.forget:
            self.forget[table]()

    async def _keep(self, connection: asyncpg.Connection) -> None:
        """Stay connected; what was announced meanwhile is unknown, so nothing cached is trusted."""
        try:
            while True:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                if not connection.is_closed():
                    await lost.wait()
                self._connection = connection = await self._reconnect()
                for key in tuple(self._claimed):
                    await self.claim(key)
                for forget in self.forget.values():
                    forget()
        finally:
            await connection.close(timeout=1)

    async def _reconnect(self) -> asyncpg.Connection:
        while True:
            try:
                return await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.debug("not listening to the database yet: {}", error)
                await asyncio.sleep(RETRY_S)
