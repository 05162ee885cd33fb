"""The ledger: one row for everything a character owes an answer to, and what became of it.

accepted -> posting -> remembered; other ends: refused, failed, apologised, retracted, and
merged: the person went on talking, and what came next was answered together with it.

A turn is unique by what caused it (kind and id), the character and the take, so an event that arrives again meets the
key and stops. `posting` is committed together with the text and its chunks: from there on a crash cannot lose them.
Only what is shown while it is written is a chunk before that (tables/drafts.py).
A chunk is known -> planned (its request may have been made) -> posted (its message id is known). Where the last chunk
went is committed with all that is remembered of the turn: until then it counts as planned, and is looked for.

A reply made anew is the next take of the same turn, and one take is shown at a time: the one whose chunks hold the
message ids. To show another one the ids move to its chunks, planned: a planned chunk with an id is a message to be
changed, one of no words a message to be taken away, and both can be done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import asyncpg
import orjson

from tzurot.errors import CannotSpeak, NotFound
from tzurot.talk import Attachment, Incoming, MessageLink, Place, Speaker, Utterance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from tzurot.database.connect import Connection, Database, Row

OriginKind = Literal["message", "interaction", "round"]
TurnState = Literal["accepted", "posting", "remembered", "refused", "failed", "apologised", "retracted", "merged"]
LONGEST_REFERENCE = 13  # 65 bits
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A turn as the ledger knows it: all that answering it, or finishing it after a restart, takes.

    `last_memory_id` is the newest memory of this persona and character, `last_line_id` the newest line of the place,
    when the turn was entered: read along because they tell later steps that what they hold is current. None: unknown.
    `together` is what the same person said just before and what is answered with it.
    """

    id: int
    origin_kind: OriginKind
    character_id: int
    take: int
    reason: str
    user_id: int
    persona_id: int
    incoming: Incoming
    last_memory_id: int | None = None
    last_line_id: int | None = None
    together: tuple[Utterance, ...] = ()

    @property
    def reference(self) -> str:
        """What people are shown and can quote: the id in Crockford's base 32."""
        return reference_of(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    position: int
    text: str
    state: Literal["known", "planned", "posted"]
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A turn that an earlier process left unfinished; `voice` is the name its chunks are posted under."""

    turn: Accepted
    state: TurnState
    accepted_at: datetime
    voice: str
    chunks: tuple[Chunk, ...]


def reference_of(turn_id: int) -> str:
    digits = ""
    while True:
        turn_id, digit = divmod(turn_id, 32)
        digits = CROCKFORD[digit] + digits
        if not turn_id:
            return digits.rjust(4, "0")


def id_of(reference: str) -> int | None:
    """The id behind a reference as a person typed it: case, hyphens and look-alike letters forgiven."""
    plain = reference.strip().upper().replace("-", "").translate(str.maketrans("OIL", "011"))
    if not plain or len(plain) > LONGEST_REFERENCE or not set(plain) <= set(CROCKFORD):
        return None
    value = 0
    for digit in plain:
        value = value * 32 + CROCKFORD.index(digit)
    return value if value < 2**63 else None


# set_config: not flushed to disk on its own, the commit of the reply does that; see docs/decisions/0005
ACCEPT = (
    "INSERT INTO turns (origin_kind, origin_id, character_id, take, state, place, reason, user_id, persona_id,"
    " incoming, accepted_at) VALUES ($1, $2, $3, 1, 'accepted', $4, $5, $6, $7, $8, now())"
    " ON CONFLICT (origin_kind, origin_id, character_id, take) DO NOTHING"
    " RETURNING id,"
    # ordered by the whole index: left to itself the planner may walk the table's newest rows, whosever they are
    " (SELECT m.id FROM memories m WHERE m.persona_id = $7 AND m.character_id = $3"
    "  ORDER BY m.persona_id DESC, m.character_id DESC, m.id DESC LIMIT 1),"
    " (SELECT m.id FROM messages m WHERE m.place = $4 ORDER BY m.place DESC, m.id DESC LIMIT 1),"
    " set_config('synchronous_commit', 'off', true)"
)
SPOKEN = (
    "WITH spoken AS (UPDATE turns SET state = 'posting', voice = $2"
    "  WHERE id = $1 AND state = 'accepted' RETURNING id),"
    " made AS (INSERT INTO chunks (turn_id, position, text, state)"
    "  SELECT id, n - 1, text, CASE WHEN n = 1 THEN 'planned' ELSE 'known' END"
    "  FROM spoken, unnest($3::text[]) WITH ORDINALITY AS given(text, n)"
    "  ON CONFLICT (turn_id, position) DO UPDATE SET text = excluded.text, state = excluded.state RETURNING message_id)"
    " SELECT count(*), max(message_id) FROM made"
)
POSTED = (
    "WITH onward AS (UPDATE chunks SET state = 'planned' WHERE turn_id = $1 AND position = $2 + 1)"
    " UPDATE chunks SET state = 'posted', message_id = $3 WHERE turn_id = $1 AND position = $2"
)
ENDED = (
    "WITH last AS (UPDATE chunks SET state = 'posted', message_id = $3"
    "  WHERE turn_id = $1 AND state = 'planned' AND $3::bigint IS NOT NULL)"
    " UPDATE turns SET state = $2, ended_at = now() WHERE id = $1"
)


def gone() -> NotFound:
    return NotFound(
        "character.deleted", "That character no longer exists.", "Choose another one with /character browse."
    )


OWED = (
    "SELECT t.*, array(SELECT (position, text, state, message_id) FROM chunks"
    "  WHERE turn_id = t.id ORDER BY position) AS chunks FROM turns t"
)


class Ledger:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(
        self,
        incoming: Incoming,
        *,
        origin_kind: OriginKind,
        character_id: int,
        reason: str,
        user_id: int,
        persona_id: int,
    ) -> Accepted | None:
        """Enter a turn; None when the same one was entered before."""
        row = await self._entered(
            ACCEPT,
            origin_kind,
            incoming.utterance.message_id,
            character_id,
            incoming.utterance.place.key,
            reason,
            user_id,
            persona_id,
            orjson.dumps(incoming).decode(),
        )
        if row is None:
            return None
        return Accepted(
            id=row[0],
            last_memory_id=row[1] or 0,
            last_line_id=row[2] or 0,
            origin_kind=origin_kind,
            character_id=character_id,
            take=1,
            reason=reason,
            user_id=user_id,
            persona_id=persona_id,
            incoming=incoming,
        )

    async def _entered(self, sql: str, *arguments: object) -> Row | None:
        try:
            return await self._database.row(sql, *arguments)
        except asyncpg.ForeignKeyViolationError:
            raise gone() from None

    async def speak(
        self, turn_id: int, voice: str, chunks: Sequence[str], connection: Connection | None = None
    ) -> int | None:
        """Commit the whole reply before its first request; the first chunk is planned with it.

        Returns the message that shows its beginning already, where there is one.

        Raises:
            CannotSpeak: another process has answered this turn (`turn.taken`).
            NotFound: the character was deleted meanwhile, and its turns with it.

        """
        asked = connection.fetchrow if connection is not None else self._database.row
        made = await asked(SPOKEN, turn_id, orjson.dumps(voice).decode(), list(chunks))
        if made is not None and made[0]:
            return made[1]
        if await self._database.value("SELECT EXISTS (SELECT FROM turns WHERE id = $1)", turn_id):
            raise CannotSpeak("turn.taken", "That was answered already.")
        raise gone()

    async def stored(self, turn_id: int) -> Owed:
        """A turn with its chunks, whatever became of it; raises NotFound where it is gone."""
        rows = await self._database.rows(f"{OWED} WHERE t.id = $1", turn_id)
        if not rows:
            raise gone()
        return _owed(rows[0])

    async def taken(self, message_ids: Sequence[int]) -> set[int]:
        """Which of these messages are known to be parts of replies."""
        rows = await self._database.rows("SELECT message_id FROM chunks WHERE message_id = ANY($1)", list(message_ids))
        return {row["message_id"] for row in rows}

    async def posted(self, turn_id: int, position: int, message_id: int) -> None:
        """Commit where a chunk went; in the same breath the next one is planned."""
        await self._database.execute(POSTED, turn_id, position, message_id)

    async def drop(self, turn_id: int, position: int) -> None:
        """Forget a chunk whose message was taken away."""
        await self._database.execute("DELETE FROM chunks WHERE turn_id = $1 AND position = $2", turn_id, position)

    async def end(self, turn_id: int, state: TurnState) -> None:
        async with self._database.connection() as connection:
            await self.close(connection, [(turn_id, state, None)])

    @staticmethod
    async def close(connection: Connection, ended: Iterable[tuple[int, TurnState, int | None]]) -> None:
        """End turns, inside a transaction of the caller's: each with the message id of its last chunk, if it spoke."""
        await connection.executemany(ENDED, list(ended))

    @staticmethod
    async def blank(connection: Connection, turn_ids: Sequence[int]) -> None:
        """Forget the words of turns that are over; that they were answered stays known."""
        await connection.execute("UPDATE chunks SET text = '' WHERE turn_id = ANY($1)", list(turn_ids))
        await connection.execute("UPDATE turns SET incoming = '{}' WHERE id = ANY($1)", list(turn_ids))

    async def speaker_of(self, message_id: int) -> tuple[int, str] | None:
        """Which character's message that is (its id and name), by what we posted; None for anybody else's."""
        row = await self._database.row(
            "SELECT c.id, c.name FROM chunks JOIN turns t ON t.id = chunks.turn_id"
            " JOIN characters c ON c.id = t.character_id WHERE chunks.message_id = $1",
            message_id,
        )
        return (row["id"], row["name"]) if row is not None else None

    async def turn_of(self, message_id: int) -> int | None:
        """The id of the turn whose reply that message is a part of."""
        return await self._database.value("SELECT turn_id FROM chunks WHERE message_id = $1", message_id)

    async def last_character(self, place: Place) -> int | None:
        """The character that spoke last in a place, or is about to; a greeting counts."""
        return await self._database.value(
            "SELECT character_id FROM ((SELECT character_id, accepted_at AS at FROM turns"
            "   WHERE place = $1 AND state NOT IN ('failed', 'refused') ORDER BY id DESC LIMIT 1)"
            "  UNION ALL (SELECT character_id, said_at FROM messages WHERE place = $1 AND character_id IS NOT NULL"
            "   ORDER BY id DESC LIMIT 1)) AS spoke ORDER BY at DESC LIMIT 1",
            place.key,
        )

    async def over(self, message_ids: Sequence[int]) -> set[int]:
        """Which of these messages were answered, or told why not: nothing comes of them any more."""
        rows = await self._database.rows(
            "SELECT origin_id FROM turns WHERE origin_kind = 'message' AND origin_id = ANY($1)"
            " AND ended_at IS NOT NULL",
            list(message_ids),
        )
        return {row["origin_id"] for row in rows}

    async def channels_of(self, front: str, within: timedelta, limit: int) -> tuple[int, ...]:
        """Channels in which a character was addressed lately, the last one first."""
        rows = await self._database.rows(
            "SELECT split_part(place, ':', 2)::bigint AS channel_id FROM turns WHERE accepted_at > now() - $2::interval"
            " AND place LIKE $1 || ':%' GROUP BY place ORDER BY max(id) DESC LIMIT $3",
            front,
            within,
            limit,
        )
        return tuple(row["channel_id"] for row in rows)

    async def owed(self, front: str, within: timedelta) -> tuple[Owed, ...]:
        """Turns of a front that no process finished, oldest first; older ones than `within` are let go."""
        rows = await self._database.rows(
            f"{OWED} WHERE state IN ('accepted', 'posting') AND place LIKE $1 || ':%'"
            " AND accepted_at > now() - $2::interval ORDER BY t.origin_id, t.id",
            front,
            within,
        )
        return tuple(_owed(row) for row in rows)


def accepted_from(row: Row) -> Accepted:
    return Accepted(
        id=row["id"],
        origin_kind=row["origin_kind"],
        character_id=row["character_id"],
        take=row["take"],
        reason=row["reason"],
        user_id=row["user_id"],
        persona_id=row["persona_id"],
        incoming=incoming_from(orjson.loads(row["incoming"])),
    )


def _owed(row: Row) -> Owed:
    return Owed(
        turn=accepted_from(row),
        state=row["state"],
        accepted_at=row["accepted_at"],
        voice=orjson.loads(row["voice"]) if row["voice"] else "",
        chunks=tuple(
            Chunk(position=position, text=text, state=state, message_id=message_id)
            for position, text, state, message_id in row["chunks"]
        ),
    )


def incoming_from(stored: dict[str, Any]) -> Incoming:
    """The value that `accept` stored."""
    said = stored["utterance"]
    utterance = Utterance(
        message_id=said["message_id"],
        place=Place(**said["place"]),
        speaker=Speaker(**said["speaker"]),
        text=said["text"],
        said_at=datetime.fromisoformat(said["said_at"]),
        reply_to=MessageLink(**said["reply_to"]) if said["reply_to"] else None,
        links=tuple(MessageLink(**link) for link in said["links"]),
        attachments=tuple(Attachment(**attachment) for attachment in said["attachments"]),
        reply_attachments=tuple(Attachment(**attachment) for attachment in said.get("reply_attachments", ())),
    )
    return Incoming(utterance=utterance, mentions_bot=stored["mentions_bot"])
