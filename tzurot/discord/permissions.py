"""What the bot asks of a server, and what a member may read there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import hikari
from hikari import Intents, Permissions

if TYPE_CHECKING:
    from tzurot.tables.characters import CharacterSummary
    from tzurot.tables.people import Person

CONTENT_INTENT = Intents.MESSAGE_CONTENT
INTENTS = Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.DM_MESSAGES | CONTENT_INTENT
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
    return permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who may change a character: whoever made it, and the owners of the bot."""

    external_ids: frozenset[str]

    def may_edit(self, person: Person, character: CharacterSummary) -> bool:
        return character.owner_id == person.user_id or person.external_id in self.external_ids
