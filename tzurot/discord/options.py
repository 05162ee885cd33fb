"""What commands take: options as declarations, how their values are read, and what is offered while people type."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import hikari
import lightbulb

from tzurot.discord.viewers import speaker_of
from tzurot.ui.ranking import Named, best_matches, labels

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tzurot.llm.providers import Providers
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.lorebooks import Lorebook, Lorebooks
    from tzurot.tables.people import Guise, People, Person
    from tzurot.tables.personas import Personas
    from tzurot.tables.presets import Preset, Presets
    from tzurot.ui.rights import Owners
    from tzurot.ui.viewer import Viewer

    Suggest = Callable[["Lookups", Person | None, str], Awaitable[Sequence[Named]]]
    Read = Callable[["Lookups", Viewer, Any], Awaitable[Any]]

OFFERED = 25
OPTION_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Where options find what people mean."""

    people: People
    characters: Characters
    personas: Personas
    lorebooks: Lorebooks
    presets: Presets
    providers: Providers
    owners: Owners


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`make` is lightbulb's function for the type; `default` None makes it optional, and is what is read then."""

    make: Callable[..., Any]
    description: str
    required: bool = True
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    suggest: Suggest | None = None
    find: Read | None = None

    def made(self, name: str, lookups: Lookups) -> Any:  # noqa: ANN401 - lightbulb's own
        """Lightbulb's option of that name."""
        given: dict[str, Any] = dict(self.limits)
        if not self.required:
            given["default"] = None
        if self.suggest is not None:
            given["autocomplete"] = _offering(self.suggest, lookups)
        return self.make(name.replace("_", "-"), self.description, **given)

    async def read(self, lookups: Lookups, viewer: Viewer, raw: Any) -> Any:  # noqa: ANN401
        if raw is None or self.find is None:
            return raw
        return await self.find(lookups, viewer, raw)


def _offering(suggest: Suggest, lookups: Lookups) -> Callable[..., Awaitable[None]]:
    async def offer(context: lightbulb.AutocompleteContext[str]) -> None:
        person = await lookups.people.find(speaker_of(context.interaction))
        typed = str(context.focused.value or "")
        found = best_matches(typed, await suggest(lookups, person, typed), OFFERED)
        await context.respond({label[:OPTION_LIMIT]: named.value for label, named in labels(found)})

    return offer


def text(
    description: str,
    *,
    limit: int = OPTION_LIMIT,
    required: bool = True,
    suggest: Suggest | None = None,
    find: Read | None = None,
) -> Option:
    """Words of the asker's own, or with `suggest` and `find` something that has a name."""
    return Option(
        make=lightbulb.string,
        description=description,
        required=required,
        limits={"max_length": limit},
        suggest=suggest,
        find=find,
    )


def number(description: str, *, lowest: int, highest: int, required: bool = True) -> Option:
    limits = {"min_value": lowest, "max_value": highest}
    return Option(make=lightbulb.integer, description=description, required=required, limits=limits)


def switch(description: str, *, required: bool = False) -> Option:
    return Option(make=lightbulb.boolean, description=description, required=required)


def choice(description: str, *choices: str, required: bool = True) -> Option:
    offered = [lightbulb.Choice(name, name) for name in choices]
    return Option(make=lightbulb.string, description=description, required=required, limits={"choices": offered})


def person(description: str, *, required: bool = True) -> Option:
    return Option(make=lightbulb.user, description=description, required=required)


def channel(description: str, *, required: bool = False) -> Option:
    kinds = [hikari.ChannelType.GUILD_TEXT, hikari.ChannelType.GUILD_NEWS, hikari.ChannelType.GUILD_PUBLIC_THREAD]
    return Option(make=lightbulb.channel, description=description, required=required, limits={"channel_types": kinds})


def file(description: str, *, required: bool = True) -> Option:
    return Option(make=lightbulb.attachment, description=description, required=required)


