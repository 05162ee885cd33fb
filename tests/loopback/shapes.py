"""People, guilds and channels as Discord writes them in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.loopback.ids import now_iso
from tests.loopback.model import DM, GUILD_FORUM, VOICES, Channel, Emoji, Guild, Json, Member, Role, User, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable


def user(person: User) -> Json:
    shape: Json = {
        "id": person.id,
        "username": person.name.lower().replace(" ", "_"),
        "discriminator": "4242" if person.bot else "0",
        "global_name": None if person.bot else person.name,
        "avatar": person.avatar,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }
    if person.bot:
        shape |= {"bot": True, "username": person.name}
    return shape


def own_user(person: User) -> Json:
    return user(person) | {
        "mfa_enabled": False,
        "locale": "en-US",
        "verified": True,
        "email": None,
        "premium_type": 0,
    }


def member(who: Member, *, with_user: bool = True) -> Json:
    shape: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": who.timed_out_until,
        "flags": 0,
        "joined_at": who.joined_at,
        "nick": who.nick,
        "pending": False,
        "premium_since": None,
        "roles": list(who.role_ids),
        "mute": False,
        "deaf": False,
    }
    if with_user:
        shape["user"] = user(who.user)
    return shape


def role(one: Role) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "permissions": str(int(one.permissions)),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def guild(place: Guild) -> Json:
    return {
        "id": place.id,
        "name": place.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": list(place.features),
        "banner": None,
        "owner_id": place.owner_id,
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(one) for one in place.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": place.age_restricted,
        "nsfw_level": 3 if place.age_restricted else 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(place: Guild, bot_id: str, threads: Iterable[Channel]) -> Json:
    """The gateway's guild: everything above, and who and what is in it."""
    return guild(place) | {
        "joined_at": place.members[bot_id].joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(place.members),
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "members": [member(place.members[bot_id])],
        "channels": [channel(one) for one in place.channels.values()],
        "threads": [channel(one) | {"member": thread_member(one, bot_id)} for one in threads],
    }


def channel(place: Channel) -> Json:
    if place.kind == DM:
        return {
            "id": place.id,
            "type": DM,
            "flags": 0,
            "last_message_id": last_message_id(place),
            "recipients": [user(person) for person in place.recipients if not person.bot],
        }
    if place.guild is None:
        raise LookupError(f"#{place.name} stands in no guild")
    shape: Json = {
        "id": place.id,
        "type": place.kind,
        "flags": 0,
        "guild_id": place.guild.id,
        "name": place.name,
        "parent_id": place.parent.id if place.parent else None,
        "last_message_id": last_message_id(place),
        "rate_limit_per_user": 0,
    }
    if place.is_thread:
        return shape | _thread(place)
    return (
        shape
        | _by_kind(place)
        | {
            "position": place.position,
            "topic": place.topic,
            "nsfw": place.nsfw,
            "permission_overwrites": [
                {"id": target, "type": over.kind, "allow": str(int(over.allow)), "deny": str(int(over.deny))}
                for target, over in place.overwrites.items()
            ],
        }
    )


def _by_kind(place: Channel) -> Json:
    if place.kind in VOICES:
        return {"bitrate": 64_000, "user_limit": 0, "rtc_region": None, "video_quality_mode": 1}
    if place.kind == GUILD_FORUM:
        return {
            "available_tags": [],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }
    return {}


def _thread(place: Channel) -> Json:
    return {
        "owner_id": place.owner_id,
        "thread_metadata": {
            "archived": place.archived,
            "archive_timestamp": place.born_at,
            "auto_archive_duration": 1440,
            "locked": place.locked,
            "create_timestamp": place.born_at,
        },
        "message_count": len(place.posts),
        "member_count": 1,
        "total_message_sent": len(place.posts),
    }


def last_message_id(place: Channel) -> str | None:
    return next(reversed(place.posts)) if place.posts else None


def thread_member(place: Channel, user_id: str) -> Json:
    return {"id": place.id, "user_id": user_id, "join_timestamp": place.born_at or now_iso(), "flags": 0}


def webhook(hook: Webhook, base_url: str, owner: User) -> Json:
    return {
        "application_id": hook.application_id,
        "avatar": hook.avatar,
        "channel_id": hook.channel.id,
        "guild_id": hook.channel.guild.id if hook.channel.guild else None,
        "id": hook.id,
        "name": hook.name,
        "type": 1,
        "token": hook.token,
        "url": f"{base_url}/api/webhooks/{hook.id}/{hook.token}",
        "user": user(owner),
    }


def emoji(one: Emoji, owner: User) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "roles": [],
        "require_colons": True,
        "managed": False,
        "animated": one.animated,
        "available": True,
        "user": user(owner),
    }
