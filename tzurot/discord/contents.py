"""What a message holds besides its words, in words: forwarded messages, embeds, polls, stickers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hikari

from tzurot.talk import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

EMBED_LIMIT = 1500


def words_of(message: hikari.PartialMessage) -> str:
    """The text with everything that stands beside it, each in brackets that say what it is."""
    parts = [message.content or "", *_stickers(message.stickers or ()), *_poll(message)]
    for snapshot in message.message_snapshots or ():
        forwarded = "\n".join([snapshot.content or "", *_stickers(snapshot.stickers), *_embeds(snapshot.embeds)])
        parts.append(f"[forwarded message: {forwarded.strip()}]")
    parts += _embeds(message.embeds or ())
    return "\n".join(part for part in parts if part)


def attachments_of(message: hikari.PartialMessage) -> tuple[Attachment, ...]:
    """Its own, and those of what it forwards."""
    found = [*(message.attachments or ())]
    for snapshot in message.message_snapshots or ():
        found += snapshot.attachments
    if not found:
        return ()
    is_voice = bool((message.flags or 0) & hikari.MessageFlag.IS_VOICE_MESSAGE)
    return tuple(
        Attachment(
            name=one.title or one.filename,
            url=one.url,
            media_type=one.media_type or "",
            size_bytes=one.size,
            seconds=one.duration,
            is_voice=is_voice,
        )
        for one in found
    )


def _stickers(stickers: Iterable[hikari.PartialSticker]) -> Iterator[str]:
    return (f"[sticker: {sticker.name}]" for sticker in stickers)


def _poll(message: hikari.PartialMessage) -> Iterator[str]:
    if not message.poll:
        return
    counts = {one.id: one.count for one in message.poll.results.answer_counts} if message.poll.results else {}
    answers = (
        f"{answer.poll_media.text or 'no words'} ({counts.get(answer.answer_id, 0)})" for answer in message.poll.answers
    )
    yield f"[poll: {message.poll.question.text} {' / '.join(answers)}]"


def _embeds(embeds: Sequence[hikari.Embed]) -> Iterator[str]:
    for embed in embeds:
        words = [embed.author.name if embed.author else None, embed.title, embed.description]
        words += [f"{field.name}: {field.value}" for field in embed.fields]
        text = " · ".join(" ".join(word.split()) for word in words if word)
        if text:
            yield f"[embed: {text[:EMBED_LIMIT]}]"
