"""Interactions: what a person sets off, and everything the bot answers to it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.loopback import components, permissions, shapes
from tests.loopback.commands import MESSAGE_MENU, SLASH, USER_MENU, Chosen, Filling, NotOffered, find
from tests.loopback.refusals import Refusal
from tests.loopback.speech import Speech

if TYPE_CHECKING:
    from tests.loopback.model import Channel, Json, Post, User
    from tests.loopback.world import Where, Who, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
TOKEN_LIVES_S = 15 * 60
PERSON_CAN_WAIT_S = 10.0


@dataclass(eq=False)
class LoopbackInteraction:
    """One interaction from the person's side."""

    world: World
    id: str
    token: str
    type: int
    user: User
    channel: Channel
    payload: Json
    source: Post | None = None  # the message whose component was used
    opened_by: LoopbackInteraction | None = None  # of a submitted modal
    sent_s: float = field(default_factory=time.monotonic)
    acknowledged_ms: float | None = None
    callback: Json | None = None
    original: Post | None = None
    followup_posts: list[Post] = field(default_factory=list)
    final: bool = False

    @property
    def message(self) -> Json | None:
        """The original response as it stands now; None while there is none."""
        return self.original.body if self.original else None

    @property
    def followups(self) -> list[Json]:
        return [post.body for post in self.followup_posts]

    @property
    def modal(self) -> Json | None:
        """The form that it was answered with."""
        return self.callback["data"] if self.callback and self.callback["type"] == MODAL else None

    @property
    def choices(self) -> list[Json]:
        """What an autocompletion offered."""
        return list((self.callback or {}).get("data", {}).get("choices", []))

    @property
    def text(self) -> str:
        """All words of the original response: content, embeds and text displays."""
        return words_of(self.message) if self.message else ""

    @property
    def ephemeral(self) -> bool:
        return bool(self.original and self.original.ephemeral)

    async def done(self, timeout: float = PERSON_CAN_WAIT_S) -> LoopbackInteraction:  # noqa: ASYNC109
        """Wait until the reply is final: not deferred, or deferred and then edited."""
        name = self.payload["data"].get("name") or self.payload["data"].get("custom_id")
        await self.world.until(lambda: self.final, timeout, f"the reply to {name!r} (so far: {self.callback})")
        return self


def words_of(message: Json) -> str:
    """Everything there is to read in a message."""
    parts = [message["content"]]
    for embed in message["embeds"]:
        parts += [
            embed.get("author", {}).get("name", ""),
            embed.get("title", ""),
            embed.get("description", ""),
        ]
        parts += [f"{one['name']}: {one['value']}" for one in embed.get("fields", ())]
        parts.append(embed.get("footer", {}).get("text", ""))
    parts += components.texts(message["components"])
    return "\n".join(part for part in parts if part)


