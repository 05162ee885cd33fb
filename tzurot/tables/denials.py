"""Who is not answered, where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from tzurot.tables.kept import Kept

if TYPE_CHECKING:
    from tzurot.database.connect import Database

TargetKind = Literal["user", "server", "channel"]
DenialScope = Literal["bot", "server", "channel", "character"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """`target` is a front's id; `scope_id` the server, channel or character it holds for, 0 for the whole bot."""

    id: int
    kind: TargetKind
    target: int
    scope: DenialScope
    scope_id: int
    reason: str
    expires_at: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


class Denials:
    """All denials, held in memory: every message asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = Kept(self._read)
        self.forget = self._kept.forget

    async def all(self) -> dict[tuple[str, int], list[Denial]]:
        """By kind and target, those that expired among them."""
        return await self._kept.get()

    async def _read(self) -> dict[tuple[str, int], list[Denial]]:
        rows = await self._database.rows(
            "SELECT id, kind, target, scope, scope_id, reason, expires_at FROM denials ORDER BY id"
        )
        known: dict[tuple[str, int], list[Denial]] = {}
        for row in rows:
            known.setdefault((row["kind"], row["target"]), []).append(Denial(**row))
        return known

    async def of(
        self, *, user: int, server: int | None, channels: tuple[int, ...], character_id: int | None
    ) -> Denial | None:
        """What keeps a person from an answer in that place, if anything does."""
        known = await self.all()
        if not known:
            return None
        now = datetime.now(UTC)
        places = [("server", server or 0), *(("channel", channel) for channel in channels)]
        where = {("bot", 0), ("character", character_id or 0), *places}
        for target in [("user", user), *places]:
            for denial in known.get(target, ()):
                if denial.holds(now) and (denial.scope, denial.scope_id) in where:
                    return denial
        return None

    async def add(
        self,
        kind: TargetKind,
        target: int,
        scope: DenialScope,
        scope_id: int,
        *,
        reason: str,
        expires_at: datetime | None,
    ) -> None:
        """A second denial of the same kind takes the first one's place."""
        await self._database.execute(
            "INSERT INTO denials (kind, target, scope, scope_id, reason, expires_at, denied_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, now()) ON CONFLICT (kind, target, scope, scope_id)"
            " DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at, denied_at = now()",
            kind,
            target,
            scope,
            scope_id,
            reason,
            expires_at,
        )
        self.forget()

    async def remove(self, denial_id: int) -> bool:
        """Whether there was one."""
        removed = await self._database.value("DELETE FROM denials WHERE id = $1 RETURNING id", denial_id)
        self.forget()
        return removed is not None
