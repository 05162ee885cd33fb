"""The callback of an interaction, and its follow-ups."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.loopback import components, messages
from tests.loopback.bodies import changes_of, draft_of
from tests.loopback.interactions import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    UPDATE,
    LoopbackInteraction,
    metadata,
)
from tests.loopback.messages import MENU, PLAIN, SLASH, Draft
from tests.loopback.model import EPHEMERAL, LOADING, Json, Post
from tests.loopback.refusals import Refusal, bad_field
from tests.loopback.routing import NO_CONTENT, Answer, Call, route

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOWED = {
    COMMAND: {REPLY, DEFER, MODAL},
    AUTOCOMPLETE: {CHOICES},
    COMPONENT: {REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL},
    MODAL_SUBMIT: {REPLY, DEFER, DEFER_UPDATE, UPDATE},
}


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", open_to_all=True)
async def create_interaction_response(call: Call) -> Answer:
    interaction = call.discord.interactions.get(call.parts["interaction_token"])
    if interaction is None or interaction.id != call.parts["interaction_id"]:
        raise Refusal(10062)
    waited_s = time.monotonic() - interaction.sent_s
    if interaction.callback is not None:
        raise Refusal(40060)
    if waited_s > call.discord.interaction_deadline_s:
        raise Refusal(10062)
    kind = call.body["type"]
    if kind not in ALLOWED[interaction.type]:
        raise bad_field("type", "INTERACTION_INVALID_CALLBACK_TYPE", f"{kind} does not answer a {interaction.type}")
    if kind in {UPDATE, DEFER_UPDATE} and interaction.source is None:
        raise bad_field("type", "INTERACTION_INVALID_CALLBACK_TYPE", "there is no message to update")
    resource = RESPONSES[kind](call, interaction, call.body.get("data") or {})
    interaction.acknowledged_ms = waited_s * 1000
    interaction.callback = _kept(call.body, kind)
    interaction.final = kind in {REPLY, UPDATE, CHOICES, MODAL}
    call.discord.happened("answered", interaction.channel, interaction.message or {})
    if not call.flag("with_response"):
        return Answer(None, NO_CONTENT)
    return Answer(_told(interaction, kind, resource))


def _kept(body: Json, kind: int) -> Json:
    """The callback, with the form numbered as the person's client will send it back."""
    if kind != MODAL:
        return dict(body)
    form = body["data"]
    numbered = components.echoed(form["components"], lambda url: {"id": "0", "url": url, "proxy_url": url})
    return {"type": kind, "data": form | {"components": numbered}}


def _told(interaction: LoopbackInteraction, kind: int, resource: Post | None) -> Json:
    about: Json = {"id": interaction.id, "type": interaction.type, "channel_id": interaction.channel.id}
    if interaction.channel.guild:
        about["guild_id"] = interaction.channel.guild.id
    if resource is None:
        return {"interaction": about}
    about |= {
        "response_message_id": resource.id,
        "response_message_loading": kind == DEFER,
        "response_message_ephemeral": resource.ephemeral,
    }
    return {
        "interaction": about,
        "resource": {
            "type": UPDATE if kind == DEFER_UPDATE else REPLY if kind == DEFER else kind,
            "message": resource.body,
        },
    }


def _reply(call: Call, interaction: LoopbackInteraction, data: Json) -> Post:
    draft = draft_of(call, interaction.channel, data)
    return _publish(call, interaction, draft)


def _publish(call: Call, interaction: LoopbackInteraction, draft: Draft) -> Post:
    draft.metadata = metadata(interaction)
    draft.kind = PLAIN
    if interaction.type == COMMAND:
        draft.kind = SLASH if interaction.payload["data"]["type"] == 1 else MENU
    interaction.original = call.discord.publish(interaction.channel, call.discord.bot, draft)
    return interaction.original


def _defer(call: Call, interaction: LoopbackInteraction, data: Json) -> Post:
    return _publish(call, interaction, Draft(flags=LOADING | (data.get("flags") or 0) & EPHEMERAL))


def _defer_update(call: Call, interaction: LoopbackInteraction, data: Json) -> Post | None:
    interaction.original = interaction.source
    return interaction.source


def _update(call: Call, interaction: LoopbackInteraction, data: Json) -> Post | None:
    post = interaction.source
    if post is None:
        raise Refusal(10008)
    interaction.original = call.discord.revise(post, changes_of(call, post, data))
    return post


def _offer(call: Call, interaction: LoopbackInteraction, data: Json) -> None:
    choices = data.get("choices") or []
    kinds = {one["type"] for one in _focused(interaction.payload["data"].get("options") or [])}
    wanted: tuple[type, ...] = (str,) if 3 in kinds else (int, float)
    if not all(isinstance(one["value"], wanted) for one in choices):
        raise bad_field("choices", "BASE_TYPE_CHOICES", "a choice's value has the wrong type")
    if any(isinstance(one["value"], str) and not 1 <= len(one["value"]) <= 100 for one in choices):
        raise bad_field("choices", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")


def _focused(options: list[Json]) -> list[Json]:
    return [one for one in options if one.get("focused")] + [
        found for one in options for found in _focused(one.get("options") or [])
    ]


def _form(call: Call, interaction: LoopbackInteraction, data: Json) -> None:
    components.refuse_bad(data["components"])
    if not 1 <= len(data["components"]) <= 5:
        raise bad_field("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")


RESPONSES: dict[int, Callable[[Call, LoopbackInteraction, Json], Any]] = {
    REPLY: _reply,
    DEFER: _defer,
    DEFER_UPDATE: _defer_update,
    UPDATE: _update,
    CHOICES: _offer,
    MODAL: _form,
}


# -- afterwards, by the interaction's token --------------------------------------------------------


def original_of(interaction: LoopbackInteraction) -> Post:
    if interaction.original is None:
        raise Refusal(10008)
    return interaction.original


def hidden_or_followup(call: Call, interaction: LoopbackInteraction) -> Post:
    wanted = call.parts["message_id"]
    for post in [*interaction.followup_posts, interaction.original]:
        if post and post.id == wanted:
            return post
    raise Refusal(10008)


def follow_up(call: Call, interaction: LoopbackInteraction) -> Post:
    """A further message; the first one after a deferred reply fills that reply instead."""
    draft = draft_of(call, interaction.channel, call.body)
    waiting = interaction.original
    if waiting and waiting.body["flags"] & LOADING:
        attachments = [messages.attachment(call.discord, waiting.channel, one) for one in draft.uploads]
        changes = {
            "content": draft.content,
            "attachments": attachments,
            "embeds": messages.embeds(draft.embeds, attachments),
            "components": messages.components(call.discord, draft.components, attachments),
            "flags": waiting.body["flags"] & ~LOADING,
        }
        interaction.final = True
        return call.discord.revise(waiting, changes)
    draft.metadata = metadata(interaction)
    posted = call.discord.publish(interaction.channel, call.discord.bot, draft)
    interaction.followup_posts.append(posted)
    interaction.final = True
    return posted
