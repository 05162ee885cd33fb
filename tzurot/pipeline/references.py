"""The messages somebody points at: replied to and linked, breadth first, only what the asker may read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tzurot.errors import NotFound, Refused
from tzurot.pipeline.attached import text_with_attachments
from tzurot.pipeline.turn import Quote, References

if TYPE_CHECKING:
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.turn import Scene
    from tzurot.talk import MessageLink, Utterance


class FindReferences:
    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def __call__(self, scene: Scene, front: Front) -> References:
        """Read at most `limit` messages; what the history shows anyway is not read again."""
        said = scene.turn.incoming.utterance
        pointed = [link for one in scene.turn.said for link in pointed_at(one)]
        queue: deque[tuple[MessageLink, Utterance | None]] = deque((link, None) for link in pointed)
        if not queue:
            return References()
        seen = {*scene.message_ids, *(one.message_id for one in scene.turn.said)}
        quotes: list[Quote] = []
        unread: list[str] = []
        while queue and len(quotes) + len(unread) < self._limit:
            link, via = queue.popleft()
            if link.message_id in seen:
                continue
            seen.add(link.message_id)
            try:
                if via is not None and via.place.channel_id != link.channel_id:
                    # a stranger's link does not lead where only the asker may go
                    await front.linked(link, via.speaker, said.place)
                found = await front.linked(link, said.speaker, said.place)
            except (NotFound, Refused) as error:
                unread.append(error.sentence)
                continue
            quotes.append(Quote(speaker=found.speaker.name, text=text_with_attachments(found), said_at=found.said_at))
            queue.extend((further, found) for further in pointed_at(found))
        return References(quotes=tuple(quotes), unread=tuple(unread))


def pointed_at(said: Utterance) -> tuple[MessageLink, ...]:
    return (said.reply_to, *said.links) if said.reply_to is not None else said.links
