"""From a request's body to a draft of a message, with the refusals that the OpenAPI file does not carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loopback import components, messages
from tests.loopback.messages import Draft
from tests.loopback.model import COMPONENTS_V2, EPHEMERAL, Channel, Json, Post
from tests.loopback.permissions import Permission
from tests.loopback.refusals import Refusal, bad_field

if TYPE_CHECKING:
    from tests.loopback.routing import Call

CONTENT_AT_MOST = 2000
EMBEDS_AT_MOST = 6000
FILE_AT_MOST = 10 * 1024 * 1024
SETTABLE_FLAGS = EPHEMERAL | COMPONENTS_V2 | 1 << 2 | 1 << 12
FORBIDDEN_NAMES = ("discord", "clyde")


def draft_of(call: Call, channel: Channel, body: Json) -> Draft:
    """What the bot wants to say; refused as Discord would refuse it."""
    draft = Draft(
        content=(body.get("content") or "").strip(),
        embeds=body.get("embeds") or [],
        components=body.get("components") or [],
        uploads=[call.uploads[one] for one in sorted(call.uploads)],
        flags=(body.get("flags") or 0) & SETTABLE_FLAGS,
        tts=bool(body.get("tts")),
        nonce=body.get("nonce"),
        username=body.get("username"),
        avatar_url=body.get("avatar_url"),
    )
    _refer(call, channel, body, draft)
    mentions = body.get("allowed_mentions")
    if mentions is not None:
        everybody = "users" in (mentions.get("parse") or ())
        draft.may_mention = None if everybody else set(mentions.get("users") or ())
        draft.pings = bool(mentions.get("replied_user"))
    refuse_bad(draft, is_forward=draft.forward is not None)
    return draft


def _refer(call: Call, channel: Channel, body: Json, draft: Draft) -> None:
    reference = body.get("message_reference")
    if not reference:
        return
    where = call.discord.channels.get(reference.get("channel_id") or channel.id, channel)
    target = where.posts.get(str(reference["message_id"]))
    if not call.discord.bot_may(channel, Permission.READ_MESSAGE_HISTORY):
        raise Refusal(160002)
    if target is None:
        if reference.get("fail_if_not_exists", True):
            raise bad_field(
                "message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message", malformed=False
            )
        return
    if reference.get("type") == 1:
        draft.forward = target
    else:
        draft.reply_to = target


def refuse_bad(draft: Draft, *, is_forward: bool = False) -> None:
    if not (draft.content or draft.embeds or draft.components or draft.uploads or is_forward):
        raise Refusal(50006, malformed=True)
    refuse_bad_parts(draft.content, draft.embeds, draft.components, draft.flags)
    if len(draft.uploads) > 10:
        raise bad_field("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if any(len(one.file.data) > FILE_AT_MOST for one in draft.uploads):
        raise Refusal(40005, status=413, message="Request entity too large", malformed=True)
    name = (draft.username or "").lower()
    refuse_bad_name("username", name)


def refuse_bad_parts(content: str, embeds: list[Json], given: list[Json], flags: int) -> None:
    if len(content) > CONTENT_AT_MOST:
        raise bad_field("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
    if sum(embed_size(one) for one in embeds) > EMBEDS_AT_MOST:
        raise bad_field("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    if any(embed_size(one) == 0 and not one.get("image") and not one.get("thumbnail") for one in embeds):
        raise bad_field("embeds", "BASE_TYPE_REQUIRED", "An embed needs something in it")
    components.refuse_bad(given)
    if flags & COMPONENTS_V2 and (content or embeds):
        raise bad_field(
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "No content beside components V2",
        )
    if not flags & COMPONENTS_V2 and components.any_v2(given):
        raise bad_field("components", "UNION_TYPE_CHOICES", "Components V2 need their flag (1 << 15)")
    if not flags & COMPONENTS_V2 and len(given) > 5:
        raise bad_field("components", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
    written = sum(len(one) for one in components.texts(given))
    if written > 4000:
        raise bad_field("components", "COMPONENT_TEXT_TOO_LONG", "Text displays hold 4000 characters together")


def refuse_bad_name(field: str, name: str) -> None:
    for word in FORBIDDEN_NAMES:
        if word in name.lower():
            raise bad_field(field, "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')


def embed_size(embed: Json) -> int:
    """The characters that count towards the 6000."""
    parts = [embed.get("title"), embed.get("description")]
    parts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or ():
        parts += [field["name"], field["value"]]
    return sum(len(one) for one in parts if one)


def changes_of(call: Call, post: Post, body: Json) -> Json:
    """What an edit replaces in a message; what it does not name stays."""
    changes: Json = {}
    attachments = post.body["attachments"]
    if body.get("attachments") is not None:
        kept = {str(one["id"]) for one in body["attachments"]}
        attachments = [one for one in attachments if one["id"] in kept]
    attachments = attachments + [
        messages.attachment(call.discord, post.channel, call.uploads[one]) for one in sorted(call.uploads)
    ]
    if attachments != post.body["attachments"]:
        changes["attachments"] = attachments
    flags = post.body["flags"]
    if body.get("flags") is not None:
        flags = flags & ~(1 << 2) | body["flags"] & SETTABLE_FLAGS & ~EPHEMERAL
        changes["flags"] = flags
    if "content" in body:
        changes["content"] = (body["content"] or "").strip()
    given = {
        **post.body,
        **{key: body[key] or [] for key in ("embeds", "components") if key in body},
        **changes,
    }
    refuse_bad_parts(given["content"], body.get("embeds") or [], body.get("components") or [], flags)
    if "embeds" in body:
        changes["embeds"] = messages.embeds(body["embeds"] or [], attachments)
    if "components" in body:
        changes["components"] = messages.components(call.discord, body["components"] or [], attachments)
    if not (given["content"] or given["embeds"] or given["components"] or attachments):
        raise Refusal(50006, malformed=True)
    return changes


def shown(call: Call, post: Post) -> Any:
    """The body of a message as the API shows it."""
    return dict(post.body)
