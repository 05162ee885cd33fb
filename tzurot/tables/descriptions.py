"""What pictures show, in words, by the hash of the picture: no model looks twice at the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from tzurot.database.connect import Database


class Descriptions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: str) -> str | None:
        return await self._database.value("SELECT text FROM descriptions WHERE digest = $1", digest)

    async def keep(self, digest: str, text: str, model: str) -> None:
        await self._database.execute(
            "INSERT INTO descriptions (digest, text, model, described_at) VALUES ($1, $2, $3, now())"
            " ON CONFLICT (digest) DO NOTHING",
            digest,
            text,
            model[:255],
        )

    async def prune(self, older_than: timedelta) -> None:
        """Forget what was made long ago: a picture that comes again is looked at again."""
        await self._database.execute("DELETE FROM descriptions WHERE described_at < now() - $1::interval", older_than)
