"""People, places, messages and turns for the tests of the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tzurot.pipeline.remember import snowflake_at
from tzurot.pipeline.turn import Turn
from tzurot.tables.characters import Characters
from tzurot.tables.flights import Flown
from tzurot.tables.messages import Said
from tzurot.tables.people import People, Person
from tzurot.tables.turns import Accepted, Ledger
from tzurot.talk import Attachment, Incoming, MessageLink, Place, Speaker, Utterance

if TYPE_CHECKING:
    from tzurot.database.connect import Database

HARBOUR = Place(
    front="discord", channel_id=7, kind="thread", name="nets", guild_id=1, guild_name="The Quay", parent_id=6
)
DAWN = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
MAREN, QUILL, TAMSIN = "maren", "quill", "tamsin"


def speaker(external_id: str = "5", name: str = "Ida") -> Speaker:
    return Speaker(front="discord", external_id=external_id, name=name)


def message_id(number: int) -> int:
    """The id of a message said so many minutes after dawn."""
    return snowflake_at(DAWN + timedelta(minutes=number))


def incoming(number: int = 1, text: str = "Is the lamp lit?", place: Place = HARBOUR) -> Incoming:
    said = Utterance(
        message_id=message_id(number),
        place=place,
        speaker=speaker(),
        text=text,
        said_at=DAWN + timedelta(minutes=number, milliseconds=123),
        reply_to=MessageLink(channel_id=7, message_id=3, guild_id=1),
        links=(MessageLink(channel_id=8, message_id=4),),
        attachments=(Attachment(name="sea.png", url="https://x.example/1", media_type="image/png", size_bytes=9),),
    )
    return Incoming(utterance=said, mentions_bot=True)


async def ida(database: Database, external_id: str = "5", name: str = "Ida") -> Person:
    return await People(database).meet(speaker(external_id, name))


async def character_id(database: Database, slug: str = MAREN) -> int:
    return (await Characters(database).by_slug(slug, None)).id


async def entered(database: Database, number: int = 1, slug: str = MAREN, external_id: str = "5") -> Accepted:
    """A turn in the ledger."""
    person = await ida(database, external_id)
    accepted = await Ledger(database).accept(
        incoming(number),
        origin_kind="message",
        character_id=await character_id(database, slug),
        reason="mention",
        user_id=person.user_id,
        persona_id=person.persona_id,
    )
    assert accepted is not None
    return accepted


async def begun(database: Database, number: int = 1, slug: str = MAREN, external_id: str = "5") -> Turn:
    """A turn as the pipeline carries it."""
    accepted = await entered(database, number, slug, external_id)
    character = await Characters(database).get(accepted.character_id)
    return Turn(accepted=accepted, character=character, asked_by=await ida(database, external_id))


def said(number: int, text: str, *, place: str = HARBOUR.key, ids: tuple[int, ...] = (), **by: int | None) -> Said:
    return Said(
        place=place,
        message_ids=ids or (message_id(number),),
        speaker="Maren" if by.get("character_id") else "Ida",
        text=text,
        tokens=len(text),
        said_at=DAWN + timedelta(minutes=number),
        **by,
    )


def flown(turn_id: int, user_id: int, model: str = "m") -> Flown:
    return Flown(
        turn_id=turn_id,
        user_id=user_id,
        character_name="Maren",
        model=model,
        prompt_tokens=12,
        cached_tokens=8,
        reply_tokens=3,
        cost_usd=0.000125,
        record={"prompt": [{"role": "user", "content": "Grüße 🎏"}], "error": None},
    )
