"""Who looks at a screen or runs a command, and what they may do where they do it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tzurot.errors import Refused

if TYPE_CHECKING:
    from tzurot.tables.people import Person


class Power(Enum):
    """What somebody is allowed beyond what anybody is; each value is the words of its refusal."""

    BOT_OWNER = "the owner of this bot"
    SERVER_MANAGER = "people who may manage this server"
    CHANNEL_MANAGER = "people who may manage this channel or its messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person with their powers in the place where they are; `front_id` is their id on the front.

    In a DM the person manages the channel, and there is no server (`server_id` None).
    """

    person: Person
    front_id: int
    powers: frozenset[Power]
    channel_id: int
    server_id: int | None = None
    parent_id: int | None = None

    @property
    def user_id(self) -> int:
        return self.person.user_id

    def has(self, power: Power) -> bool:
        return power in self.powers

    def needs(self, power: Power) -> None:
        """Raises Refused without the power."""
        check(self.powers, power)


def check(powers: frozenset[Power], power: Power) -> None:
    """Raises Refused where the power is not among them."""
    if power not in powers:
        raise Refused("rights.missing", f"This is for {power.value}.", "Ask one of them.")
