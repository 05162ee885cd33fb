"""Users and their personas: who somebody is on a front, and how characters see them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cachetools import LRUCache, TTLCache

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.database.connect import Database, Row
    from tzurot.talk import Speaker

CACHED_PEOPLE = 5000
LATELY = 500  # lines
PLACES, PRESENT_S = 1000, 60
NAME_LENGTH = 100
PRONOUNS_LENGTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Guise:
    """A persona as characters see it."""

    id: int
    name: str
    description: str = ""
    pronouns: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user with the persona they speak as; `guises` are personas for certain characters, by the character's id."""

    user_id: int
    external_id: str
    persona_id: int
    name: str
    description: str = ""
    pronouns: str = ""
    guises: Mapping[int, Guise] = field(default_factory=dict[int, Guise], compare=False)

    def towards(self, character_id: int) -> Person:
        """The same user as that character knows them."""
        guise = self.guises.get(character_id)
        return self if guise is None else self.wearing(guise)

    def wearing(self, guise: Guise) -> Person:
        return replace(
            self, persona_id=guise.id, name=guise.name, description=guise.description, pronouns=guise.pronouns
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody else of a conversation, as they describe themselves."""

    name: str
    pronouns: str
    description: str


PRESENT = (
    "SELECT DISTINCT p.name, p.pronouns, p.description FROM personas p WHERE p.name = ANY($2)"
    " AND (p.pronouns <> '' OR p.description <> '') AND p.id IN"
    "  (SELECT persona_id FROM messages WHERE place = $1 ORDER BY id DESC LIMIT $3) ORDER BY p.name"
)
FIND = (
    "SELECT u.id AS user_id, u.external_id, p.id AS persona_id, p.name, p.description, p.pronouns, array(SELECT"
    "  (o.character_id, g.id, g.name, g.description, g.pronouns) FROM persona_overrides o"
    "  JOIN personas g ON g.id = o.persona_id WHERE o.user_id = u.id) AS guises FROM users u"
    " JOIN personas p ON p.user_id = u.id AND p.is_default"
    " WHERE u.front = $1 AND u.external_id = $2 ORDER BY p.id LIMIT 1"
)


class People:
    """Known people, cached; first contact makes a user and a default persona named as the front names them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: LRUCache[tuple[str, str], Person] = LRUCache(CACHED_PEOPLE)
        self._present: TTLCache[tuple[str, frozenset[str]], tuple[Participant, ...]] = TTLCache(PLACES, PRESENT_S)
        self._forgotten = 0

    def forget(self) -> None:
        """Drop the cache: a persona was changed, here or in another process."""
        self._cache.clear()
        self._present.clear()
        self._forgotten += 1

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
        if known is None:
            asked = self._forgotten
            row = await self._database.row(FIND, speaker.front, speaker.external_id)
            known = _person(row) if row is not None else None
            if known is not None and asked == self._forgotten:
                self._cache[key] = known
        return known

    async def present(self, place: str, names: frozenset[str]) -> tuple[Participant, ...]:
        """Those of these names who have said something in a place lately and told something about themselves."""
        known = self._present.get((place, names))
        if known is None:
            asked = self._forgotten
            rows = await self._database.rows(PRESENT, place, list(names), LATELY)
            known = tuple(Participant(**row) for row in rows)
            if asked == self._forgotten:
                self._present[place, names] = known
        return known

    async def _make(self, speaker: Speaker) -> Person:
        async with self._database.transaction() as connection:
            user_id = await connection.fetchval(
                "INSERT INTO users (front, external_id, created_at) VALUES ($1, $2, now())"
                " ON CONFLICT (front, external_id) DO UPDATE SET front = excluded.front RETURNING id",
                speaker.front,
                speaker.external_id,
            )
            # the row of the user is locked by the statement above: of two first contacts one waits here
            await connection.execute(
                "INSERT INTO personas (user_id, name, description, pronouns, is_default, created_at)"
                " SELECT $1, $2, '', '', TRUE, now()"
                " WHERE NOT EXISTS (SELECT FROM personas WHERE user_id = $1 AND is_default)",
                user_id,
                speaker.name[:NAME_LENGTH] or "Somebody",
            )
            row = await connection.fetchrow(FIND, speaker.front, speaker.external_id)
        assert row is not None
        return _person(row)

    async def external_id(self, user_id: int) -> str | None:
        """A user's id on their front."""
        return await self._database.value("SELECT external_id FROM users WHERE id = $1", user_id)


def _person(row: Row) -> Person:
    values = dict(row)
    guises = {
        character_id: Guise(id=guise_id, name=name, description=description, pronouns=pronouns)
        for character_id, guise_id, name, description, pronouns in values.pop("guises")
    }
    return Person(**values, guises=guises)
