"""What was said before: the kept history, and between its lines what bystanders said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.pipeline.turn import Scene
from tzurot.prompt.tokens import estimate
from tzurot.tables.messages import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tzurot.pipeline.front import Front
    from tzurot.pipeline.turn import Turn
    from tzurot.tables.messages import History
    from tzurot.talk import Utterance


def utc_now() -> datetime:
    return datetime.now(UTC)


class Fetch:
    def __init__(self, history: History, limit: int, clock: Callable[[], datetime] = utc_now) -> None:
        self._history = history
        self._limit = limit
        self._clock = clock

    async def __call__(self, turn: Turn, front: Front) -> Scene:
        said = turn.incoming.utterance
        kept = await self._history.last(turn.place.key, self._limit, turn.accepted.last_line_id)
        overheard = await front.overheard(turn.place, said.message_id, self._limit)
        return Scene(turn=turn, history=merged(kept, overheard, said.message_id, self._limit), now=self._clock())


def merged(kept: tuple[Line, ...], overheard: tuple[Utterance, ...], asked: int, limit: int) -> tuple[Line, ...]:
    """Both in the order they were said, without the message that is being answered, the newest `limit` of them."""
    known = {message_id for line in kept for message_id in line.message_ids}
    new = [line_of(heard) for heard in overheard if heard.message_id not in known and heard.message_id != asked]
    lines = [line for line in kept if asked not in line.message_ids]
    if new:
        lines = sorted([*lines, *new], key=lambda line: line.said_at)
    return tuple(lines[-limit:])


def line_of(heard: Utterance) -> Line:
    text = text_with_attachments(heard)
    return Line(
        message_ids=(heard.message_id,),
        speaker=heard.speaker.name,
        text=text,
        tokens=estimate(text),
        said_at=heard.said_at,
    )


def text_with_attachments(said: Utterance) -> str:
    """The words, and what was attached by name: pictures and files themselves are not read."""
    names = ", ".join(attachment.name for attachment in said.attachments)
    return f"{said.text}\n[attached: {names}]".strip() if names else said.text