class Interactions(Speech):
    """Sends interactions and keeps their tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.interactions: dict[str, LoopbackInteraction] = {}  # by token
        self.interaction_deadline_s = 3.0

    async def slash(
        self, where: Where, who: Who, words: str, options: dict[str, Any] | None = None, **attachments: Any
    ) -> LoopbackInteraction:
        """Run a command: `await discord.slash("general", "Bob", "character view", {"character": "Nyx"})`.

        Attachment options are `(name, bytes, content type)`, among the options or by keyword.
        """
        channel, person = self.channel(where), self.user(who)
        chosen = find(self, words, channel, person)
        filling = Filling(self, channel)
        filled = filling.options(chosen, {**(options or {}), **attachments})
        return self._interact(COMMAND, channel, person, _command_data(chosen, filled, filling.resolved))

    async def autocomplete(
        self,
        where: Where,
        who: Who,
        words: str,
        option: str,
        typed: str = "",
        others: dict[str, Any] | None = None,
    ) -> LoopbackInteraction:
        """Type into an option and wait for what is offered."""
        channel, person = self.channel(where), self.user(who)
        chosen = find(self, words, channel, person)
        known = {one["name"]: one for one in chosen.options}
        if not known.get(option, {}).get("autocomplete"):
            raise NotOffered(f"option {option!r} of /{words} has no autocompletion")
        filling = Filling(self, channel)
        filled = filling.options(chosen, {**(others or {}), option: typed}, focused=option)
        data = _command_data(chosen, filled, filling.resolved)
        return await self._interact(AUTOCOMPLETE, channel, person, data).done()

    async def message_command(self, where: Where, who: Who, name: str, message: Json) -> LoopbackInteraction:
        """Use an entry of a message's menu."""
        channel, person = self.channel(where), self.user(who)
        chosen = find(self, name, channel, person, MESSAGE_MENU)
        target = self.post(message)
        data = _command_data(chosen, [], {"messages": {target.id: target.body}}) | {"target_id": target.id}
        return self._interact(COMMAND, channel, person, data)

    async def user_command(self, where: Where, who: Who, name: str, target: Who) -> LoopbackInteraction:
        """Use an entry of a person's menu."""
        channel, person = self.channel(where), self.user(who)
        chosen = find(self, name, channel, person, USER_MENU)
        filling = Filling(self, channel)
        target_id = filling.person(target)
        data = _command_data(chosen, [], filling.resolved) | {"target_id": target_id}
        return self._interact(COMMAND, channel, person, data)

    async def click(
        self,
        where: Where,
        who: Who,
        message: Json | LoopbackInteraction,
        custom_id: str,
        values: list[Any] | None = None,
    ) -> LoopbackInteraction:
        """Press a button, or pick from a select; refused where a client would have it greyed out."""
        channel, person = self.channel(where), self.user(who)
        if isinstance(message, LoopbackInteraction):
            if message.message is None:
                raise NotOffered("that interaction was not answered with a message")
            message = message.message
        post = self.hidden.get(str(message["id"])) or self.post(message)
        one = components.find(post.body["components"], custom_id)
        if one.get("disabled"):
            raise NotOffered(f"{custom_id!r} is disabled")
        data: Json = {"custom_id": custom_id, "component_type": one["type"], "id": one["id"]}
        if one["type"] in components.SELECTS:
            filling = Filling(self, channel)
            data["values"] = _picked(one, values or [], filling)
            data["resolved"] = filling.resolved
        elif values:
            raise NotOffered("a button takes no values")
        return self._interact(COMPONENT, channel, person, data, source=post)

    async def submit(self, opened: LoopbackInteraction, fields: dict[str, str]) -> LoopbackInteraction:
        """Fill in and send the form that an interaction was answered with."""
        if opened.modal is None:
            raise NotOffered(f"no form there, but {opened.callback}")
        form = opened.modal
        inputs = {one["custom_id"]: one for one in components.interactive(form["components"])}
        unknown = set(fields) - set(inputs)
        if unknown:
            raise NotOffered(f"the form has no {sorted(unknown)}; it has {sorted(inputs)}")
        values = {name: _typed_in(one, fields.get(name, one.get("value") or "")) for name, one in inputs.items()}
        data: Json = {"custom_id": form["custom_id"], "components": _submitted(form["components"], values)}
        return self._interact(MODAL_SUBMIT, opened.channel, opened.user, data, source=opened.source, opened_by=opened)

    def interaction_by(self, token: str) -> LoopbackInteraction:
        """The interaction of a token that is still good for replies."""
        found = self.interactions.get(token)
        if found is None or found.callback is None:
            raise Refusal(10015)
        if time.monotonic() - found.sent_s > TOKEN_LIVES_S:
            raise Refusal(50027)
        return found

    def _interact(
        self,
        kind: int,
        channel: Channel,
        person: User,
        data: Json,
        *,
        source: Post | None = None,
        opened_by: LoopbackInteraction | None = None,
    ) -> LoopbackInteraction:
        if not self.gateway.live:
            raise ConnectionError("no bot is connected to the loopback Discord")
        token, interaction_id = f"aW50ZXJhY3Rpb24.{secrets.token_urlsafe(24)}", self.ids.now()
        payload = envelope(self, channel, person) | {
            "id": interaction_id,
            "type": kind,
            "token": token,
            "data": data,
        }
        if source:
            payload["message"] = source.body
        made = LoopbackInteraction(self, interaction_id, token, kind, person, channel, payload, source, opened_by)
        self.interactions[token] = made
        self.gateway.dispatch("INTERACTION_CREATE", payload, channel.guild, about=interaction_id)
        return made


