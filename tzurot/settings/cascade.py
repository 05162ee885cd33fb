"""Which value holds, and whose it is: the host's, the character's, the server's, the channel's or the person's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from cachetools import LRUCache

from tzurot.settings.catalog import ALL
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.settings.setting import Setting
    from tzurot.tables.settings import Tuned
    from tzurot.talk import Place

ValueT = TypeVar("ValueT")
CACHED = 10_000
DEFAULT, CONFIGURED = "the default", "config.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The settings that hold for one question: `values` and `sources` by key, only where they are not the default's."""

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, setting: Setting[ValueT]) -> ValueT:
        return self.values.get(setting.key, setting.default)

    def source(self, setting: Setting[Any]) -> str:
        """Where the value comes from, as people are told."""
        return self.sources.get(setting.key, DEFAULT)


def scopes_of(
    *,
    place: Place | None = None,
    character_id: int | None = None,
    user_id: int | None = None,
) -> tuple[tuple[Tier, Scope], ...]:
    """Whose values count, from the lowest tier to the highest; a thread's own come after its channel's."""
    scopes = [(Tier.OPERATOR, "")]
    if character_id is not None:
        scopes.append((Tier.CHARACTER, str(character_id)))
    if place is not None:
        if place.guild_id is not None:
            scopes.append((Tier.SERVER, str(place.guild_id)))
        if place.parent_id is not None:
            scopes.append((Tier.CHANNEL, str(place.parent_id)))
        scopes.append((Tier.CHANNEL, str(place.channel_id)))
    if user_id is not None:
        scopes.append((Tier.USER, str(user_id)))
        if character_id is not None:
            scopes.append((Tier.USER_CHARACTER, f"{user_id}:{character_id}"))
    return tuple((tier, Scope(tier.key, subject)) for tier, subject in scopes)


class Cascade:
    """`configured` are values of config.toml by key: below every tier, above the defaults."""

    def __init__(self, tuned: Tuned, configured: Mapping[str, Any] | None = None) -> None:
        self._tuned = tuned
        self._configured = dict(configured or {})
        self._known: LRUCache[object, tuple[int, Resolved]] = LRUCache(CACHED)

    async def of(
        self, *, place: Place | None = None, character_id: int | None = None, user_id: int | None = None
    ) -> Resolved:
        """What holds for a person who talks with a character in a place; each may be left open."""
        question = place and (place.guild_id, place.parent_id, place.channel_id), character_id, user_id
        as_of = self._tuned.changes
        known = self._known.get(question)
        if known is None or known[0] != as_of:
            scopes = scopes_of(place=place, character_id=character_id, user_id=user_id)
            known = as_of, self.resolved(scopes, await self._tuned.at([scope for _, scope in scopes]))
            self._known[question] = known
        return known[1]

    def resolved(self, scopes: tuple[tuple[Tier, Scope], ...], values: list[Mapping[str, Any]]) -> Resolved:
        found = dict(self._configured)
        sources = dict.fromkeys(found, CONFIGURED)
        for (tier, _), given in zip(scopes, values, strict=True):
            if not given:
                continue
            for setting in ALL:
                if setting.key in given and tier in setting.tiers:
                    value = setting.kept(given[setting.key])
                    if value is not None:
                        found[setting.key] = value
                        sources[setting.key] = tier.label
        return Resolved(values=found, sources=sources)
