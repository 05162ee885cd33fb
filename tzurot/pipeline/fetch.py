"""What was said before: the kept history, and between its lines what bystanders said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from cachetools import LRUCache

from tzurot.pipeline.attached import text_with_attachments
from tzurot.pipeline.turn import Scene, Standing
from tzurot.prompt.tokens import estimate
from tzurot.settings.catalog import CROSS_CHANNEL, HISTORY_HOURS, HISTORY_MESSAGES
from tzurot.tables.messages import Line
from tzurot.tables.standings import Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from tzurot.pipeline.direction import Directions
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.turn import Prompt, Turn
    from tzurot.settings.cascade import Cascade
    from tzurot.tables.epochs import Epochs
    from tzurot.tables.messages import History
    from tzurot.tables.people import People
    from tzurot.tables.standings import Standings
    from tzurot.talk import Utterance


OLDEST = datetime.min.replace(tzinfo=UTC)
ELSEWHERE = 10
CONVERSATIONS = 5_000
RENDERINGS = 4  # of one place: so many characters take turns there
KEPT = 0.6


def utc_now() -> datetime:
    return datetime.now(UTC)


class Fetch:
    """Fetches the scene of a turn, and keeps where each conversation of a character stands for the next one.

    That is kept in memory, and in the database what a restart must not end: lore that stays or rests.
    """

    def __init__(
        self,
        people: People,
        history: History,
        epochs: Epochs,
        cascade: Cascade,
        directions: Directions,
        standings: Standings,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._people = people
        self._directions = directions
        self._standings = standings
        self._history = history
        self._epochs = epochs
        self._cascade = cascade
        self._clock = clock
        self._standing: LRUCache[tuple[str, int], Standing] = LRUCache(CONVERSATIONS)

    async def __call__(self, turn: Turn, front: Front) -> Scene:
        said = turn.incoming.utterance
        persona_id, character_id = turn.asked_by.persona_id, turn.character.id
        settings = await self._cascade.of(place=turn.place, character_id=character_id, user_id=turn.asked_by.user_id)
        limit, now = settings[HISTORY_MESSAGES], self._clock()
        kept = await self._history.last(turn.place.key, limit, turn.accepted.last_line_id)
        overheard = await front.overheard(turn.place, said.message_id, limit)
        known = merged(kept, overheard, {one.message_id for one in turn.said}, limit)
        if turn.accepted.take > 1:  # a reply made anew knows what was said before the question, and no more
            known = tuple(line for line in known if line.message_ids[0] < said.message_id)
        since = await self._epochs.since(persona_id, character_id)
        if hours := settings[HISTORY_HOURS]:
            since = max(since or OLDEST, now - timedelta(hours=hours))
        standing = self._standing.get((turn.place.key, character_id)) or await self._stored(turn)
        here = steady(known, standing.since, limit)
        history = here
        if settings[CROSS_CHANNEL]:
            elsewhere = await self._history.elsewhere(persona_id, character_id, turn.place.key, ELSEWHERE)
            history = (*elsewhere, *here)[-limit:]
        if since is not None:
            history = tuple(line for line in history if line.said_at > since)
        others = frozenset({line.speaker for line in history if line.character_id is None} - {turn.asked_by.name})
        return Scene(
            turn=turn,
            history=history,
            now=now,
            settings=settings,
            direction=await self._directions.of(turn, settings),
            standing=standing,
            skipped=len(known) - len(here),
            elsewhere=max(0, len(history) - len(here)),
            present=await self._people.present(turn.place.key, others) if others else (),
            reactions=front.reactions(turn.place),
            renderings=self._history.made_of(turn.place.key),
        )

    async def _stored(self, turn: Turn) -> Standing:
        kept = await self._standings.of(turn.place.key, turn.character.id)
        return Standing(seen=kept.seen, length=kept.length, timers=kept.timers) if kept is not None else Standing()

    async def moved_on(self, scene: Scene, prompt: Prompt) -> None:
        """Keep where a conversation stands after its prompt was made."""
        key, standing = (scene.turn.place.key, scene.turn.character.id), prompt.standing
        self._standing[key] = standing
        if len(scene.renderings) >= RENDERINGS and key[1] not in scene.renderings:
            scene.renderings.clear()
        scene.renderings[key[1]] = prompt.rendered
        if standing.timers != scene.standing.timers:
            await self._standings.keep(*key, Kept(standing.seen, standing.length, standing.timers))


def steady(lines: tuple[Line, ...], since: int, limit: int) -> tuple[Line, ...]:
    """The lines from `since` on; where they no longer are all there, the newest part of them.

    Were they the newest `limit` each time, every line said would push one out at the beginning, and no server could
    keep what it read of the prompt before.
    """
    if since:
        begin = next((n for n, line in enumerate(lines) if since in line.message_ids), None)
        if begin is not None:
            return lines[begin:]
    return lines[-max(1, round(limit * KEPT)) :] if len(lines) >= limit else lines


def merged(kept: tuple[Line, ...], overheard: tuple[Utterance, ...], asked: set[int], limit: int) -> tuple[Line, ...]:
    """Both in the order they were said, without what is being answered, the newest `limit` of them."""
    # of a few ids is asked, and hundreds are kept
    looked_for = asked.union([heard.message_id for heard in overheard])
    known = looked_for.intersection(chain.from_iterable(map(attrgetter("message_ids"), kept)))
    lines = kept if known.isdisjoint(asked) else tuple(line for line in kept if asked.isdisjoint(line.message_ids))
    new = [line_of(heard) for heard in overheard if heard.message_id not in known and heard.message_id not in asked]
    if new:
        lines = tuple(sorted([*lines, *new], key=attrgetter("said_at")))
    return lines[-limit:]


def line_of(heard: Utterance) -> Line:
    text = text_with_attachments(heard)
    return Line(
        message_ids=(heard.message_id,),
        speaker=heard.speaker.name,
        text=text,
        tokens=estimate(text),
        said_at=heard.said_at,
    )
