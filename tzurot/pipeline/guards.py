"""Who may be answered: denials of people, servers and channels, and places where nobody is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.errors import Refused, TzurotError
from tzurot.settings.catalog import ANSWERS

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from tzurot.settings.cascade import Cascade
    from tzurot.tables.denials import Denial, Denials
    from tzurot.talk import Place


class Guards:
    """`told` remembers for a while who was told what, so that a notice is not repeated with every message."""

    def __init__(self, denials: Denials, cascade: Cascade, told: MutableMapping[tuple[str, int, str], None]) -> None:
        self._denials = denials
        self._cascade = cascade
        self._told = told

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
