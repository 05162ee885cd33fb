"""Which characters a message addresses, and why."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from tzurot.errors import NotFound
from tzurot.pipeline.mentions import ADDRESSED_AT_MOST, Addressable, Roll
from tzurot.pipeline.speaking_order import Member, Occasion, next_speakers
from tzurot.pipeline.turn import ACTIVE, DM, FIRST_DM
from tzurot.settings.catalog import ANSWERS, TALKATIVENESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.settings.cascade import Cascade
    from tzurot.tables.aliases import Aliases
    from tzurot.tables.channels import Activations
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.turns import Ledger
    from tzurot.talk import Incoming, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    character_id: int
    reason: str


class Triggers:
    """The replied-to character, then `@Name` from left to right; a bare mention or a DM goes to the usual one.

    What addresses nobody is for the characters that are active there.
    """

    def __init__(
        self,
        *,
        characters: Characters,
        aliases: Aliases,
        activations: Activations,
        cascade: Cascade,
        ledger: Ledger,
        default_slug: str,
        dice: Random | None = None,
    ) -> None:
        self._characters = characters
        self._aliases = aliases
        self._activations = activations
        self._cascade = cascade
        self._ledger = ledger
        self._default_slug = default_slug
        self._dice = dice or Random()  # noqa: S311 - who feels like talking is no secret
        self._roll: tuple[object, Roll] | None = None

    async def __call__(self, incoming: Incoming, user_id: int | None) -> tuple[Addressed, ...]:
        said = incoming.utterance
        addressed: dict[int, str] = {}
        if said.reply_to is not None:
            answered = await self._ledger.speaker_of(said.reply_to.message_id)
            if answered is not None:
                addressed[answered[0]] = "reply"
        if "@" in said.text:
            for name in await self._named(said.text, user_id):
                addressed.setdefault(name, "mention")
        if not addressed and said.place.kind == "dm":
            # the character that spoke there last goes on
            last = await self._ledger.last_character(said.place)
            addressed[last or (await self.default(user_id)).id] = DM if last else FIRST_DM
        elif not addressed and incoming.mentions_bot:
            addressed[(await self.default(user_id)).id] = "bot mention"
        elif not addressed and said.speaker.kind == "human":
            addressed = dict.fromkeys(await self._active(said.place, user_id, said.text), ACTIVE)
        named = (Addressed(character_id=key, reason=reason) for key, reason in addressed.items())
        return tuple(islice(named, ADDRESSED_AT_MOST))

    async def _named(self, text: str, user_id: int | None) -> list[int]:
        # one's own character before another of the same name, the older before the newer: a name is not captured
        visible = await self._characters.visible_to(user_id)
        visible = tuple(sorted(visible, key=lambda c: user_id is None or c.owner_id != user_id))
        aliases = await self._aliases.for_user(user_id)
        if self._roll is None or self._roll[0] != (visible, aliases):
            called: dict[int, tuple[str, ...]] = {}
            for alias in aliases:
                called[alias.character_id] = (*called.get(alias.character_id, ()), alias.alias)
            people = [Addressable(name=c.name, slug=c.slug, key=c.id, aliases=called.get(c.id, ())) for c in visible]
            self._roll = (visible, aliases), Roll(people)
        return [int(str(found.key)) for found in self._roll[1].addressed(text)]

    async def _active(self, place: Place, user_id: int | None, text: str) -> list[int]:
        """Who of them feels like answering what a person said."""
        members = await self._members(place, user_id)
        if len(members) > 1:
            members = next_speakers(members, Occasion(text=text, by_person=True), self._dice)
        return [int(str(member.key)) for member in members]

    async def after(self, character_id: int, text: str, place: Place, user_id: int | None) -> list[int]:
        """Who of those that are active there answers what one of them said; nobody where it is alone."""
        members = await self._members(place, user_id)
        if len(members) <= 1:
            return []
        occasion = Occasion(text=text, by_person=False, last_speaker=character_id)
        return [int(str(member.key)) for member in next_speakers(members, occasion, self._dice)]

    async def _members(self, place: Place, user_id: int | None) -> Sequence[Member]:
        """Those who answer everything there, a thread's own or else its channel's; the asker has to see them."""
        active = await self._activations.of(place.channel_id)
        if not active and place.parent_id is not None:
            active = await self._activations.of(place.parent_id)
        if not active or (await self._cascade.of(place=place))[ANSWERS] != "all":
            return ()
        visible = {character.id: character.name for character in await self._characters.visible_to(user_id)}
        return [
            Member(
                name=visible[character_id],
                key=character_id,
                talkativeness=(await self._cascade.of(place=place, character_id=character_id))[TALKATIVENESS],
            )
            for character_id in active
            if character_id in visible
        ]

    async def default(self, user_id: int | None) -> CharacterSummary:
        """The character that answers a bare mention.

        Raises:
            NotFound: there is no character at all.

        """
        try:
            return await self._characters.by_slug(self._default_slug, user_id)
        except NotFound:
            visible = await self._characters.visible_to(user_id)
            if not visible:
                raise NotFound(
                    "character.none", "There is no character here yet.", "Make one with /character create."
                ) from None
            return visible[0]
