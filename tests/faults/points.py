"""Moments of a turn at which the process is made to stand still from outside, so that it can be killed there.

Nothing in the product knows of them: the double of Discord holds a request, the model falls silent, or the database
stands inside a statement, at a trigger that waits for a lock of the test's.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.loopback.llm import Never
from tests.postgres import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM

    Connection = Any  # asyncpg's
    # while it is open the moment is set up, what it gives waits for it; after the kill it lets go
    Point = Callable[["Outside"], AbstractAsyncContextManager[Callable[[], Awaitable[Any]]]]

POST = r"/webhooks/\d+/[\w.-]+$"
PATCH = r"/webhooks/\d+/[\w.-]+/messages/\d+$"
CREATE = r"/channels/\d+/messages$"
LOCK = 4711
STAND = f"""
CREATE OR REPLACE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END $$
"""
STANDING = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND NOT granted"


@dataclass
class Outside:
    """What surrounds the process, and a connection of the test's own to its database."""

    discord: LoopbackDiscord
    llm: ScriptedLLM
    ledger: Connection


def request(method: str, path: str, *, arrived: bool = False, skip: int = 0) -> Point:
    """A request of the process is on its way; Discord does what it asks for only where it `arrived`."""

    @asynccontextmanager
    async def held(outside: Outside) -> AsyncGenerator[Callable[[], Awaitable[Any]]]:
        discord = outside.discord
        fault = discord.fault(method, path, status=None, hang_s=30, after_accepting=arrived, skip=skip)

        async def reached() -> None:
            await discord.wait_for(lambda _: fault.done if arrived else fault.hits)

        yield reached
        discord.forget_faults()

    return held


def new_webhook(*, arrived: bool = False) -> Point:
    """The webhook of the channel is gone, and the process makes another one."""

    @asynccontextmanager
    async def held(outside: Outside) -> AsyncGenerator[Callable[[], Awaitable[Any]]]:
        outside.discord.webhooks.clear()
        async with request("POST", r"/channels/\d+/webhooks$", arrived=arrived)(outside) as reached:
            yield reached

    return held


def typing() -> Point:
    """The model takes so long that people are shown that something is coming."""

    @asynccontextmanager
    async def held(outside: Outside) -> AsyncGenerator[Callable[[], Awaitable[Any]]]:
        async with model()(outside), request("POST", "/typing$")(outside) as reached:
            yield reached

    return held


def model(words: str = "") -> Point:
    """The model was asked, and has said no more than these words."""

    @asynccontextmanager
    async def held(outside: Outside) -> AsyncGenerator[Callable[[], Awaitable[Any]]]:
        outside.llm.say(Never(words=words))
        times = outside.llm.stalled + 1
        yield lambda: outside.llm.stalls(times)

    return held


