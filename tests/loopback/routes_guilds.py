"""Guilds, their people, and the bot as a person."""

from __future__ import annotations

from tests.loopback import permissions, shapes
from tests.loopback.model import DM
from tests.loopback.permissions import Permission
from tests.loopback.refusals import Refusal
from tests.loopback.routing import Answer, Call, route


@route("GET", "/guilds/{guild_id}")
async def get_guild(call: Call) -> Answer:
    guild = call.guild()
    counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
    return Answer(shapes.guild(guild) | (counts if call.flag("with_counts") else {}))


@route("GET", "/guilds/{guild_id}/channels")
async def list_channels(call: Call) -> Answer:
    return Answer([shapes.channel(one) for one in call.guild().channels.values()])


@route("GET", "/guilds/{guild_id}/roles")
async def list_roles(call: Call) -> Answer:
    return Answer([shapes.role(one) for one in call.guild().roles.values()])


@route("GET", "/guilds/{guild_id}/members/{user_id}")
async def get_member(call: Call) -> Answer:
    found = call.guild().members.get(call.parts["user_id"])
    if found is None:
        raise Refusal(10007 if call.parts["user_id"] in call.discord.users else 10013)
    return Answer(shapes.member(found))


@route("GET", "/guilds/{guild_id}/members")
async def list_members(call: Call) -> Answer:
    """Without the members intent (which the loopback never grants) Discord refuses."""
    raise Refusal(50001)


@route("GET", "/guilds/{guild_id}/members/search")
async def search_members(call: Call) -> Answer:
    wanted = call.query["query"].lower()
    found = [
        one
        for one in call.guild().members.values()
        if one.user.name.lower().startswith(wanted) or (one.nick or "").lower().startswith(wanted)
    ]
    return Answer([shapes.member(one) for one in found[: int(call.query.get("limit", "1"))]])


@route("PATCH", "/guilds/{guild_id}/members/@me")
async def update_my_member(call: Call) -> Answer:
    me = call.guild().members[call.discord.bot.id]
    me.nick = call.body.get("nick", me.nick)
    return Answer(shapes.member(me))


@route("GET", "/guilds/{guild_id}/threads/active")
async def active_threads(call: Call) -> Answer:
    seen = [
        one
        for one in call.guild().threads.values()
        if not one.archived and call.discord.bot_may(one, Permission.VIEW_CHANNEL)
    ]
    members = [shapes.thread_member(one, call.discord.bot.id) for one in seen]
    return Answer({"threads": [shapes.channel(one) for one in seen], "members": members, "has_more": False})


@route("GET", "/users/@me")
async def get_me(call: Call) -> Answer:
    return Answer(shapes.own_user(call.discord.bot))


@route("GET", "/users/@me/guilds")
async def my_guilds(call: Call) -> Answer:
    bot = call.discord.bot
    return Answer(
        [
            {
                "id": one.id,
                "name": one.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(int(permissions.in_guild(one, bot.id))),
                "features": [],
            }
            for one in call.discord.guilds.values()
            if bot.id in one.members
        ]
    )


@route("GET", "/users/{user_id}")
async def get_user(call: Call) -> Answer:
    found = call.discord.users.get(call.parts["user_id"])
    if found is None:
        raise Refusal(10013)
    return Answer(shapes.user(found))


@route("POST", "/users/@me/channels")
async def create_dm(call: Call) -> Answer:
    person = call.discord.users.get(str(call.body.get("recipient_id")))
    if person is None:
        raise Refusal(10013)
    if person.bot:
        raise Refusal(50007)
    channel = call.discord.dm_with(person)
    if channel.kind != DM:
        raise Refusal(10003)
    return Answer(shapes.channel(channel))
