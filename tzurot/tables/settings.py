"""What people tuned: one row of values for each tier and subject; `settings` knows what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from cachetools import LRUCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tzurot.database.connect import Database

CACHED_SCOPES = 20_000


class Scope(NamedTuple):
    """Whom values are for: a tier, and which character, server, channel or person of it."""

    tier: str
    subject: str


class Tuned:
    """Values by scope, cached until somebody announces a change; `changes` counts those."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changes = 0
        self._known: LRUCache[Scope, Mapping[str, Any]] = LRUCache(CACHED_SCOPES)

    def forget(self) -> None:
        """Drop the cache: values were changed, here or in another process."""
        self._known.clear()
        self.changes += 1

    async def at(self, scopes: Iterable[Scope]) -> list[Mapping[str, Any]]:
        """The values of each scope, in their order; what is not at hand is read in one query."""
        scopes = list(scopes)
        known = {scope: values for scope in scopes if (values := self._known.get(scope)) is not None}
        missing = [scope for scope in scopes if scope not in known]
        if missing:
            known |= await self._read(missing)
        return [known[scope] for scope in scopes]

    async def _read(self, missing: list[Scope]) -> dict[Scope, Mapping[str, Any]]:
        asked = self.changes
        rows = await self._database.rows(
            "SELECT tier, subject, values FROM settings JOIN unnest($1::text[], $2::text[]) AS wanted(tier, subject)"
            " USING (tier, subject)",
            [scope.tier for scope in missing],
            [scope.subject for scope in missing],
        )
        found: dict[Scope, Mapping[str, Any]] = {scope: {} for scope in missing}
        found |= {Scope(row["tier"], row["subject"]): orjson.loads(row["values"]) for row in rows}
        if asked == self.changes:  # else something was changed meanwhile, and this may be what was before
            self._known.update(found)
        return found

    async def put(self, scope: Scope, key: str, value: object) -> None:
        await self._database.execute(
            "INSERT INTO settings (tier, subject, values) VALUES ($1, $2, jsonb_build_object($3::text, $4::jsonb))"
            " ON CONFLICT (tier, subject) DO UPDATE SET values = settings.values || excluded.values",
            scope.tier,
            scope.subject,
            key,
            orjson.dumps(value).decode(),
        )
        self.forget()

    async def clear(self, scope: Scope, key: str) -> None:
        await self._database.execute(
            "UPDATE settings SET values = values - $3::text WHERE tier = $1 AND subject = $2",
            scope.tier,
            scope.subject,
            key,
        )
        self.forget()
