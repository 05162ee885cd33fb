"""Users and their personas: who somebody is on a front, and how characters see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachetools import LRUCache
from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from tzurot.database.connect import Database
    from tzurot.talk import Speaker

CACHED_PEOPLE = 5000
NAME_LENGTH = 100


class User(Model):
    id = fields.BigIntField(primary_key=True)
    front = fields.CharField(max_length=16)
    external_id = fields.CharField(max_length=64)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "users"
        unique_together = (("front", "external_id"),)


class Persona(Model):
    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("tzurot.User", "personas")
    name = fields.CharField(max_length=NAME_LENGTH)
    description = fields.TextField(default="")
    is_default = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "personas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user with the persona they speak as."""

    user_id: int
    external_id: str
    persona_id: int
    name: str
    description: str = ""


class People:
    """Known people, cached; first contact makes a user and a default persona named as the front names them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: LRUCache[tuple[str, str], Person] = LRUCache(CACHED_PEOPLE)

    def forget(self) -> None:
        """Drop the cache: something changed while nobody listened."""
        self._cache.clear()

    async def meet(self, speaker: Speaker) -> Person:
        """The person behind a speaker, made at first contact."""
        known = await self.find(speaker)
        if known is None:
            known = self._cache[speaker.front, speaker.external_id] = await self._make(speaker)
        return known

    async def find(self, speaker: Speaker) -> Person | None:
        """The person behind a speaker, if they have been here: bystanders leave no trace."""
        key = (speaker.front, speaker.external_id)
        known = self._cache.get(key)
        if known is None and (known := await self._find(speaker)) is not None:
            self._cache[key] = known
        return known

    async def _find(self, speaker: Speaker) -> Person | None:
        row = await self._database.row(
            "SELECT u.id AS user_id, u.external_id, p.id AS persona_id, p.name, p.description FROM users u"
            " JOIN personas p ON p.user_id = u.id AND p.is_default"
            " WHERE u.front = $1 AND u.external_id = $2 ORDER BY p.id LIMIT 1",
            speaker.front,
            speaker.external_id,
        )
        return Person(**row) if row is not None else None

    async def _make(self, speaker: Speaker) -> Person:
        async with self._database.transaction() as connection:
            user_id = await connection.fetchval(
                "INSERT INTO users (front, external_id, created_at) VALUES ($1, $2, now())"
                " ON CONFLICT (front, external_id) DO UPDATE SET front = excluded.front RETURNING id",
                speaker.front,
                speaker.external_id,
            )
            # the row of the user is locked by the statement above: of two first contacts one waits here
            row = await connection.fetchrow(
                "WITH known AS (SELECT id, name, description FROM personas WHERE user_id = $1 AND is_default),"
                " made AS (INSERT INTO personas (user_id, name, description, is_default, created_at)"
                "  SELECT $1, $2, '', TRUE, now() WHERE NOT EXISTS (SELECT FROM known)"
                "  RETURNING id, name, description)"
                " SELECT * FROM known UNION ALL SELECT * FROM made LIMIT 1",
                user_id,
                speaker.name[:NAME_LENGTH] or "Somebody",
            )
        assert row is not None
        return Person(
            user_id=user_id,
            external_id=speaker.external_id,
            persona_id=row["id"],
            name=row["name"],
            description=row["description"],
        )
