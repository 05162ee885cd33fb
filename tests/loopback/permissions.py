"""What a member may do in a channel, by Discord's own order of overwrites; timeouts and Connect are not looked at."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

from tests.loopback.model import PRIVATE_THREAD

if TYPE_CHECKING:
    from tests.loopback.model import Channel, Guild


class Permission(IntFlag):
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERYTHING = (1 << 53) - 1
EVERYONE = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.ADD_REACTIONS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CONNECT
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
IN_A_DM = EVERYONE


def in_guild(guild: Guild, user_id: str) -> int:
    if user_id == guild.owner_id:
        return EVERYTHING
    member = guild.members.get(user_id)
    if member is None:
        return 0
    granted = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        granted |= guild.roles[role_id].permissions
    return EVERYTHING if granted & Permission.ADMINISTRATOR else granted


def in_channel(channel: Channel, user_id: str) -> int:
    """Everyone's overwrite, then the roles' together, then the member's; a thread asks its parent.

    In a private thread only its members may do anything, and who manages threads.
    """
    if channel.guild is None:
        return int(IN_A_DM) if any(person.id == user_id for person in channel.recipients) else 0
    ground = channel.parent if channel.is_thread and channel.parent else channel
    granted = in_guild(channel.guild, user_id)
    member = channel.guild.members.get(user_id)
    if granted == EVERYTHING or member is None:
        return granted
    everyone = ground.overwrites.get(channel.guild.id)
    if everyone:
        granted = granted & ~everyone.deny | everyone.allow
    of_roles = [ground.overwrites[role] for role in member.role_ids if role in ground.overwrites]
    for overwrite in of_roles:
        granted &= ~overwrite.deny
    for overwrite in of_roles:
        granted |= overwrite.allow
    own = ground.overwrites.get(user_id)
    if own:
        granted = granted & ~own.deny | own.allow
    if channel.kind == PRIVATE_THREAD and user_id not in channel.thread_members:
        granted = granted if granted & Permission.MANAGE_THREADS else 0
    return granted if granted & Permission.VIEW_CHANNEL else 0
