"""The composition root: what there is, opened in this order and closed in the other."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cachetools import TTLCache
from loguru import logger

from tzurot.database.connect import Credentials, Database, credentials
from tzurot.database.migrate import migrate
from tzurot.database.notify import Announcements
from tzurot.errors import TzurotError
from tzurot.llm.client import Client
from tzurot.llm.models import Catalogue
from tzurot.llm.providers import Providers
from tzurot.llm.routing import configured
from tzurot.memory.dream import Dreams
from tzurot.memory.encoders import encoding
from tzurot.memory.forget import Forgetting
from tzurot.memory.store import Memories
from tzurot.operations.starters import add_starters
from tzurot.outbound import Outbound
from tzurot.pipeline.attachments import ReadAttachments
from tzurot.pipeline.completion import Complete
from tzurot.pipeline.delivery import Deliver
from tzurot.pipeline.describe import Describe
from tzurot.pipeline.direction import Directions
from tzurot.pipeline.fetch import Fetch
from tzurot.pipeline.forget import Forget
from tzurot.pipeline.guards import Guards
from tzurot.pipeline.hear import Hear
from tzurot.pipeline.listen import Listen
from tzurot.pipeline.references import FindReferences
from tzurot.pipeline.remember import Remember
from tzurot.pipeline.resume import Resume
from tzurot.pipeline.retrieval import Retrieval
from tzurot.pipeline.routes import Routes
from tzurot.pipeline.run import Run
from tzurot.pipeline.triggers import Triggers
from tzurot.settings.cascade import Cascade
from tzurot.tables.aliases import Aliases
from tzurot.tables.channels import Activations
from tzurot.tables.characters import Characters
from tzurot.tables.denials import Denials
from tzurot.tables.descriptions import Descriptions
from tzurot.tables.drafts import Drafts
from tzurot.tables.epochs import Epochs
from tzurot.tables.flights import Flights
from tzurot.tables.keys import ApiKeys
from tzurot.tables.lorebooks import Lorebooks
from tzurot.tables.messages import History
from tzurot.tables.people import People
from tzurot.tables.personas import Personas
from tzurot.tables.presets import Presets
from tzurot.tables.settings import Tuned
from tzurot.tables.standings import Standings
from tzurot.tables.takes import Takes
from tzurot.tables.turns import Ledger
from tzurot.tables.usage import Usage
from tzurot.vault import open_vault
from tzurot.voice.hear import transcriber_of

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from types import TracebackType

    from tzurot.config import Config
    from tzurot.database.server import EmbeddedServer


FLIGHTS_KEPT = timedelta(days=3)
DESCRIPTIONS_KEPT = timedelta(days=90)
TOLD_AGAIN_S = 600.0
TOLD_AT_MOST = 10_000
RENEWAL_PAUSE_S = 0.2
RUN_LOCK = 0x545A52554E  # "TZRUN": of several processes on one database, one finishes what was owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All that is kept, each subject behind its own queries."""

    people: People
    personas: Personas
    characters: Characters
    aliases: Aliases
    activations: Activations
    denials: Denials
    descriptions: Descriptions
    epochs: Epochs
    flights: Flights
    history: History
    keys: ApiKeys
    ledger: Ledger
    lorebooks: Lorebooks
    presets: Presets
    takes: Takes
    drafts: Drafts
    standings: Standings
    tuned: Tuned
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Everything the fronts use, built once; `alone`: no other process runs the bot on this database."""

    config: Config
    outbound: Outbound
    database: Database
    tables: Tables
    cascade: Cascade
    memories: Memories
    dreams: Dreams
    providers: Providers
    catalogue: Catalogue
    routes: Routes
    triggers: Triggers
    guards: Guards
    run: Run
    hear: Hear
    resume: Resume
    forget: Forget
    announcements: Announcements
    alone: bool = False


class App:
    """`async with App(config, exclusive=True) as core`: the database is up, migrated, inhabited and listened to.

    `exclusive` is for `run`: of two such processes over one data directory the second is refused. An `embedded`
    database that was started before is closed by who started it.
    """

    def __init__(self, config: Config, *, exclusive: bool, embedded: Awaitable[EmbeddedServer] | None = None) -> None:
        self._config = config
        self._exclusive = exclusive
        self._embedded = embedded
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Core:
        try:
            return await self._open()
        except BaseException:
            await self._stack.aclose()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _open(self) -> Core:
        config = self._config
        outbound = Outbound(operators=(config.discord.rest_url,))
        self._stack.push_async_callback(outbound.close)
        database = Database(await self._credentials())
        self._stack.push_async_callback(database.close)
        await database.open()
        await migrate(database)
        announcements = Announcements(database.credentials)
        core = build(config, outbound, database, announcements)
        await add_starters(core.tables.characters)
        await core.tables.flights.prune(FLIGHTS_KEPT)
        announcements.forget = {
            "characters": core.tables.characters.forget,
            "personas": core.tables.people.forget,
            "messages": core.tables.history.forget,
            "memories": core.memories.forget,
            "settings": core.tables.tuned.forget,
            "presets": core.tables.presets.forget,
            "api_keys": core.tables.keys.forget,
            "aliases": core.tables.aliases.forget,
            "activations": core.tables.activations.forget,
            "denials": core.tables.denials.forget,
            "epochs": core.tables.epochs.forget,
            "lorebooks": core.tables.lorebooks.forget,
            "lore_links": core.tables.lorebooks.forget,
            "persona_overrides": core.tables.people.forget,
            "facts": core.memories.forget_facts,
        }
        self._stack.push_async_callback(announcements.close)
        await announcements.open()
        renewal = asyncio.create_task(renew_memories(core.memories), name="renew memories")
        self._stack.push_async_callback(stopped, renewal)
        return replace(core, alone=self._exclusive and await announcements.claim(RUN_LOCK))

    async def _credentials(self) -> Credentials:
        """The configured database, or the embedded one."""
        if self._config.dsn:
            return credentials(self._config.dsn)
        if self._embedded is not None:
            server = await self._embedded
        else:
            from tzurot.database.server import EmbeddedServer  # noqa: PLC0415 - not with a database of one's own

            server = await EmbeddedServer.open(self._config.data_dir, exclusive=self._exclusive)
            self._stack.push_async_callback(server.close)
        logger.debug("embedded database in {}", self._config.data_dir)
        address = server.address
        return Credentials(host=address.host, user=address.user, database=address.database)


async def renew_memories(memories: Memories) -> None:
    """After a change of encoder: bring what is remembered over, a little at a time."""
    try:
        while True:
            if not await memories.renew():
                return
            await asyncio.sleep(RENEWAL_PAUSE_S)
    except TzurotError as error:
        logger.warning("memories are not renewed: {}", error)


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def tables_of(config: Config, database: Database) -> Tables:
    ledger = Ledger(database)
    vault = open_vault(config.vault.key.get_secret_value(), config.data_dir)
    return Tables(
        people=People(database),
        personas=Personas(database),
        characters=Characters(database),
        aliases=Aliases(database),
        activations=Activations(database),
        denials=Denials(database),
        descriptions=Descriptions(database),
        epochs=Epochs(database),
        flights=Flights(database),
        history=History(database),
        keys=ApiKeys(database, vault),
        ledger=ledger,
        lorebooks=Lorebooks(database),
        takes=Takes(database, ledger),
        drafts=Drafts(database),
        standings=Standings(database),
        presets=Presets(database),
        tuned=Tuned(database),
        usage=Usage(database),
    )


def triggers_of(config: Config, tables: Tables, cascade: Cascade) -> Triggers:
    return Triggers(
        characters=tables.characters,
        aliases=tables.aliases,
        activations=tables.activations,
        cascade=cascade,
        ledger=tables.ledger,
        default_slug=config.characters.default,
    )


def guards_of(config: Config, tables: Tables, cascade: Cascade) -> Guards:
    return Guards(
        tables.denials,
        cascade,
        tables.tuned,
        TTLCache(TOLD_AT_MOST, TOLD_AGAIN_S),
        each_per_minute=config.conversation.turns_per_minute,
        place_per_minute=config.conversation.turns_per_minute_here,
    )


def listen_of(config: Config, outbound: Outbound, guards: Guards, cascade: Cascade) -> Listen:
    return Listen(
        guarded=outbound.guarded,
        transcriber=transcriber_of(config, outbound),
        guards=guards,
        cascade=cascade,
        longest_s=config.voice.longest_s,
    )


def routes_of(config: Config, tables: Tables, providers: Providers) -> Routes:
    model = config.llm.model
    template = configured(config, model)
    return Routes(presets=tables.presets, keys=tables.keys, providers=providers, template=template, own_model=model)


def resume_of(tables: Tables, run: Run, deliver: Deliver, remember: Remember, cascade: Cascade) -> Resume:
    return Resume(
        ledger=tables.ledger,
        drafts=tables.drafts,
        run=run,
        deliver=deliver,
        remember=remember,
        cascade=cascade,
    )


def build(config: Config, outbound: Outbound, database: Database, announcements: Announcements) -> Core:
    """Put the parts together; nothing here waits."""
    tables, memories = tables_of(config, database), Memories(database, *encoding(config.memory.encoder))
    cascade = Cascade(tables.tuned, config.conversation.settings())
    providers = Providers(outbound, config.llm.providers)
    routes = routes_of(config, tables, providers)
    deliver, remember = Deliver(tables.ledger, tables.takes), Remember(database, tables.history, memories, cascade)
    client, catalogue, guards = Client(outbound), Catalogue(outbound), guards_of(config, tables, cascade)
    listen = listen_of(config, outbound, guards, cascade)
    describe = Describe(client=client, routes=routes, descriptions=tables.descriptions, model=config.llm.vision_model)
    directions = Directions(tables.lorebooks, tables.presets)
    fetch = Fetch(tables.people, tables.history, tables.epochs, cascade, directions, tables.standings)
    run = Run(
        characters=tables.characters,
        people=tables.people,
        fetch=fetch,
        references=FindReferences(config.conversation.references),
        attachments=ReadAttachments(guarded=outbound.guarded, catalogue=catalogue, describe=describe, listen=listen),
        retrieval=Retrieval(memories),
        complete=Complete(client),
        deliver=deliver,
        remember=remember,
        ledger=tables.ledger,
        drafts=tables.drafts,
        routes=routes,
    )
    triggers = triggers_of(config, tables, cascade)
    return Core(
        config=config,
        outbound=outbound,
        database=database,
        announcements=announcements,
        tables=tables,
        cascade=cascade,
        memories=memories,
        dreams=Dreams(database, memories, config.memory.quota),
        providers=providers,
        catalogue=catalogue,
        routes=routes,
        triggers=triggers,
        guards=guards,
        run=run,
        forget=Forget(database, tables.history, memories, Forgetting(database, memories)),
        hear=Hear(
            people=tables.people,
            triggers=triggers,
            guards=guards,
            ledger=tables.ledger,
            takes=tables.takes,
            cascade=cascade,
            memories=memories,
            listen=listen,
            run=run,
        ),
        resume=resume_of(tables, run, deliver, remember, cascade),
    )
