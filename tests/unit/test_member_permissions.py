"""A member's rights in a channel by Discord's own rules, on hikari's real objects.

https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import hikari
import pytest
from hikari import Permissions

from tests.loopback import shapes
from tests.loopback.permissions import EVERYTHING, in_channel
from tests.loopback.world import World
from tzurot.discord.permissions import READ, invite_link, needed, of_member
from tzurot.tables.characters import CharacterSummary
from tzurot.tables.people import Person
from tzurot.ui.rights import Owners

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.loopback.model import Channel, Guild, Role, User

VIEW, HISTORY, SEND, ADMIN = (
    int(right)
    for right in (
        Permissions.VIEW_CHANNEL,
        Permissions.READ_MESSAGE_HISTORY,
        Permissions.SEND_MESSAGES,
        Permissions.ADMINISTRATOR,
    )
)


@pytest.fixture(scope="module")
def bot() -> hikari.GatewayBot:
    """The library's cache and readers; it never connects."""
    return hikari.GatewayBot("MTIz.abc.def", banner=None, suppress_optimization_warning=True)


class Town:
    """A guild with a sailor role, a guard role, and Bob as a member with both."""

    def __init__(self, *, everyone: int = 0, sailor: int = 0, guard: int = 0) -> None:
        self.world = World()
        self.bob: User = self.world.add_user("Rob")
        self.guild: Guild = self.world.add_guild("Town", self.world.alice)
        self.guild.roles[self.guild.id].permissions = everyone
        self.sailor: Role = self.world.add_role(self.guild, "sailor", sailor)
        self.guard: Role = self.world.add_role(self.guild, "guard", guard)
        self.world.add_member(self.guild, self.bob, roles=[self.sailor, self.guard], quietly=True)

    def channel(self, overwrites: Mapping[str, tuple[int, int]]) -> Channel:
        """Overwrites as (allow, deny) for everyone, sailor, guard, bob."""
        whom: dict[str, User | Role | Guild] = {
            "everyone": self.guild,
            "sailor": self.sailor,
            "guard": self.guard,
            "bob": self.bob,
        }
        return self.world.add_channel(
            "pier", guild=self.guild, overwrites={whom[name]: rights for name, rights in overwrites.items()}
        )


def rights(bot: hikari.GatewayBot, town: Town, channel: Channel, who: User | None = None) -> int:
    """What the product computes from what Discord would have sent."""
    read = bot.entity_factory
    create = shapes.guild_create(town.guild, town.world.bot.id, [])
    definition = read.deserialize_gateway_guild(create, user_id=hikari.Snowflake(town.world.bot.id))
    guild = definition.guild()
    for role in definition.roles().values():
        bot.cache.set_role(role)  # pyright: ignore[reportAttributeAccessIssue]
    member = read.deserialize_member(
        shapes.member(town.guild.members[(who or town.bob).id]), guild_id=hikari.Snowflake(town.guild.id)
    )
    seen = read.deserialize_guild_text_channel(shapes.channel(channel))
    return int(of_member(member, guild, seen))


