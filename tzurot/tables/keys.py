"""API keys at rest: sealed by the vault before they come here, one for each person and provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachetools import LRUCache

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Database
    from tzurot.vault import Sealed, Vault

CACHED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNote:
    """That there is a key; never what it is."""

    provider: str
    created_at: datetime
    tested_at: datetime | None


class ApiKeys:
    """Sealed keys, cached as they are stored; a key is opened for the request that needs it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._known: LRUCache[int, dict[str, Sealed]] = LRUCache(CACHED)

    def forget(self) -> None:
        self._known.clear()

    async def providers(self, user_id: int) -> frozenset[str]:
        """For which providers somebody has a key."""
        return frozenset(await self._of(user_id))

    async def open(self, user_id: int, provider: str) -> str | None:
        """The key itself, or None where there is none.

        Raises:
            Invalid: it was sealed with a key of the vault that is no longer there.

        """
        sealed = (await self._of(user_id)).get(provider)
        return self._vault.open(sealed, _bound_to(user_id, provider)) if sealed is not None else None

    async def put(self, user_id: int, provider: str, key: str) -> None:
        """Keep a key that was just found to work, in place of an older one."""
        sealed = self._vault.seal(key, _bound_to(user_id, provider))
        await self._database.execute(
            "INSERT INTO api_keys (user_id, provider, key_id, nonce, sealed, created_at, tested_at)"
            " VALUES ($1, $2, $3, $4, $5, now(), now()) ON CONFLICT (user_id, provider) DO UPDATE SET"
            " key_id = excluded.key_id, nonce = excluded.nonce, sealed = excluded.sealed,"
            " created_at = now(), tested_at = now()",
            user_id,
            provider,
            *sealed,
        )
        self.forget()

    async def tested(self, user_id: int, provider: str) -> None:
        await self._database.execute(
            "UPDATE api_keys SET tested_at = now() WHERE user_id = $1 AND provider = $2", user_id, provider
        )

    async def remove(self, user_id: int, provider: str) -> bool:
        """Whether there was one."""
        removed = await self._database.value(
            "DELETE FROM api_keys WHERE user_id = $1 AND provider = $2 RETURNING id", user_id, provider
        )
        self.forget()
        return removed is not None

    async def notes(self, user_id: int) -> tuple[KeyNote, ...]:
        rows = await self._database.rows(
            "SELECT provider, created_at, tested_at FROM api_keys WHERE user_id = $1 ORDER BY provider", user_id
        )
        return tuple(KeyNote(**row) for row in rows)

    async def _of(self, user_id: int) -> dict[str, Sealed]:
        from tzurot.vault import Sealed  # noqa: PLC0415 - cryptography only where somebody has a key

        known = self._known.get(user_id)
        if known is None:
            rows = await self._database.rows(
                "SELECT provider, key_id, nonce, sealed FROM api_keys WHERE user_id = $1", user_id
            )
            known = {row["provider"]: Sealed(row["key_id"], row["nonce"], row["sealed"]) for row in rows}
            self._known[user_id] = known
        return known


def _bound_to(user_id: int, provider: str) -> str:
    """What a sealed key is bound to: moved to another person or provider it cannot be opened."""
    return f"api_keys:{user_id}:{provider}"
