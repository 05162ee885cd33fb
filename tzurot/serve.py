"""`tzurot run`: the pipeline with Discord in front of it."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

import hikari
from hikari.impl import RESTApp
from loguru import logger

from tzurot import __version__
from tzurot.app import DESCRIPTIONS_KEPT, FLIGHTS_KEPT, RUN_LOCK, App
from tzurot.connection import Discord, wire
from tzurot.discord.gateway import KEEP_ALIVE, make_bot
from tzurot.discord.permissions import invite_link, sees_content
from tzurot.errors import Invalid, StoreDown, TzurotError
from tzurot.health import Health
from tzurot.llm.routing import choose
from tzurot.plugins.admin import show_presence
from tzurot.settings.catalog import DREAMT, DREAMT_AT, PRESENCE
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from hikari.api import RESTClient

    from tzurot.app import Core
    from tzurot.config import Config
    from tzurot.database.server import EmbeddedServer

DRAIN_S = 20.0
RETRY_S = 10.0
AWAY_S = 60.0
# unknown opcode, not authenticated, already authenticated: Discord says to reconnect then, hikari does not
COME_BACK = frozenset({4001, 4003, 4005})
GARBAGE_THRESHOLDS = (5_000, 10, 10)  # by its own ones Python looks for garbage several times a turn
CHECK_S = 2.0
UPKEEP_S = 30.0
DREAM_EVERY_S = 24 * 3600
PRUNE_EVERY = 120  # every hour
HOW_TO_BEGIN = """Discord needs a bot's token, and none is configured. Three steps:
  1. Open https://discord.com/developers/applications, press New Application and give it a name.
  2. On its page Bot press Reset Token and copy the token; switch on Message Content Intent on the same page.
  3. Put the token into config.toml (discord.token) or into the variable DISCORD_TOKEN, and start this again."""
NO_CONTENT = (
    "Discord does not let this bot read messages: it answers DMs, mentions of itself, /chat and other commands, but not"
    " @Name or replies. To change that, switch on Message Content Intent at"
    " https://discord.com/developers/applications (your application, page Bot) and start the bot again."
)


async def run(config: Config, stop: asyncio.Event, embedded: Awaitable[EmbeddedServer] | None) -> int:
    """Run until `stop` is set; what was begun is finished first. The `embedded` database is on its way already."""
    serving = Serving(config=config, stop=stop)
    async with AsyncExitStack() as stack:
        health = Health(config.health.host, config.health.port, serving.reasons, serving.face)
        stack.push_async_callback(health.close)
        await health.open()
        if not config.token:
            return await serving.wait("Discord's token is missing", HOW_TO_BEGIN)
        serving.core = core = await stack.enter_async_context(App(config, exclusive=True, embedded=embedded))
        chosen = await choose(config, core.outbound, model=config.llm.guest_model, small=False)
        core.routes.base = chosen.route
        if chosen.route is None:
            logger.warning("no language model is configured and no local server was found: see llm in config.toml")
        else:
            logger.info("characters answer through {}", chosen.said)
        once = RESTApp(max_retries=0, http_settings=KEEP_ALIVE, url=config.discord.rest_url or None)
        await once.start()
        stack.push_async_callback(once.close)
        rest = await stack.enter_async_context(once.acquire(config.token, hikari.TokenType.BOT))
        try:
            application = await serving.application(rest)
        except Invalid as error:
            return await serving.wait(error.sentence, str(error))
        while application is not None and not stop.is_set():
            await serving.serve(core, rest, application)
    return 0


@dataclass(slots=True)
class Serving:
    """The state of a running bot, as the health page tells it; `waiting_for` is empty while it answers."""

    config: Config
    stop: asyncio.Event
    waiting_for: str = "starting"
    core: Core | None = None
    bot: hikari.GatewayBot | None = None

    async def wait(self, reason: str, steps: str) -> int:
        """Nothing can be done until somebody changes the configuration: say so once, instead of ending in a loop."""
        self.waiting_for = reason
        logger.error("{}", steps)
        await self.stop.wait()
        return 0

    async def reasons(self) -> tuple[str, ...]:
        """What keeps the bot from answering; nothing when it can."""
        if self.waiting_for or self.core is None or self.bot is None:
            return (self.waiting_for,)
        reasons: list[str] = []
        if not all(shard.is_connected for shard in self.bot.shards.values()):
            reasons.append("not connected to Discord")
        try:
            async with asyncio.timeout(CHECK_S):
                await self.core.database.value("SELECT 1")
        except (TimeoutError, StoreDown):
            reasons.append("the database does not answer")
        return tuple(reasons)

    async def facts(self) -> tuple[tuple[str, str], ...]:
        """How the process is, as its owner reads it."""
        from prometheus_client import REGISTRY  # noqa: PLC0415 - 2 MB, when somebody asks

        assert self.core is not None
        assert self.bot is not None
        begun = perf_counter()
        version = await self.core.database.value("SHOW server_version")
        asked_ms = (perf_counter() - begun) * 1000
        route = self.core.routes.base
        return (
            ("Answering", "; ".join(await self.reasons()) or ("yes" if route else "only with people's own API keys")),
            ("Version", __version__),
            ("Model", f"{route.model} at {route.host}" if route else "none"),
            ("Database", f"Postgres {version}, answered in {asked_ms:.1f} ms"),
            ("Discord", f"{self.bot.heartbeat_latency * 1000:.0f} ms, {len(self.bot.cache.get_guilds_view())} servers"),
            ("Memory", f"{(REGISTRY.get_sample_value('process_resident_memory_bytes') or 0) / 2**20:.0f} MiB"),
        )

    async def face(self, digest: str) -> tuple[bytes, str] | None:
        face = await self.core.tables.characters.face_by_digest(digest) if self.core is not None else None
        return (face.content, face.media_type) if face is not None else None

    async def application(self, rest: RESTClient) -> hikari.Application | None:
        """Who we are on Discord, asked until Discord can be reached; None when the process is told to stop first.

        Raises:
            Invalid: Discord does not know the token.

        """
        while not self.stop.is_set():
            try:
                return await rest.fetch_application()
            except hikari.UnauthorizedError:
                raise Invalid(
                    "discord.token",
                    "Discord does not accept the token.",
                    "Reset it at https://discord.com/developers/applications (your application, page Bot), put the new"
                    " one into config.toml, and start the bot again.",
                ) from None
            except hikari.HTTPError as error:
                self.waiting_for = "Discord cannot be reached"
                logger.warning("Discord cannot be reached, trying again in {:g} s: {}", RETRY_S, error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.stop.wait(), RETRY_S)
        return None

    async def serve(self, core: Core, rest: RESTClient, application: hikari.Application) -> None:
        """Connect, answer, and leave nothing half done; until told to stop, or a new connection has to be made."""
        content = sees_content(application)
        self.bot = bot = make_bot(self.config.token, self.config.discord.rest_url, content=content)
        discord = await wire(self.config, core, bot, rest, application, self.facts)
        # read before anything new is accepted: what is unfinished now was left by another process
        owed = await core.resume.owed("discord") if core.alone else ()
        upkeep: asyncio.Task[None] | None = None
        try:
            if not await self._connected(discord):
                return
            logger.info("invite: {}", invite_link(int(application.id)))
            if not content:
                logger.warning("{}", NO_CONTENT)
            # what was made so far lives as long as the process: a full collection need not walk it again and again
            gc.collect()
            gc.freeze()
            gc.set_threshold(*GARBAGE_THRESHOLDS)
            give_back()
            self.waiting_for = ""
            if beside_name := (await core.cascade.of())[PRESENCE]:
                await show_presence(bot, beside_name)
            logger.info("ready")
            discord.avatars.prepare_all()
            discord.take_up(core, owed)
            discord.catch_up.begin()
            bot.subscribe(hikari.ShardReadyEvent, discord.resumed)
            upkeep = asyncio.create_task(self._keep_up(core, discord))
            self.waiting_for = await self._parted(bot)
            logger.info("{}: finishing what was begun", self.waiting_for)
            if not await discord.lanes.drain(DRAIN_S):
                logger.warning("some replies were not finished; the next start finishes them")
        finally:
            if upkeep is not None:
                upkeep.cancel()
            await discord.close()

    async def _connected(self, discord: Discord) -> bool:
        """Whether the connection stands; False when told to stop, and after a pause where Discord was not reached."""
        try:
            return await self._first(discord.start()) is not None
        except hikari.ClientHTTPResponseError:
            raise
        except hikari.HTTPError as error:
            self.waiting_for = "Discord cannot be reached"
            logger.warning("Discord cannot be reached, trying again in {:g} s: {}", RETRY_S, error)
            await self._first(asyncio.sleep(RETRY_S))
            return False

    async def _parted(self, bot: hikari.GatewayBot) -> str:
        """Wait for the end of the connection, and return what comes then.

        Raises:
            TzurotError: Discord does not want this bot back.

        """
        try:
            ended = await self._first(bot.join(), self._away(bot))
        except hikari.GatewayServerClosedConnectionError as error:
            if error.code not in COME_BACK:
                raise closed(f"{error.code or 0:d} {error.reason}".strip()) from None
            ended = 1
        if ended == 0:
            raise closed("it did not say why")
        return "stopping" if ended is None else "connecting to Discord anew"

    async def _away(self, bot: hikari.GatewayBot) -> None:
        """Return when a shard was away for so long that hikari will not find its way back.

        It resumes at the address that Discord gave the session, and if nobody is there any more it tries that for ever.
        """
        away_s = 0.0
        while away_s < AWAY_S:
            await asyncio.sleep(CHECK_S)
            away_s = 0.0 if all(shard.is_connected for shard in bot.shards.values()) else away_s + CHECK_S

    async def _first(self, *works: Coroutine[None, None, None]) -> int | None:
        """Which of these ended first, by its place; None when the process is told to stop. Raises what it raised."""
        tasks = [asyncio.create_task(work) for work in (*works, self.stop.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = next(place for place, task in enumerate(tasks) if task.done())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if ended == len(works):
            return None
        await tasks[ended]
        return ended

    async def _keep_up(self, core: Core, discord: Discord) -> None:
        """What comes round: replies that could not be posted, a model that was not there, records that grow old."""
        alone = core.alone
        for round_number in count(1):
            await asyncio.sleep(UPKEEP_S)
            try:
                if not alone and (alone := await core.announcements.claim(RUN_LOCK)):
                    logger.info("the process that was here first is gone: taking up what it left")
                    discord.take_up(core, await core.resume.owed("discord"))
                discord.take_up(core, await core.resume.stranded("discord"))
                if core.routes.base is None:
                    core.routes.base = (await choose(self.config, core.outbound, small=False)).route
                give_back()
                if round_number % PRUNE_EVERY == 1:
                    await core.tables.flights.prune(FLIGHTS_KEPT)
                    await core.tables.descriptions.prune(DESCRIPTIONS_KEPT)
                    if alone and self.config.memory.upkeep:
                        await dream(core)
            except TzurotError as error:
                logger.warning("upkeep: {}", error)
            except Exception:  # noqa: BLE001 - what comes round has to come round again
                logger.exception("upkeep failed")


def closed(reason: str) -> TzurotError:
    return TzurotError(
        "discord.closed",
        f"Discord ended the connection for good: {reason}",
        "A token that was reset, or an intent switched off, are the usual reasons.",
    )


async def dream(core: Core) -> None:
    """Tidy memories up once a day; where it left off is kept in the database."""
    settings, now = await core.cascade.of(), datetime.now(UTC)
    if now.timestamp() - settings[DREAMT_AT] < DREAM_EVERY_S:
        return
    count, newest = await core.dreams.night(settings[DREAMT], now)
    everywhere = Scope(Tier.OPERATOR.key, "")
    await core.tables.tuned.put(everywhere, DREAMT.key, newest)
    await core.tables.tuned.put(everywhere, DREAMT_AT.key, int(now.timestamp()))
    if count:
        logger.info("memories were tidied up: {} were put away or are over", count)


def give_back() -> None:
    """Return what was freed to the system, where the C library can: otherwise it keeps what starting up took."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
