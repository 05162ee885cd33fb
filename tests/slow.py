"""A road to the database on which everything can be made to take its time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Road:
    """`url` leads to the same database; whatever is asked is handed on after `delay_s`."""

    url: str
    delay_s: float = 0.0


@asynccontextmanager
async def road_to(database_url: str) -> AsyncIterator[Road]:
    parts = urlsplit(database_url)
    socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    road = Road("")
    open_ways: set[asyncio.Task[None]] = set()
    ends: set[asyncio.StreamWriter] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slowly: bool) -> None:
        ends.add(writer)
        try:
            with suppress(ConnectionError):
                while piece := await reader.read(65_536):
                    if slowly and road.delay_s:
                        await asyncio.sleep(road.delay_s)
                    writer.write(piece)
                    await writer.drain()
        finally:
            writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(socket)
        for way in (carry(reader, back, slowly=True), carry(there, writer, slowly=False)):
            task = asyncio.create_task(way)
            open_ways.add(task)
            task.add_done_callback(open_ways.discard)

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    road.url = f"postgres://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable"
    try:
        yield road
    finally:
        server.close()
        for task in tuple(open_ways):
            task.cancel()
        await asyncio.gather(*open_ways, return_exceptions=True)
        await asyncio.gather(*(writer.wait_closed() for writer in ends), return_exceptions=True)
