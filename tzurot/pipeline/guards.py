"""Who may be answered: denials of people, servers and channels, places where nobody is, measure, and age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter
from cachetools import LRUCache

from tzurot.errors import Refused, TooBusy, TzurotError
from tzurot.settings.catalog import AGE_RESTRICTED, ANSWERS, OF_AGE
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from tzurot.settings.cascade import Cascade
    from tzurot.tables.denials import Denial, Denials
    from tzurot.tables.settings import Tuned
    from tzurot.talk import Place


BUCKETS = 20_000


class Guards:
    """`told` remembers for a while who was told what, so that a notice is not repeated with every message."""

    def __init__(
        self,
        denials: Denials,
        cascade: Cascade,
        tuned: Tuned,
        told: MutableMapping[tuple[str, int, str], None],
        *,
        each_per_minute: int,
        place_per_minute: int,
    ) -> None:
        self._denials = denials
        self._cascade = cascade
        self._tuned = tuned
        self._told = told
        self._buckets: LRUCache[tuple[str, str], AsyncLimiter] = LRUCache(BUCKETS)
        self._limits = {"person": each_per_minute, "place": place_per_minute}

    def has_room(self, external_id: str, place: Place) -> bool:
        """Whether a turn more would be within the measure; nothing is counted."""
        buckets = (self._bucket("person", external_id), self._bucket("place", place.key))
        return place.front != "discord" or all(bucket.has_capacity() for bucket in buckets)

    async def takes_a_turn(self, external_id: str, place: Place) -> None:
        """Count a turn.

        Raises:
            TooBusy: the person, or the place, has had too many lately.

        """
        if place.front != "discord":
            return
        if not self.has_room(external_id, place):
            raise TooBusy("turns.too_fast", "That was a lot in a short time.", "Let me catch my breath for a minute.")
        for bucket in (self._bucket("person", external_id), self._bucket("place", place.key)):
            await bucket.acquire()

    def _bucket(self, kind: str, whose: str) -> AsyncLimiter:
        known = self._buckets.get((kind, whose))
        if known is None:
            known = self._buckets[kind, whose] = AsyncLimiter(self._limits[kind], 60)
        return known

    async def keeps_out(self, external_id: str, place: Place, character_id: int | None = None) -> TzurotError | None:
        """What keeps somebody from an answer in that place; None where nothing does. Only Discord has guards."""
        if place.front != "discord":
            return None
        denial = await self._denials.of(
            user=int(external_id),
            server=place.guild_id,
            channels=(place.channel_id, *((place.parent_id,) if place.parent_id else ())),
            character_id=character_id,
        )
        if denial is not None:
            return denied(denial)
        if (await self._cascade.of(place=place))[ANSWERS] == "nobody":
            return Refused(
                "place.closed",
                "Characters do not answer in this channel.",
                "Try another channel, or ask its managers: /channel restrict.",
            )
        return None

    async def is_old_enough(self, user_id: int, place: Place, character_id: int) -> None:
        """Note that somebody is let into an age-restricted channel, and keep such characters from everybody else.

        Raises:
            Refused: the character is age-restricted, and this is not where, or not for whom, it speaks.

        """
        if place.front != "discord":
            return
        settings = await self._cascade.of(place=place, character_id=character_id, user_id=user_id)
        if place.age_restricted:
            if not settings[OF_AGE]:
                await self._tuned.put(Scope(Tier.USER.key, str(user_id)), OF_AGE.key, value=True)
        elif settings[AGE_RESTRICTED] and place.guild_id is not None:
            raise Refused(
                "age.place",
                "That character is age-restricted and keeps quiet here.",
                "Talk with it in an age-restricted channel, or in private.",
            )
        elif settings[AGE_RESTRICTED] and not settings[OF_AGE]:
            raise Refused(
                "age.unknown",
                "That character is age-restricted, and I do not know your age.",
                "Speak to any character in an age-restricted channel once: Discord lets only adults in there.",
            )

    def is_news(self, external_id: str, place: Place, error: TzurotError) -> bool:
        """Whether somebody was not told this here lately."""
        key = (external_id, place.channel_id, error.code)
        if key in self._told:
            return False
        self._told[key] = None
        return True


def denied(denial: Denial) -> Refused:
    """How a denied person is told."""
    where = {"bot": "", "server": " in this server", "channel": " in this channel", "character": " by this character"}
    until = f" until <t:{int(denial.expires_at.timestamp())}:f>" if denial.expires_at else ""
    reason = f" The reason given: {denial.reason}" if denial.reason else ""
    sentence = f"You are not answered{where[denial.scope]}{until}.{reason}"
    return Refused("denied", sentence, "Ask those who manage it.")
