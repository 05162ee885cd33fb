"""Channels, their messages, reactions, threads and typing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.loopback import shapes
from tests.loopback.blanking import without_content
from tests.loopback.bodies import changes_of, draft_of
from tests.loopback.permissions import Permission
from tests.loopback.refusals import Refusal, bad_field
from tests.loopback.routing import NO_CONTENT, Answer, Call, route

if TYPE_CHECKING:
    from tests.loopback.model import Channel, Json, Post, User

NOTHING = Answer(None, NO_CONTENT)


@route("GET", "/channels/{channel_id}")
async def get_channel(call: Call) -> Answer:
    return Answer(shapes.channel(call.channel()))


@route("PATCH", "/channels/{channel_id}")
async def update_channel(call: Call) -> Answer:
    channel = call.channel(Permission.MANAGE_CHANNELS)
    channel.name = call.body.get("name") or channel.name
    channel.archived = call.body.get("archived", channel.archived)
    channel.locked = call.body.get("locked", channel.locked)
    kind = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
    call.discord.gateway.dispatch(kind, shapes.channel(channel), channel.guild)
    return Answer(shapes.channel(channel))


def read(call: Call, channel: Channel, post: Post) -> Json:
    """A message as this bot may read it."""
    if call.discord.message_content_intent == "enabled":
        return dict(post.body)
    return without_content(post.body, call.discord.bot.id, in_dm=channel.guild is None)


@route("GET", "/channels/{channel_id}/messages")
async def list_messages(call: Call) -> Answer:
    """Newest first; without the right to read history there is simply nothing."""
    channel = call.channel()
    if not call.discord.bot_may(channel, Permission.READ_MESSAGE_HISTORY):
        return Answer([])
    limit = int(call.query.get("limit", "50"))
    posts = list(channel.posts.values())
    if "around" in call.query:
        before = [one for one in posts if int(one.id) < int(call.query["around"])][-(limit // 2) :]
        since = [one for one in posts if int(one.id) >= int(call.query["around"])][: limit - len(before)]
        posts = before + since
    elif "after" in call.query:
        posts = [one for one in posts if int(one.id) > int(call.query["after"])][:limit]
    elif "before" in call.query:
        posts = [one for one in posts if int(one.id) < int(call.query["before"])][-limit:]
    else:
        posts = posts[-limit:]
    return Answer([read(call, channel, one) for one in reversed(posts)])


@route("GET", "/channels/{channel_id}/messages/{message_id}")
async def get_message(call: Call) -> Answer:
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    return Answer(read(call, channel, call.post(channel)))


@route("POST", "/channels/{channel_id}/messages")
async def create_message(call: Call) -> Answer:
    channel = call.channel()
    if channel.guild is None and not all(person.accepts_dms for person in channel.recipients):
        raise Refusal(50007)
    call.require(channel, Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES)
    draft = draft_of(call, channel, call.body)
    if draft.uploads:
        call.require(channel, Permission.ATTACH_FILES)
    if draft.embeds:
        call.require(channel, Permission.EMBED_LINKS)
    if call.body.get("enforce_nonce") and draft.nonce is not None:
        for post in reversed(channel.posts.values()):
            if post.nonce == draft.nonce and post.author is call.discord.bot:
                return Answer(dict(post.body))
    return Answer(call.discord.publish(channel, call.discord.bot, draft).body)


@route("PATCH", "/channels/{channel_id}/messages/{message_id}")
async def update_message(call: Call) -> Answer:
    post = call.post(call.channel())
    if post.author is not call.discord.bot:
        raise Refusal(50005)
    return Answer(call.discord.revise(post, changes_of(call, post, call.body)).body)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}")
async def delete_message(call: Call) -> Answer:
    channel = call.channel()
    post = call.post(channel)
    if post.author is not call.discord.bot:
        call.require(channel, Permission.MANAGE_MESSAGES)
        if channel.guild is None:
            raise Refusal(50013)
    call.discord.take_back(post)
    return NOTHING


@route("POST", "/channels/{channel_id}/messages/bulk-delete")
async def bulk_delete(call: Call) -> Answer:
    channel = call.channel(Permission.MANAGE_MESSAGES)
    for message_id in call.body["messages"]:
        if message_id in channel.posts:
            call.discord.take_back(channel.posts[message_id])
    return NOTHING


@route("POST", "/channels/{channel_id}/typing")
async def typing(call: Call) -> Answer:
    channel = call.channel()
    channel.typing += 1
    call.discord.happened("typing", channel, {})
    return NOTHING


# -- reactions -------------------------------------------------------------------------------------


def _react(call: Call, who: User, *, remove: bool) -> Answer:
    post = call.post(call.channel())
    call.discord.put_reaction(post, who, unquote(call.parts["emoji_name"]), remove=remove)
    return NOTHING


@route("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me")
async def add_reaction(call: Call) -> Answer:
    call.channel(Permission.ADD_REACTIONS)
    return _react(call, call.discord.bot, remove=False)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me")
async def remove_reaction(call: Call) -> Answer:
    return _react(call, call.discord.bot, remove=True)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}")
async def remove_reaction_of(call: Call) -> Answer:
    call.channel(Permission.MANAGE_MESSAGES)
    return _react(call, call.discord.users[call.parts["user_id"]], remove=True)


@route("GET", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}")
async def list_reactions(call: Call) -> Answer:
    post = call.post(call.channel(Permission.READ_MESSAGE_HISTORY))
    who = post.reactions.get(unquote(call.parts["emoji_name"]), [])
    return Answer([shapes.user(call.discord.users[one]) for one in who])


# -- threads ---------------------------------------------------------------------------------------


def _new_thread(call: Call, channel: Channel, thread_id: str = "") -> Answer:
    call.require(channel, Permission.CREATE_PUBLIC_THREADS)
    if channel.is_thread or channel.guild is None:
        raise bad_field("type", "BASE_TYPE_CHOICES", "Threads cannot be opened here", malformed=False)
    thread = call.discord.add_thread(
        call.body["name"],
        parent=channel,
        private=call.body.get("type") == 12,
        owner=call.discord.bot,
        thread_id=thread_id,
    )
    return Answer(shapes.channel(thread), 201)


@route("POST", "/channels/{channel_id}/threads")
async def create_thread(call: Call) -> Answer:
    return _new_thread(call, call.channel())


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
async def create_thread_from_message(call: Call) -> Answer:
    channel = call.channel()
    post = call.post(channel)
    if post.id in call.discord.channels:
        raise Refusal(160004)
    return _new_thread(call, channel, post.id)


@route("GET", "/channels/{channel_id}/thread-members/{user_id}")
async def get_thread_member(call: Call) -> Answer:
    thread = call.channel()
    if not thread.is_thread or call.parts["user_id"] not in thread.thread_members:
        raise Refusal(10007)
    return Answer(shapes.thread_member(thread, call.parts["user_id"]))


@route("PUT", "/channels/{channel_id}/thread-members/@me")
async def join_thread(call: Call) -> Answer:
    call.channel().thread_members.add(call.discord.bot.id)
    return NOTHING