@pytest.mark.parametrize(
    ("roles", "overwrites", "may"),
    [
        ({}, {}, 0),
        ({"everyone": VIEW}, {}, VIEW),
        ({"everyone": VIEW, "sailor": HISTORY}, {}, VIEW | HISTORY),
        ({"everyone": VIEW | SEND}, {"everyone": (0, SEND)}, VIEW),
        ({"everyone": VIEW}, {"everyone": (SEND, 0)}, VIEW | SEND),
        # a role's right cannot be taken by everyone's role, but by everyone's overwrite
        ({"everyone": VIEW, "sailor": SEND}, {"everyone": (0, SEND)}, VIEW),
        # a role's overwrite beats everyone's
        ({"everyone": VIEW}, {"everyone": (0, VIEW), "sailor": (VIEW, 0)}, VIEW),
        ({"everyone": VIEW | SEND}, {"everyone": (SEND, 0), "sailor": (0, SEND)}, VIEW),
        # of two roles the allowing one wins, whatever their order
        ({"everyone": VIEW}, {"sailor": (SEND, 0), "guard": (0, SEND)}, VIEW | SEND),
        ({"everyone": VIEW}, {"sailor": (0, SEND), "guard": (SEND, 0)}, VIEW | SEND),
        # the member's own overwrite has the last word
        ({"everyone": VIEW}, {"sailor": (SEND, 0), "bob": (0, SEND)}, VIEW),
        ({"everyone": VIEW}, {"everyone": (0, VIEW), "sailor": (0, VIEW), "bob": (VIEW, 0)}, VIEW),
        ({"everyone": VIEW | SEND}, {"bob": (HISTORY, SEND)}, VIEW | HISTORY),
        # an administrator is bound by nothing
        ({"guard": ADMIN}, {"everyone": (0, VIEW), "bob": (0, VIEW | SEND)}, EVERYTHING),
    ],
)
def test_overwrites_count_in_discords_order(
    bot: hikari.GatewayBot, roles: dict[str, int], overwrites: dict[str, tuple[int, int]], may: int
) -> None:
    town = Town(**roles)
    found = rights(bot, town, town.channel(overwrites))
    if may == EVERYTHING:
        assert found == int(Permissions.all_permissions())
    else:
        assert found == may


def test_the_owner_may_everything_and_a_strangers_roles_help_nobody(bot: hikari.GatewayBot) -> None:
    town = Town(sailor=ADMIN)
    channel = town.channel({"everyone": (0, VIEW), "sailor": (VIEW, 0)})
    assert rights(bot, town, channel, town.world.alice) == int(Permissions.all_permissions())
    town.world.add_member(town.guild, town.world.carol, quietly=True)
    assert rights(bot, town, channel, town.world.carol) == 0


def test_a_role_that_was_deleted_meanwhile_gives_nothing(bot: hikari.GatewayBot) -> None:
    town = Town(everyone=VIEW, sailor=SEND)
    channel = town.channel({})
    town.guild.members[town.bob.id].role_ids.append("999999")
    assert rights(bot, town, channel) == VIEW | SEND


@pytest.mark.parametrize("seed", range(60))
def test_any_town_gives_the_rights_that_the_loopback_discord_gives(bot: hikari.GatewayBot, seed: int) -> None:
    """Two readings of the same documentation, written apart, agree on whether a message may be read."""
    dice = random.Random(seed)

    def some() -> int:
        return sum(right for right in (VIEW, HISTORY, SEND) if dice.random() < 0.5)

    town = Town(everyone=some(), sailor=some(), guard=some() | (ADMIN if dice.random() < 0.1 else 0))
    targets = [name for name in ("everyone", "sailor", "guard", "bob") if dice.random() < 0.6]
    channel = town.channel({name: (allow := some(), some() & ~allow) for name in targets})
    expected = in_channel(channel, town.bob.id)
    found = rights(bot, town, channel)
    assert (found & int(READ) == int(READ)) is (expected & int(READ) == int(READ))
    if expected & VIEW and expected != EVERYTHING:
        assert found == expected


def test_the_invitation_asks_for_what_is_used_and_no_more() -> None:
    assert needed() == (
        Permissions.VIEW_CHANNEL
        | Permissions.SEND_MESSAGES
        | Permissions.SEND_MESSAGES_IN_THREADS
        | Permissions.MANAGE_WEBHOOKS
        | Permissions.READ_MESSAGE_HISTORY
    )
    assert f"client_id=42&scope=bot%20applications.commands&permissions={int(needed())}" in invite_link(42)


def test_a_character_is_changed_by_its_maker_and_the_bots_owners() -> None:
    def person(user_id: int, external_id: str) -> Person:
        return Person(user_id=user_id, external_id=external_id, persona_id=1, name="x")

    def character(owner_id: int | None) -> CharacterSummary:
        return CharacterSummary(id=1, slug="x", name="x", owner_id=owner_id, is_public=True)

    owners = Owners(external_ids=frozenset({"900"}))
    assert owners.may_edit(person(1, "5"), character(1))
    assert not owners.may_edit(person(2, "5"), character(1))
    assert not owners.may_edit(person(2, "5"), character(None))
    assert owners.may_edit(person(2, "900"), character(None))
