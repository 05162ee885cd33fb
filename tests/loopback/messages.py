"""Messages as Discord writes them: from what was meant to what is stored and shown."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.loopback import shapes
from tests.loopback.components import echoed, fingerprint
from tests.loopback.ids import said_at
from tests.loopback.model import File, Json, Post, User, Webhook

if TYPE_CHECKING:
    from tests.loopback.model import Channel
    from tests.loopback.world import World

PLAIN, REPLY, SLASH, MENU = 0, 19, 20, 23
MINIMAL = (
    "type",
    "content",
    "mentions",
    "mention_roles",
    "attachments",
    "embeds",
    "timestamp",
    "edited_timestamp",
    "flags",
    "components",
)
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Draft:
    """What somebody wants to say, before it is a message."""

    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    flags: int = 0
    kind: int = PLAIN
    reply_to: Post | None = None
    forward: Post | None = None
    pings: bool = True  # whether the author replied to is among the mentions
    may_mention: set[str] | None = None  # None = everybody
    nonce: str | None = None
    metadata: Json | None = None
    webhook: Webhook | None = None
    username: str | None = None
    avatar_url: str | None = None
    tts: bool = False


@dataclass(frozen=True)
class Upload:
    file: File
    description: str | None = None
    seconds: float | None = None  # of a voice message


def attachment(world: World, channel: Channel, upload: Upload) -> Json:
    """Keep the bytes and describe them."""
    attachment_id = world.ids.now()
    name = upload.file.name.replace(" ", "_")
    in_url = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    url = world.keep_file(f"attachments/{channel.id}/{attachment_id}/{in_url}", upload.file)
    shape: Json = {
        "id": attachment_id,
        "filename": name,
        "size": len(upload.file.data),
        "url": url,
        "proxy_url": url,
        "content_type": upload.file.content_type,
    }
    if upload.description:
        shape["description"] = upload.description
    if upload.file.data.startswith(PNG):
        shape["width"], shape["height"] = struct.unpack(">II", upload.file.data[16:24])
    if upload.seconds is not None:
        shape["duration_secs"] = upload.seconds
        shape["waveform"] = "AAAA"
    return shape


def webhook_author(hook: Webhook, draft: Draft) -> Json:
    """The name and face that a webhook spoke under."""
    avatar = fingerprint(draft.avatar_url) if draft.avatar_url else hook.avatar
    return shapes.user(User(hook.id, draft.username or hook.name, bot=True, avatar=avatar)) | {"discriminator": "0000"}


def message(world: World, channel: Channel, author: Json, draft: Draft) -> Json:
    message_id = world.ids.now()
    attachments = [attachment(world, channel, one) for one in draft.uploads]
    shape: Json = {
        "id": message_id,
        "channel_id": channel.id,
        "author": author,
        "type": REPLY if draft.reply_to and draft.kind == PLAIN else draft.kind,
        "content": draft.content,
        "mentions": _mentions(world, draft),
        "mention_roles": _mentioned_roles(channel, draft.content),
        "mention_everyone": False,
        "attachments": attachments,
        "embeds": embeds(draft.embeds, attachments),
        "components": components(world, draft.components, attachments),
        "timestamp": said_at(message_id),
        "edited_timestamp": None,
        "flags": draft.flags,
        "pinned": False,
        "tts": draft.tts,
    }
    if draft.nonce is not None:
        shape["nonce"] = draft.nonce
    if draft.webhook:
        shape["webhook_id"] = draft.webhook.id
        if draft.webhook.application_id:
            shape["application_id"] = draft.webhook.application_id
    if draft.metadata:
        shape["interaction_metadata"] = draft.metadata
        shape["application_id"] = world.bot.id
        shape["webhook_id"] = world.bot.id
    return shape | _quoted(draft)


def _quoted(draft: Draft) -> Json:
    """The message replied to or forwarded, with the reference to it."""
    if draft.reply_to:
        before = {
            key: value for key, value in draft.reply_to.body.items() if key not in {"referenced_message", "reactions"}
        }
        return {"message_reference": _reference(draft.reply_to, 0), "referenced_message": before}
    if draft.forward:
        seen = {key: draft.forward.body[key] for key in MINIMAL}
        return {"message_reference": _reference(draft.forward, 1), "message_snapshots": [{"message": seen}]}
    return {}


def _reference(post: Post, kind: int) -> Json:
    reference: Json = {"type": kind, "channel_id": post.channel.id, "message_id": post.id}
    if post.channel.guild:
        reference["guild_id"] = post.channel.guild.id
    return reference


def _mentions(world: World, draft: Draft) -> list[Json]:
    named = re.findall(r"<@!?(\d+)>", draft.content)
    if draft.may_mention is not None:
        named = [one for one in named if one in draft.may_mention]
    if draft.reply_to and draft.pings and draft.reply_to.author:
        named.insert(0, draft.reply_to.author.id)
    return [shapes.user(world.users[one]) for one in dict.fromkeys(named) if one in world.users]


def _mentioned_roles(channel: Channel, content: str) -> list[str]:
    known = channel.guild.roles if channel.guild else {}
    return [one for one in dict.fromkeys(re.findall(r"<@&(\d+)>", content)) if one in known]


def _at(url: str, attachments: list[Json]) -> str:
    """`attachment://name` as the address it got."""
    if not url.startswith("attachment://"):
        return url
    name = url.removeprefix("attachment://")
    return next((str(one["url"]) for one in attachments if one["filename"] == name), url)


def embeds(given: list[Json], attachments: list[Json]) -> list[Json]:
    """Embeds as they come back: typed, nothing null, pictures with their proxies."""
    back: list[Json] = []
    for one in given:
        shape: Json = {key: value for key, value in one.items() if value is not None} | {"type": "rich"}
        for picture in ("image", "thumbnail"):
            if picture in shape:
                url = _at(shape[picture]["url"], attachments)
                shape[picture] = {"url": url, "proxy_url": url, "width": 0, "height": 0}
        for part in ("author", "footer"):
            if part in shape:
                shape[part] = {key: value for key, value in shape[part].items() if value is not None}
                if "icon_url" in shape[part]:
                    shape[part]["icon_url"] = _at(shape[part]["icon_url"], attachments)
        if "fields" in shape:
            shape["fields"] = [{**item, "inline": bool(item.get("inline"))} for item in shape["fields"]]
        back.append(shape)
    return back


def components(world: World, given: list[Json], attachments: list[Json]) -> list[Json]:
    def media(url: str) -> Json:
        address = _at(url, attachments)
        return {"id": world.ids.now(), "url": address, "proxy_url": address, "width": 0, "height": 0}

    return echoed(given, media)


def quoted(text: str, limit: int = 60) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