def envelope(world: World, channel: Channel, person: User) -> Json:
    """What every interaction carries, whatever it is about."""
    guild = channel.guild
    shape: Json = {
        "application_id": world.bot.id,
        "version": 1,
        "channel_id": channel.id,
        "channel": shapes.channel(channel) | {"permissions": str(int(permissions.in_channel(channel, person.id)))},
        "locale": "en-US",
        "app_permissions": str(int(permissions.in_channel(channel, world.bot.id))),
        "entitlements": [],
        "authorizing_integration_owners": {"0": guild.id if guild else "0"},
        "context": 0 if guild else 1,
        "attachment_size_limit": 10 * 1024 * 1024,
    }
    if guild is None:
        return shape | {"user": shapes.user(person)}
    rights = str(int(permissions.in_channel(channel, person.id)))
    return shape | {
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "member": shapes.member(guild.members[person.id]) | {"permissions": rights},
    }


def metadata(interaction: LoopbackInteraction) -> Json:
    """What a reply says about the interaction it answers."""
    shape: Json = {
        "id": interaction.id,
        "type": interaction.type,
        "user": shapes.user(interaction.user),
        "authorizing_integration_owners": interaction.payload["authorizing_integration_owners"],
    }
    if interaction.type == COMPONENT and interaction.source:
        shape["interacted_message_id"] = interaction.source.id
    if interaction.type == MODAL_SUBMIT and interaction.opened_by:
        shape["triggering_interaction_metadata"] = metadata(interaction.opened_by)
    return shape


def _command_data(chosen: Chosen, options: list[Json], resolved: Json) -> Json:
    command = chosen.command
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if command["type"] == SLASH:
        data["options"] = options
    if resolved:
        data["resolved"] = resolved
    if command.get("guild_id"):
        data["guild_id"] = command["guild_id"]
    return data


def _picked(select: Json, values: list[Any], filling: Filling) -> list[str]:
    if not select["min_values"] <= len(values) <= select["max_values"]:
        raise NotOffered(f"pick {select['min_values']} to {select['max_values']} of {select['custom_id']!r}")
    if select["type"] == components.STRING_SELECT:
        by_label = {one["label"]: one["value"] for one in select["options"]}
        offered = {one["value"] for one in select["options"]}  # labels may be alike
        picked = [str(value) if value in offered else by_label.get(value, "") for value in values]
        if not all(one in offered for one in picked):
            raise NotOffered(f"{select['custom_id']!r} offers {sorted(offered)}, not {values}")
        return picked
    resolve = {5: filling.person, 6: filling.role, 7: filling.person, 8: filling.place}[select["type"]]
    return [resolve(value) for value in values]


def _typed_in(field_: Json, text: str) -> str:
    low, high = field_.get("min_length") or 0, field_.get("max_length") or 4000
    if field_.get("required", True) and not text:
        raise NotOffered(f"field {field_['custom_id']!r} is required")
    if text and not low <= len(text) <= high:
        raise NotOffered(f"field {field_['custom_id']!r} takes {low} to {high} characters, not {len(text)}")
    return text


def _submitted(form: list[Json], values: dict[str, str]) -> list[Json]:
    """The form's layout with the values in it, as it is sent back."""
    back: list[Json] = []
    for one in form:
        if one["type"] == components.ROW:
            back.append({"type": one["type"], "id": one["id"], "components": _submitted(one["components"], values)})
        elif one["type"] == components.LABEL:
            inner = _submitted([one["component"]], values)[0]
            back.append({"type": one["type"], "id": one["id"], "component": inner})
        elif one.get("custom_id"):
            back.append(
                {
                    "type": one["type"],
                    "id": one["id"],
                    "custom_id": one["custom_id"],
                    "value": values[one["custom_id"]],
                }
            )
    return back
