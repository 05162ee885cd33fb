"""The flight recorder's table: what every turn did, failed ones too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from tzurot.database.connect import Connection, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRecord:
    """A finished turn's record as it was written; `record` holds what `pipeline.flight` describes.

    It is kept as JSON bytes: nobody searches in it, and a prompt of 30 kB costs Postgres more to parse than to store.
    """

    turn_id: int
    character_name: str
    model: str
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    cost_usd: float | None
    record: dict[str, Any]
    flown_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """A record to be written."""

    turn_id: int
    user_id: int
    character_name: str
    model: str
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    cost_usd: float | None
    record: dict[str, Any]


INSERT = (
    "INSERT INTO flights (turn_id, user_id, character_name, model, prompt_tokens, cached_tokens, reply_tokens,"
    " cost_usd, record, flown_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::float8::numeric, $9, now())"
    " ON CONFLICT (turn_id) DO UPDATE SET model = excluded.model, record = excluded.record,"
    " prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,"
    " reply_tokens = excluded.reply_tokens, cost_usd = excluded.cost_usd, flown_at = excluded.flown_at"
)


class Flights:
    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    async def keep(connection: Connection, flights: Iterable[Flown]) -> None:
        """Write records inside a transaction of the caller's; a second flight of a turn replaces the first."""
        rows = [
            (
                flown.turn_id,
                flown.user_id,
                flown.character_name[:255],
                flown.model[:255],
                flown.prompt_tokens,
                flown.cached_tokens,
                flown.reply_tokens,
                flown.cost_usd,
                orjson.dumps(flown.record) if flown.record else b"",
            )
            for flown in flights
        ]
        await connection.executemany(INSERT, rows)

    async def prune(self, older_than: timedelta) -> None:
        """Forget the records of long ago: they hold whole prompts, and serve to explain what just happened.

        What a turn used stays, for a bit more than a year.
        """
        await self._database.execute(
            "UPDATE flights SET record = '' WHERE flown_at < now() - $1::interval AND record <> ''", older_than
        )
        await self._database.execute("DELETE FROM flights WHERE flown_at < now() - interval '400 days'")

    async def find(self, user_id: int | None, turn_id: int | None = None) -> FlightRecord | None:
        """A user's own flight: the one of that turn, or the last; None looks among everybody's."""
        row = await self._database.row(
            "SELECT turn_id, character_name, model, prompt_tokens, cached_tokens, reply_tokens,"
            " cost_usd::float8 AS cost_usd, record, flown_at FROM flights"
            " WHERE ($1::bigint IS NULL OR user_id = $1) AND ($2::bigint IS NULL OR turn_id = $2)"
            " AND record <> '' ORDER BY turn_id DESC LIMIT 1",
            user_id,
            turn_id,
        )
        if row is None:
            return None
        values = dict(row)
        return FlightRecord(**{**values, "record": orjson.loads(values["record"])})