def character(description: str = "The character's name", *, edit: bool = False, required: bool = True) -> Option:
    """A character by name, read as its summary; with `edit` only one that the viewer may change."""
    suggest, find = (_editable, _editable_character) if edit else (_visible, _character)
    return text(description, required=required, suggest=suggest, find=find)


async def _visible(lookups: Lookups, person: Person | None, _: str) -> Sequence[Named]:
    """Those the asker may see, the ones they talked with last first."""
    user_id = person.user_id if person else None
    visible = await lookups.characters.visible_to(user_id)
    recent = await lookups.characters.recent(user_id) if user_id is not None else ()
    rank = {character_id: position for position, character_id in enumerate(recent)}
    return [_named(c) for c in sorted(visible, key=lambda c: rank.get(c.id, len(rank)))]


async def _editable(lookups: Lookups, person: Person | None, _: str) -> Sequence[Named]:
    if person is None:
        return []
    visible = await lookups.characters.visible_to(person.user_id)
    return [_named(c) for c in visible if lookups.owners.may_edit(person, c)]


def _by_id(name: str, subject: int) -> Named:
    return Named(name=name, value=str(subject))


def _named(summary: CharacterSummary) -> Named:
    return Named(name=summary.name, value=summary.slug)


async def _character(lookups: Lookups, viewer: Viewer, given: str) -> CharacterSummary:
    return await lookups.characters.by_slug(given, viewer.user_id)


async def _editable_character(lookups: Lookups, viewer: Viewer, given: str) -> CharacterSummary:
    summary = await lookups.characters.by_slug(given, viewer.user_id)
    lookups.owners.check_edit(viewer.person, summary)
    return summary


def persona(description: str = "A persona of yours") -> Option:
    """One of the asker's own personas, read as a Guise."""
    return text(description, suggest=_personas, find=_persona)


async def _personas(lookups: Lookups, person: Person | None, _: str) -> Sequence[Named]:
    found = await lookups.personas.of(person.user_id) if person is not None else ()
    return [_by_id(one.name, one.id) for one in found]


async def _persona(lookups: Lookups, viewer: Viewer, given: str) -> Guise:
    return await lookups.personas.find(viewer.user_id, given)


def preset(description: str = "A preset of yours or the host's") -> Option:
    return text(description, suggest=_presets, find=_preset)


async def _presets(lookups: Lookups, person: Person | None, _: str) -> Sequence[Named]:
    found = await lookups.presets.visible_to(person.user_id if person is not None else None)
    return [_by_id(one.name, one.id) for one in found]


async def _preset(lookups: Lookups, viewer: Viewer, given: str) -> Preset:
    return await lookups.presets.find(given, viewer.user_id)


def lorebook(description: str = "A lorebook of yours") -> Option:
    return text(description, suggest=_lorebooks, find=_lorebook)


async def _lorebooks(lookups: Lookups, person: Person | None, _: str) -> Sequence[Named]:
    found = await lookups.lorebooks.of(person.user_id) if person is not None else ()
    return [_by_id(one.name, one.id) for one in found]


async def _lorebook(lookups: Lookups, viewer: Viewer, given: str) -> Lorebook:
    return await lookups.lorebooks.find(viewer.user_id, given)


def provider(description: str = "Whose key", *, required: bool = False) -> Option:
    return text(description, limit=32, required=required, suggest=_providers)


async def _providers(lookups: Lookups, person: Person | None, _: str) -> Sequence[Named]:
    del person
    return [Named(name=name, value=name) for name in sorted(lookups.providers.all)]


def zone(description: str = "Your time zone, for example Europe/Berlin") -> Option:
    return text(description, limit=60, suggest=_zones)


async def _zones(lookups: Lookups, person: Person | None, typed: str) -> Sequence[Named]:
    del lookups, person
    zones = await asyncio.to_thread(available_timezones)
    places = sorted(zone for zone in zones if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/")))
    near = [zone for zone in places if typed.casefold().replace(" ", "_") in zone.casefold()]
    return [Named(name=zone.replace("_", " "), value=zone) for zone in ("UTC", *(near or places))]
