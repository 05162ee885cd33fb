"""From Discord's messages to utterances, and the ring of what bystanders said."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import hikari
from cachetools import LRUCache

from tzurot.discord.contents import attachments_of, words_of
from tzurot.talk import MessageLink, Speaker, Utterance, storable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tzurot.talk import Place

LINK = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/channels/(@me|\d{15,20})/(\d{15,20})/(\d{15,20})(?!\d)")
MARK = re.compile(r"<(?:@!?(?P<user>\d+)|a?:(?P<emoji>\w+):\d+)>")
LARGEST_ID = 2**63
RING = 100
SIGNS, NAMES_KEPT, NAMES_TOLD = 8, 50, 5  # of one message, of one sign, of those in words
CHANNELS = 2000


def utterance_of(message: hikari.PartialMessage, place: Place, me: int) -> Utterance:
    """A message in readable words: our own mention goes, other people's become their names without the sign."""
    assert message.author
    assert message.timestamp
    text = words_of(message)
    reference = message.message_reference
    reply_to, answered = None, None
    if reference and reference.id is not None and message.type is hikari.MessageType.REPLY:
        reply_to = MessageLink(
            channel_id=int(reference.channel_id), message_id=int(reference.id), guild_id=reference.guild_id
        )
        answered = message.referenced_message
    return Utterance(
        message_id=int(message.id),
        place=place,
        speaker=speaker_of(message),
        text=readable(text, names_in(message), me),
        said_at=message.timestamp,
        reply_to=reply_to,
        links=links_in(text),
        attachments=attachments_of(message),
        reply_attachments=attachments_of(answered) if answered else (),
    )


def speaker_of(message: hikari.PartialMessage) -> Speaker:
    author = message.author
    assert author
    member = message.member or None
    name = " ".join(storable((member.display_name if member else author.display_name) or author.username).split())
    return shared_speaker(int(author.id), name, is_bot=author.is_bot)


@lru_cache(CHANNELS)
def shared_speaker(user_id: int, name: str, *, is_bot: bool) -> Speaker:
    """One value for all that somebody says under a name."""
    return Speaker(front="discord", external_id=str(user_id), name=name, kind="bot" if is_bot else "human")


def names_in(message: hikari.PartialMessage) -> dict[int, str]:
    return {int(user.id): user.display_name or user.username for user in (message.user_mentions or {}).values()}


def readable(text: str, names: dict[int, str], me: int) -> str:
    def words(match: re.Match[str]) -> str:
        if match["emoji"]:
            return f":{match['emoji']}:"
        user = int(match["user"])
        return "" if user == me else names.get(user, "somebody").lstrip("@")

    return storable(MARK.sub(words, text)).strip()


def links_in(text: str) -> tuple[MessageLink, ...]:
    return tuple(
        MessageLink(guild_id=None if guild == "@me" else int(guild), channel_id=int(channel), message_id=int(message))
        for guild, channel, message in LINK.findall(text)
        if max(int(channel), int(message), 0 if guild == "@me" else int(guild)) < LARGEST_ID
    )


def _few(names: Collection[str]) -> str:
    shown = ", ".join(islice(names, NAMES_TOLD))
    return shown if len(names) <= NAMES_TOLD else f"{shown} and {len(names) - NAMES_TOLD} more"


class Overheard:
    """The last hundred lines of each channel in which a character was addressed; in memory, never stored.

    A channel's ring begins with a page read from Discord and goes on with events; after a gap in the events every
    ring is unknown again.
    """

    def __init__(self) -> None:
        self._rings: LRUCache[int, dict[int, Utterance]] = LRUCache(CHANNELS)
        self._reactions: LRUCache[int, dict[int, dict[str, dict[int, str]]]] = LRUCache(CHANNELS)

    def forget(self) -> None:
        """Events were missed."""
        self._rings.clear()
        self._reactions.clear()

    def follows(self, channel_id: int) -> bool:
        return channel_id in self._rings

    def fill(self, channel_id: int, page: Iterable[Utterance]) -> None:
        """Begin a ring with what was said before, keeping what was heard meanwhile."""
        ring = {said.message_id: said for said in page} | self._rings.get(channel_id, {})
        self._rings[channel_id] = dict(sorted(ring.items())[-RING:])

    def hear(self, said: Utterance) -> None:
        ring = self._rings[said.place.channel_id]
        ring[said.message_id] = said
        if len(ring) > RING:
            del ring[min(ring)]

    def edit(self, channel_id: int, message_id: int, text: str) -> None:
        ring = self._rings.get(channel_id, {})
        if message_id in ring:
            said = ring[message_id]
            ring[message_id] = Utterance(
                message_id=message_id,
                place=said.place,
                speaker=said.speaker,
                text=text,
                said_at=said.said_at,
                reply_to=said.reply_to,
                links=links_in(text),
                attachments=said.attachments,
                reply_attachments=said.reply_attachments,
            )

    def delete(self, channel_id: int, message_id: int) -> None:
        self._rings.get(channel_id, {}).pop(message_id, None)

    def react(self, channel_id: int, message_id: int, sign: str, user_id: int, name: str) -> None:
        """Somebody put a sign under a message of a channel that is followed."""
        if self.follows(channel_id):
            messages = self._reactions.setdefault(channel_id, {})
            signs = messages.setdefault(message_id, {})
            if sign in signs or len(signs) < SIGNS:
                names = signs.setdefault(sign, {})
                if len(names) < NAMES_KEPT:
                    names[user_id] = name
            if len(messages) > RING:
                del messages[min(messages)]

    def unreact(self, channel_id: int, message_id: int, sign: str, user_id: int) -> None:
        self._reactions.get(channel_id, {}).get(message_id, {}).get(sign, {}).pop(user_id, None)

    def unreact_all(self, channel_id: int, message_id: int, sign: str = "") -> None:
        """All signs under a message were taken away, or all of one kind."""
        signs = self._reactions.get(channel_id, {}).get(message_id, {})
        if sign:
            signs.pop(sign, None)
        else:
            signs.clear()

    def reactions(self, channel_id: int) -> dict[int, str]:
        """By message, who put which signs under it, in words."""
        words: dict[int, str] = {}
        for message_id, signs in self._reactions.get(channel_id, {}).items():
            put = "; ".join(f"{sign} {_few(names.values())}" for sign, names in signs.items() if names)
            if put:
                words[message_id] = put
        return words

    def before(self, channel_id: int, message_id: int, limit: int) -> tuple[Utterance, ...]:
        ring = self._rings.get(channel_id, {})
        return tuple(said for key, said in ring.items() if key < message_id)[-limit:]
