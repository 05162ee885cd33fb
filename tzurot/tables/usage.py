"""What was used: turns, tokens and money, counted from the flights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, timedelta

    from tzurot.database.connect import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One day of a character through a model.

    `turns` are those that got a reply, what was used counts failed ones too; `cost_usd` is what servers named, 0 where
    they named nothing.
    """

    day: date
    character: str
    model: str
    turns: int
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    cost_usd: float


class Usage:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: int | None, since: timedelta) -> tuple[Used, ...]:
        """A user's, or everybody's; oldest day first. Days are those of UTC."""
        rows = await self._database.rows(
            "SELECT (flown_at AT TIME ZONE 'UTC')::date AS day, character_name AS character, model,"
            " count(*) FILTER (WHERE t.state IN ('posting', 'remembered', 'retracted'))::int AS turns,"
            " sum(prompt_tokens)::bigint AS prompt_tokens,"
            " sum(cached_tokens)::bigint AS cached_tokens, sum(reply_tokens)::bigint AS reply_tokens,"
            " coalesce(sum(cost_usd), 0)::float8 AS cost_usd FROM flights f JOIN turns t ON t.id = f.turn_id"
            " WHERE flown_at > now() - $2::interval AND ($1::bigint IS NULL OR f.user_id = $1)"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            user_id,
            since,
        )
        return tuple(Used(**row) for row in rows)
