"""People who speak through PluralKit or Tupperbox: what they write is deleted and posted again by a webhook."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from cachetools import LRUCache, TTLCache

if TYPE_CHECKING:
    import hikari

    from tzurot.talk import Utterance

APPLICATIONS = frozenset({466378653216014359, 431544605209788416})  # PluralKit, Tupperbox
WITHIN_S = 2.0
LONGEST_MARKS = 100
SAID_S = 5.0
REPOSTED_S = 60.0
MESSAGES = 2000
PEOPLE = 10_000


class Proxies:
    """Knows whose words a proxy posts. All of it is kept in memory and for moments, but for who speaks like that.

    Only Discord says which application a webhook belongs to, so nobody else's can pass for a proxy.
    """

    def __init__(self) -> None:
        self._said: TTLCache[int, hikari.Message] = TTLCache(MESSAGES, SAID_S)
        self._reposted: TTLCache[int, None] = TTLCache(MESSAGES, REPOSTED_S)
        self._proxied: LRUCache[int, None] = LRUCache(PEOPLE)
        self._waiting: dict[int, asyncio.Event] = {}

    def hear(self, message: hikari.Message) -> None:
        """Remember for a moment what a person said."""
        self._said[int(message.id)] = message

    def original(self, message: hikari.Message) -> hikari.Message | None:
        """The person's message that a proxy posts again; None where it is no such repetition."""
        if message.webhook_id is None or message.application_id not in APPLICATIONS:
            return None
        candidates = [
            said
            for said in self._said.values()
            if said.channel_id == message.channel_id
            and said.id not in self._reposted
            and abs((message.created_at - said.created_at).total_seconds()) <= WITHIN_S
            and may_repeat(message, said)
        ]
        # of those who are known to speak like that, else of anybody; where two fit, the one with the fewest marks
        found = min(
            candidates,
            key=lambda said: (said.author.id not in self._proxied, len(said.content or ""), -said.id),
            default=None,
        )
        if found is not None:
            self._reposted[int(found.id)] = None
            self._proxied[int(found.author.id)] = None
            if (waiting := self._waiting.get(int(found.id))) is not None:
                waiting.set()
        return found

    def is_reposted(self, message_id: int) -> bool:
        return message_id in self._reposted

    async def takes_over(self, message: hikari.Message) -> bool:
        """Whether a proxy will post a message again; only people known to speak like that are waited for."""
        if int(message.author.id) not in self._proxied:
            return False
        waiting = self._waiting[int(message.id)] = asyncio.Event()
        try:
            if not self.is_reposted(int(message.id)):
                await asyncio.wait_for(waiting.wait(), WITHIN_S)
        except TimeoutError:
            return False
        finally:
            del self._waiting[int(message.id)]
        return True


def may_repeat(copy: hikari.Message, said: hikari.Message) -> bool:
    """Whether a proxy may have made one of the other: the same words, but for marks around them, or the same files."""
    before, found, behind = (said.content or "").partition(copy.content or "") if copy.content else ("", True, "")
    if not copy.content and [(one.filename, one.size) for one in copy.attachments] != [
        (one.filename, one.size) for one in said.attachments
    ]:
        return False
    # a mark ends before the words begin: who says “no, melon” has not been repeated by “no, me”
    apart = not before[-1:].isalnum() and not behind[:1].isalnum()
    return bool(found) and apart and len(before) + len(behind) <= LONGEST_MARKS


def on_behalf(said: Utterance, meant: Utterance) -> Utterance:
    """What a proxy posted, as said by the person it speaks for, and in answer to what that person answered."""
    speaker = replace(said.speaker, external_id=meant.speaker.external_id, kind="human")
    return replace(said, speaker=speaker, reply_to=meant.reply_to, reply_attachments=meant.reply_attachments)
