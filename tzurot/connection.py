"""One connection to Discord: its parts, put together over the core, started and stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import hikari

from tzurot.discord.avatars import Avatars
from tzurot.discord.catchup import CatchUp
from tzurot.discord.commands import client_for
from tzurot.discord.front import DiscordFront
from tzurot.discord.gateway import Ears
from tzurot.discord.inbound import Overheard
from tzurot.discord.places import Places
from tzurot.discord.rights import Reader
from tzurot.discord.webhooks import Webhooks
from tzurot.errors import TzurotError
from tzurot.pipeline.lanes import Lanes
from tzurot.wiring import commands_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import lightbulb
    from hikari.api import RESTClient

    from tzurot.app import Core
    from tzurot.config import Config
    from tzurot.tables.turns import Owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Discord:
    """The parts of one connection that are started and stopped."""

    bot: hikari.GatewayBot
    client: lightbulb.GatewayEnabledClient
    front: DiscordFront
    lanes: Lanes
    avatars: Avatars
    catch_up: CatchUp

    async def start(self) -> None:
        """Connect and register the commands.

        Raises:
            TzurotError: Discord does not take the commands. lightbulb starts inside a listener, whose errors hikari
                only logs: without this the bot would ignore every command without a word.

        """
        failures: list[Exception] = []

        async def start_commands(_: hikari.StartingEvent) -> None:
            try:
                await self.client.start()
            except Exception as error:  # noqa: BLE001
                failures.append(error)

        self.bot.subscribe(hikari.StartingEvent, start_commands)
        await self.bot.start(check_for_updates=False)
        if failures:
            raise TzurotError(
                "discord.commands",
                f"Discord did not take the slash commands: {failures[0]}",
                "Start the bot again; if this stays, report it with the line above.",
            )

    def take_up(self, core: Core, owed: tuple[Owed, ...]) -> None:
        """Put what is owed into its channels' lanes."""
        for turn in owed:
            channel = str(turn.turn.incoming.utterance.place.channel_id)
            self.lanes.put(channel, lambda turn=turn: core.resume(turn, self.front))

    async def resumed(self, _: hikari.ShardReadyEvent) -> None:
        """A session was lost and another one begun: what was said in between no event will tell."""
        self.catch_up.begin()

    async def close(self) -> None:
        await self.catch_up.close()
        await self.avatars.close()
        await self.client.stop()
        if self.bot.is_alive:
            await self.bot.close()


async def wire(
    config: Config,
    core: Core,
    bot: hikari.GatewayBot,
    rest: RESTClient,
    application: hikari.Application,
    facts: Callable[[], Awaitable[Sequence[tuple[str, str]]]],
) -> Discord:
    """Put Discord's parts together; `rest` is the client that never repeats, `facts` tells how the process is."""
    me = int(hikari.applications.get_token_id(config.token))
    lanes = Lanes(waiting=config.conversation.lane_limit, at_once=config.conversation.turns_at_once)
    places = Places(bot)
    overheard = Overheard()
    avatars = Avatars(bot.rest, int(application.id), core.tables.characters, config.health.public_url)
    front = DiscordFront(
        bot=bot,
        me=me,
        application_id=int(application.id),
        webhooks=Webhooks(bot.rest, rest, int(application.id)),
        avatars=avatars,
        places=places,
        overheard=overheard,
        reader=Reader(bot, places, me),
    )
    await core.tables.activations.everywhere()  # so that most messages are let pass without a look
    ears = Ears(
        bot=bot,
        me=me,
        front=front,
        places=places,
        overheard=overheard,
        lanes=lanes,
        hear=core.hear,
        forget=core.forget,
        activations=core.tables.activations,
    )
    team = tuple(application.team.members) if application.team else (application.owner.id,)
    owner_ids = frozenset(map(int, config.discord.owner_ids or team))
    commands = commands_of(core, bot=bot, front=front, places=places, lanes=lanes, owner_ids=owner_ids, facts=facts)
    bot.subscribe(hikari.InteractionCreateEvent, commands.router.route)
    bot.subscribe(hikari.ReactionAddEvent, commands.reacted)
    front.choice = commands.choice
    client = client_for(bot)
    for loader in commands.loaders:
        await loader.add_to_client(client)
    catch_up = CatchUp(bot, core.tables.ledger, core.tables.activations, ears.missed)
    return Discord(bot=bot, client=client, front=front, lanes=lanes, avatars=avatars, catch_up=catch_up)
