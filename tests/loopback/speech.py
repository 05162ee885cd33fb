"""Saying, changing and taking back: the one place where messages come to be, and where events leave from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.loopback import messages, shapes
from tests.loopback.gateway import Intent
from tests.loopback.ids import now_iso
from tests.loopback.model import EPHEMERAL, Json, Post, User
from tests.loopback.permissions import Permission
from tests.loopback.world import World

if TYPE_CHECKING:
    from tests.loopback.messages import Draft
    from tests.loopback.model import Channel

MESSAGES = (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES)
TYPING = (Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING)
REACTIONS = (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS)


class Speech(World):
    """Everything said passes here, whoever says it."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, Post] = {}  # ephemeral replies, which stand in no channel

    def publish(self, channel: Channel, speaker: User | None, draft: Draft) -> Post:
        """Put a message where everybody (ephemeral: one person) sees it, and tell the bot."""
        hook = draft.webhook
        author = messages.webhook_author(hook, draft) if hook else shapes.user(speaker or self.bot)
        body = messages.message(self, channel, author, draft)
        post = Post(
            body,
            channel,
            speaker,
            bool(draft.flags & EPHEMERAL),
            draft.webhook,
            draft.avatar_url,
            draft.nonce,
        )
        if post.ephemeral:
            self.hidden[post.id] = post
        else:
            channel.posts[post.id] = post
            post.event = body | self._where(post)
            self._tell("MESSAGE_CREATE", post.event, post)
        self.happened("posted", channel, body)
        return post

    def revise(self, post: Post, changes: Json, *, edited: bool = True) -> Post:
        """Replace parts of a message; links of it that were handed out keep the old moment."""
        stamp = {"edited_timestamp": now_iso()} if edited else {}
        post.body = post.body | changes | stamp
        if not post.ephemeral:
            self._tell("MESSAGE_UPDATE", post.body | self._where(post), post)
        self.happened("edited", post.channel, post.body)
        return post

    def take_back(self, post: Post) -> None:
        self.hidden.pop(post.id, None)
        post.channel.posts.pop(post.id, None)
        if not post.ephemeral:
            gone: Json = {"id": post.id, "channel_id": post.channel.id}
            if post.channel.guild:
                gone["guild_id"] = post.channel.guild.id
            self._tell("MESSAGE_DELETE", gone, post)
        self.happened("deleted", post.channel, post.body)

    def put_reaction(self, post: Post, who: User, emoji: str, *, remove: bool = False) -> None:
        there = post.reactions.setdefault(emoji, [])
        if remove == (who.id not in there):
            return
        there.remove(who.id) if remove else there.append(who.id)
        post.body = post.body | {"reactions": self._reactions(post)}
        event: Json = {
            "user_id": who.id,
            "channel_id": post.channel.id,
            "message_id": post.id,
            "message_author_id": post.body["author"]["id"],
            "emoji": emoji_shape(emoji),
            "burst": False,
            "type": 0,
        }
        if post.channel.guild:
            event["guild_id"] = post.channel.guild.id
            if not remove:
                event["member"] = shapes.member(post.channel.guild.members[who.id])
        self._tell("MESSAGE_REACTION_REMOVE" if remove else "MESSAGE_REACTION_ADD", event, post, REACTIONS)
        self.changed()

    def show_typing(self, channel: Channel, who: User) -> None:
        """Let the bot see somebody type."""
        if not self.bot_may(channel, Permission.VIEW_CHANNEL):
            return
        event: Json = {"channel_id": channel.id, "user_id": who.id, "timestamp": int(time.time())}
        if channel.guild:
            event |= {"guild_id": channel.guild.id, "member": shapes.member(channel.guild.members[who.id])}
        self.gateway.about_channel("TYPING_START", event, channel, TYPING, who.id)

    def _reactions(self, post: Post) -> list[Json]:
        return [
            {
                "emoji": emoji_shape(emoji),
                "count": len(who),
                "count_details": {"burst": 0, "normal": len(who)},
                "burst_colors": [],
                "me_burst": False,
                "me": self.bot.id in who,
            }
            for emoji, who in post.reactions.items()
            if who
        ]

    def _where(self, post: Post) -> Json:
        """What the gateway's message has beyond the API's: the guild, and who spoke as its member."""
        guild = post.channel.guild
        if guild is None:
            return {}
        speaker = guild.members.get(post.author.id) if post.author and not post.webhook else None
        member = {"member": shapes.member(speaker, with_user=False)} if speaker else {}
        return {"guild_id": guild.id} | member

    def _tell(self, kind: str, data: Json, post: Post, intents: tuple[int, int] = MESSAGES) -> None:
        if self.bot_may(post.channel, Permission.VIEW_CHANNEL):
            self.gateway.about_channel(kind, data, post.channel, intents, post.id)


def emoji_shape(emoji: str) -> Json:
    """`🙂` or `name:id`."""
    name, _, emoji_id = emoji.partition(":")
    return {"id": emoji_id or None, "name": name}
