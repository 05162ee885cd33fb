"""The composition root: what there is, opened in this order and closed in the other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.database.connect import Credentials, Database, credentials
from tzurot.database.migrate import migrate
from tzurot.database.notify import Announcements
from tzurot.llm.client import Client
from tzurot.memory.embed import Embedder
from tzurot.memory.store import Memories
from tzurot.operations.starters import add_starters
from tzurot.outbound import Outbound
from tzurot.pipeline.completion import Complete
from tzurot.pipeline.delivery import Deliver
from tzurot.pipeline.fetch import Fetch
from tzurot.pipeline.hear import Hear
from tzurot.pipeline.references import FindReferences
from tzurot.pipeline.remember import Remember
from tzurot.pipeline.resume import Resume
from tzurot.pipeline.retrieval import Retrieval
from tzurot.pipeline.run import Run
from tzurot.pipeline.triggers import Triggers
from tzurot.tables.characters import Characters
from tzurot.tables.flights import Flights
from tzurot.tables.messages import History
from tzurot.tables.people import People
from tzurot.tables.turns import Ledger

if TYPE_CHECKING:
    from types import TracebackType

    from tzurot.config import Config


FLIGHTS_KEPT = timedelta(days=3)
RUN_LOCK = 0x545A52554E  # "TZRUN": of several processes on one database, one finishes what was owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Everything the fronts use, built once; `alone`: no other process runs the bot on this database."""

    config: Config
    outbound: Outbound
    database: Database
    people: People
    characters: Characters
    ledger: Ledger
    history: History
    flights: Flights
    memories: Memories
    triggers: Triggers
    run: Run
    hear: Hear
    resume: Resume
    announcements: Announcements
    alone: bool = False


class App:
    """`async with App(config, exclusive=True) as core`: the database is up, migrated, inhabited and listened to.

    `exclusive` is for `run`: of two such processes over one data directory the second is refused.
    """

    def __init__(self, config: Config, *, exclusive: bool) -> None:
        self._config = config
        self._exclusive = exclusive
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
        outbound = Outbound()
        self._stack.push_async_callback(outbound.close)
        database = Database(await self._credentials())
        self._stack.push_async_callback(database.close)
        await database.open()
        await migrate(database)
        announcements = Announcements(database.credentials)
        core = build(config, outbound, database, announcements)
        await add_starters(core.characters)
        await core.flights.prune(FLIGHTS_KEPT)
        announcements.forget = {
            "characters": core.characters.forget,
            "personas": core.people.forget,
            "messages": core.history.forget,
            "memories": core.memories.forget,
        }
        self._stack.push_async_callback(announcements.close)
        await announcements.open()
        return replace(core, alone=self._exclusive and await announcements.claim(RUN_LOCK))

    async def _credentials(self) -> Credentials:
        """The configured database, or the embedded one."""
        if self._config.dsn:
            return credentials(self._config.dsn)
        from tzurot.database.server import EmbeddedServer  # noqa: PLC0415 - not with a database of one's own

        server = await EmbeddedServer.open(self._config.data_dir, exclusive=self._exclusive)
        self._stack.push_async_callback(server.close)
        logger.debug("embedded database in {}", self._config.data_dir)
        address = server.address
        return Credentials(host=address.host, user=address.user, database=address.database)


def build(config: Config, outbound: Outbound, database: Database, announcements: Announcements) -> Core:
    """Put the parts together; nothing here waits."""
    limits = config.conversation
    people = People(database)
    characters = Characters(database)
    ledger = Ledger(database)
    history = History(database)
    memories = Memories(database, Embedder())
    deliver = Deliver(ledger)
    remember = Remember(database, memories)
    run = Run(
        characters=characters,
        people=people,
        fetch=Fetch(history, limits.history_messages),
        references=FindReferences(limits.references),
        retrieval=Retrieval(memories, limits.memories),
        complete=Complete(Client(outbound)),
        deliver=deliver,
        remember=remember,
        ledger=ledger,
    )
    triggers = Triggers(characters, ledger, config.characters.default)
    return Core(
        config=config,
        outbound=outbound,
        database=database,
        people=people,
        characters=characters,
        ledger=ledger,
        history=history,
        flights=Flights(database),
        memories=memories,
        triggers=triggers,
        run=run,
        hear=Hear(people=people, triggers=triggers, ledger=ledger, memories=memories, run=run),
        resume=Resume(ledger=ledger, characters=characters, people=people, run=run, deliver=deliver, remember=remember),
        announcements=announcements,
    )
