"""Options that several commands take, made by functions: lightbulb does not let commands inherit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lightbulb

from tzurot.discord.components import speaker_of_interaction
from tzurot.tables.characters import Characters
from tzurot.tables.people import People

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.tables.characters import CharacterSummary

OFFERED = 25
OPTION_LIMIT = 100
ALIKE = 60


def character(description: str = "The character's name") -> str:
    """A character by name; suggestions are those the asker may see, best match first."""
    return lightbulb.string(
        "character",
        description,
        autocomplete=suggest_characters,  # pyright: ignore[reportArgumentType] - the rest is injected
        max_length=OPTION_LIMIT,
    )


async def suggest_characters(ctx: lightbulb.AutocompleteContext[str], people: People, characters: Characters) -> None:
    person = await people.find(speaker_of_interaction(ctx.interaction))
    typed = str(ctx.focused.value or "")
    ranked = best_matches(typed, await characters.visible_to(person.user_id if person else None))
    names = [character.name for character in ranked]
    await ctx.respond(
        {
            (character.name if names.count(character.name) == 1 else f"{character.name} ({character.slug})")[
                :OPTION_LIMIT
            ]: character.slug
            for character in ranked
        }
    )


def best_matches(typed: str, characters: Sequence[CharacterSummary], limit: int = OFFERED) -> list[CharacterSummary]:
    """The same name first, then names that begin so, words that begin so, and what is spelled alike."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - 40 modules that a bot needs when somebody first types a name

    wanted = typed.strip().casefold()
    if not wanted:
        return list(characters[:limit])

    def rank(character: CharacterSummary) -> tuple[int, float]:
        name = character.name.casefold()
        alike = max(fuzz.partial_ratio(wanted, name), fuzz.partial_ratio(wanted, character.slug))
        if wanted in (name, character.slug):
            return 0, -alike
        if name.startswith(wanted) or character.slug.startswith(wanted):
            return 1, -alike
        if any(word.startswith(wanted) for word in name.split()):
            return 2, -alike
        return (3, -alike) if alike >= ALIKE else (4, -alike)

    ranked = sorted(characters, key=rank)
    return [character for character in ranked if rank(character)[0] <= 3][:limit]  # noqa: PLR2004 - the last rank