def row(table: str, moment: str, condition: str = "true", *, lost: bool = False) -> Point:
    """A statement stands before or after it changed a row; `lost`: the database never heard the end of it."""
    kind = "CONSTRAINT TRIGGER" if "DEFERRED" in moment else "TRIGGER"
    event, deferred = moment.replace(" DEFERRED", ""), "DEFERRABLE INITIALLY DEFERRED" if "DEFERRED" in moment else ""

    @asynccontextmanager
    async def held(outside: Outside) -> AsyncGenerator[Callable[[], Awaitable[Any]]]:
        ledger = outside.ledger
        await ledger.execute(STAND)
        await ledger.execute(
            f"CREATE {kind} stand {event} ON {table} {deferred} FOR EACH ROW WHEN ({condition})"
            " EXECUTE FUNCTION stand_still()"
        )
        await ledger.execute(f"SELECT pg_advisory_lock({LOCK})")

        yield lambda: until(ledger, STANDING)
        standing = await ledger.fetchval(STANDING)
        if lost:
            await ledger.execute(f"SELECT pg_terminate_backend({standing})")
        await ledger.execute(f"SELECT pg_advisory_unlock({LOCK})")
        await until(ledger, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", standing)
        await ledger.execute(f"DROP TRIGGER stand ON {table}")

    return held


def chunk_posted(position: int) -> str:
    return f"NEW.state = 'posted' AND NEW.position = {position}"


ENDED = "NEW.state = 'remembered'"
# In the order in which a turn comes by; "lost" and "arrived" because the process cannot know which of the two it was.
POINTS: dict[str, Point] = {
    "entering it, lost": row("turns", "BEFORE INSERT", lost=True),
    "entering it, arrived": row("turns", "AFTER INSERT"),
    "typing is shown": typing(),
    "half of the answer came": model("Part 0. The kettle"),
    "committing the reply, lost": row("chunks", "BEFORE INSERT", lost=True),
    "committing the reply, arrived": row("chunks", "AFTER INSERT"),
    "making the webhook, arrived": new_webhook(arrived=True),
    "posting part 1, arrived": request("POST", POST, arrived=True),
    "recording part 1, lost": row("chunks", "BEFORE UPDATE", chunk_posted(0), lost=True),
    "posting part 2, lost": request("POST", POST, skip=1),
    "posting part 3, arrived": request("POST", POST, arrived=True, skip=2),
    "remembering, at the commit": row("turns", "AFTER UPDATE DEFERRED", ENDED),
}
# a reply made anew, that takes the place of the one there is
ANEW: dict[str, Point] = {
    "committing the take": row("chunks", "BEFORE INSERT", "NEW.position = 2", lost=True),
    "changing part 1, arrived": request("PATCH", PATCH, arrived=True),
}
# what /chat was given
COMMANDED: dict[str, Point] = {
    "entering the command": row("turns", "AFTER INSERT"),
    "posting part 1 to a command": request("POST", POST, arrived=True),
}
# no webhook there, but a number by which Discord knows a post again
IN_PRIVATE: dict[str, Point] = {
    "posting part 2 in private, arrived": request("POST", CREATE, arrived=True, skip=1),
}
SHOWN = "NEW.message_id IS NOT NULL AND OLD.message_id IS NULL AND NEW.state = 'planned'"
# a reply that is shown while it is written
LIVE: dict[str, Point] = {
    "showing the beginning, arrived": request("POST", POST, arrived=True),
    "recording what shows it, lost": row("chunks", "BEFORE UPDATE", SHOWN, lost=True),
    "changing the beginning into the whole": request("PATCH", PATCH, arrived=True),
}
# the other side of those, in the long run only
MORE_POINTS: dict[str, Point] = {
    "the model is asked": model(),
    "making the webhook, lost": new_webhook(),
    "posting part 1, lost": request("POST", POST),
    "recording part 1, arrived": row("chunks", "AFTER UPDATE", chunk_posted(0)),
    "posting part 2, arrived": request("POST", POST, arrived=True, skip=1),
    "posting part 3, lost": request("POST", POST, skip=2),
    "remembering what was asked": row("messages", "BEFORE INSERT"),
    "remembering, with the memories": row("memories", "AFTER INSERT", "NEW.by_character"),
}
MORE_ANEW: dict[str, Point] = {
    "remembering the take": row("turns", "AFTER UPDATE DEFERRED", ENDED),
    "entering the take": row("turns", "AFTER INSERT"),
    "the model is asked for the take": model(),
    "changing part 1, lost": request("PATCH", PATCH),
    "posting part 2 of the take": request("POST", POST, arrived=True),
}
MORE_COMMANDED: dict[str, Point] = {
    "the model is asked by command": model(),
    "remembering the command": row("turns", "AFTER UPDATE DEFERRED", ENDED),
}
MORE_IN_PRIVATE: dict[str, Point] = {
    "entering it in private": row("turns", "AFTER INSERT"),
    "posting part 2 in private, lost": request("POST", CREATE, skip=1),
}
MORE_LIVE: dict[str, Point] = {
    "committing the beginning": row("chunks", "BEFORE INSERT", lost=True),
    "showing the beginning, lost": request("POST", POST),
    "recording what shows it, arrived": row("chunks", "AFTER UPDATE", SHOWN),
    "committing the whole": row("turns", "AFTER UPDATE", "NEW.state = 'posting'"),
    "changing the beginning, lost": request("PATCH", PATCH),
    "posting part 2 after it": request("POST", POST, arrived=True, skip=1),
}
# two characters are asked at once: they think beside each other, and speak one after the other
BOTH: dict[str, Point] = {
    "posting part 2 of the first of two, arrived": request("POST", POST, arrived=True, skip=1),
    "the model is asked by one of two": model(),
    "posting part 1 of the second of two, lost": request("POST", POST, skip=3),
}
