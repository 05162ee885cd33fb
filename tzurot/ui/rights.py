"""Who may change what: whoever made a thing, and the owners of the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.errors import Refused

if TYPE_CHECKING:
    from tzurot.tables.characters import CharacterSummary
    from tzurot.tables.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The owners of the bot, by the front's ids."""

    external_ids: frozenset[str]

    def includes(self, person: Person) -> bool:
        return person.external_id in self.external_ids

    def may_edit(self, person: Person, character: CharacterSummary) -> bool:
        return character.owner_id == person.user_id or self.includes(person)

    def check_edit(self, person: Person, character: CharacterSummary) -> None:
        """Raises Refused where the person may not change that character."""
        if not self.may_edit(person, character):
            raise Refused(
                "character.not_yours",
                f"You may not change “{character.name}”.",
                "Only whoever made a character, or the bot's owner, can.",
            )
