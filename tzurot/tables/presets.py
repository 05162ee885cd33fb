"""Presets: a model and its samplers under a name, one's own or the host's for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from cachetools import LRUCache

from tzurot.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.database.connect import Database, Row

CACHED = 2000
NAME_LENGTH = 100
PRESETS_EACH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """`owner_id` None: the host's, for everybody. `values` as `llm.preset` reads them."""

    id: int
    owner_id: int | None
    name: str
    values: Mapping[str, Any]


class Presets:
    """Presets by id, cached until somebody announces a change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: LRUCache[int, Preset] = LRUCache(CACHED)

    def forget(self) -> None:
        self._known.clear()

    async def visible_to(self, user_id: int | None) -> tuple[Preset, ...]:
        """One's own, then the host's."""
        rows = await self._database.rows(
            "SELECT id, owner_id, name, values FROM presets WHERE owner_id IS NULL OR owner_id = $1"
            " ORDER BY owner_id IS NULL, lower(name), id",
            user_id,
        )
        return tuple(_preset(row) for row in rows)

    async def get(self, preset_id: int) -> Preset:
        """Raises NotFound where it was deleted."""
        known = self._known.get(preset_id)
        if known is None:
            row = await self._database.row("SELECT id, owner_id, name, values FROM presets WHERE id = $1", preset_id)
            if row is None:
                raise gone()
            known = self._known[preset_id] = _preset(row)
        return known

    async def known(self, preset_id: int) -> Preset | None:
        """The preset of a setting: None where none is set, or it was deleted since."""
        try:
            return await self.get(preset_id) if preset_id else None
        except NotFound:
            return None

    async def find(self, given: str, user_id: int) -> Preset:
        """A visible one by id or name.

        Raises:
            NotFound: there is none.

        """
        visible = await self.visible_to(user_id)
        wanted = given.strip().casefold()
        found = next((p for p in visible if str(p.id) == wanted or p.name.casefold() == wanted), None)
        if found is None:
            raise NotFound("preset.unknown", f"There is no preset “{given[:60]}”.", "Look with /preset browse.")
        return found

    async def add(self, owner_id: int | None, name: str, values: Mapping[str, Any]) -> Preset:
        """Raises Invalid where the name is taken, or there are too many."""
        row = await self._database.row(
            "INSERT INTO presets (owner_id, name, values, created_at) SELECT $1::bigint, $2::text, $3::jsonb, now()"
            " WHERE NOT EXISTS (SELECT FROM presets WHERE owner_id IS NOT DISTINCT FROM $1 AND name = $2)"
            " AND (SELECT count(*) FROM presets WHERE owner_id = $1) < $4"
            " ON CONFLICT DO NOTHING RETURNING id, owner_id, name, values",
            owner_id,
            name,
            orjson.dumps(values).decode(),
            PRESETS_EACH,
        )
        if row is None:
            raise Invalid(
                "preset.name_taken",
                f"There is a preset “{name}” already, or you have {PRESETS_EACH} of them.",
                "Choose another name, or delete one.",
            )
        return _preset(row)

    async def change(self, preset_id: int, name: str, values: Mapping[str, Any]) -> None:
        await self._database.execute(
            "UPDATE presets SET name = $2, values = $3 WHERE id = $1", preset_id, name, orjson.dumps(values).decode()
        )
        self.forget()

    async def delete(self, preset_id: int) -> None:
        await self._database.execute("DELETE FROM presets WHERE id = $1", preset_id)
        self.forget()


def gone() -> NotFound:
    return NotFound("preset.deleted", "That preset no longer exists.", "Choose another one with /preset browse.")


def _preset(row: Row) -> Preset:
    return Preset(id=row["id"], owner_id=row["owner_id"], name=row["name"], values=orjson.loads(row["values"]))
