"""What the bot asks of a server, and what a member may read there."""

from __future__ import annotations

from dataclasses import dataclass

import hikari
from hikari import Intents, Permissions

CONTENT_INTENT = Intents.MESSAGE_CONTENT
TYPING = Intents.GUILD_MESSAGE_TYPING | Intents.DM_MESSAGE_TYPING  # so that nobody is interrupted
REACTIONS = Intents.GUILD_MESSAGE_REACTIONS | Intents.DM_MESSAGE_REACTIONS
INTENTS = Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.DM_MESSAGES | TYPING | REACTIONS | CONTENT_INTENT
# each with what it is used for; the invite link asks for exactly these
PERMISSIONS: dict[Permissions, str] = {
    Permissions.VIEW_CHANNEL: "see the channels it talks in",
    Permissions.SEND_MESSAGES: "answer",
    Permissions.SEND_MESSAGES_IN_THREADS: "answer in threads",
    Permissions.MANAGE_WEBHOOKS: "speak with each character's own name and face",
    Permissions.READ_MESSAGE_HISTORY: "know what was said before it was asked",
}
READ = Permissions.VIEW_CHANNEL | Permissions.READ_MESSAGE_HISTORY


def sees_content(application: hikari.Application) -> bool:
    """Whether the switch Message Content Intent is on; connecting with that intent while it is off is refused."""
    flags = hikari.ApplicationFlags
    return bool(application.flags & (flags.MESSAGE_CONTENT_INTENT | flags.MESSAGE_CONTENT_INTENT_LIMITED))


def needed() -> Permissions:
    permissions = Permissions.NONE
    for permission in PERMISSIONS:
        permissions |= permission
    return permissions


def invite_link(application_id: int) -> str:
    scopes = "scope=bot%20applications.commands"
    return f"https://discord.com/oauth2/authorize?client_id={application_id}&{scopes}&permissions={int(needed())}"


def of_member(
    member: hikari.Member, guild: hikari.GatewayGuild, channel: hikari.PermissibleGuildChannel
) -> Permissions:
    """A member's rights in a channel, as Discord computes them: roles, then overwrites from everyone to the member."""
    if guild.owner_id == member.id:
        return Permissions.all_permissions()
    roles = guild.get_roles()
    permissions = Permissions.NONE
    for role_id in {guild.id, *member.role_ids}:
        role = roles.get(role_id)
        permissions |= role.permissions if role is not None else Permissions.NONE
    if permissions & Permissions.ADMINISTRATOR:
        return Permissions.all_permissions()
    overwrites = channel.permission_overwrites
    if everyone := overwrites.get(guild.id):
        permissions = permissions & ~everyone.deny | everyone.allow
    deny = allow = Permissions.NONE
    for role_id in member.role_ids:
        if role_id != guild.id and (overwrite := overwrites.get(role_id)):
            deny |= overwrite.deny
            allow |= overwrite.allow
    permissions = permissions & ~deny | allow
    if own := overwrites.get(member.id):
        permissions = permissions & ~own.deny | own.allow
    if member.communication_disabled_until() is not None:
        permissions &= READ  # all that a timeout leaves
    return permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the bot itself may do in each channel of a server, by the cache."""

    bot: hikari.GatewayBot

    def missing_in(self, guild_id: int) -> list[tuple[int, list[str]]]:
        """Channels in which permissions are missing, with the names of these."""
        guild = self.bot.cache.get_guild(guild_id)
        me = guild.get_my_member() if guild is not None else None
        if guild is None or me is None:
            return []
        missing: list[tuple[int, list[str]]] = []
        for channel in guild.get_channels().values():
            if not isinstance(channel, hikari.TextableGuildChannel) or isinstance(channel, hikari.GuildVoiceChannel):
                continue
            held = of_member(me, guild, channel)
            names = [str(one.name).replace("_", " ").title() for one in PERMISSIONS if not held & one]
            if names:
                missing.append((int(channel.id), names))
        return missing
