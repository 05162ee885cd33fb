"""What the loopback's world is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

GUILD_TEXT = 0
DM = 1
GUILD_VOICE = 2
GUILD_CATEGORY = 4
GUILD_ANNOUNCEMENT = 5
ANNOUNCEMENT_THREAD = 10
PUBLIC_THREAD = 11
PRIVATE_THREAD = 12
GUILD_STAGE_VOICE = 13
GUILD_FORUM = 15
VOICES = {GUILD_VOICE, GUILD_STAGE_VOICE}

EPHEMERAL = 1 << 6
LOADING = 1 << 7
VOICE_MESSAGE = 1 << 13
COMPONENTS_V2 = 1 << 15


@dataclass(eq=False)
class User:
    id: str
    name: str
    bot: bool = False
    accepts_dms: bool = True
    avatar: str | None = None

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False)
class Role:
    id: str
    name: str
    permissions: int
    position: int = 0

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"


@dataclass(eq=False)
class Member:
    user: User
    joined_at: str
    nick: str | None = None
    role_ids: list[str] = field(default_factory=list)
    timed_out_until: str | None = None


@dataclass(frozen=True)
class Overwrite:
    kind: int  # 0 a role, 1 a member
    allow: int
    deny: int


@dataclass(eq=False)
class Post:
    """A message where it stands; `body` is replaced, never changed, so whoever holds one holds a moment."""

    body: Json
    channel: Channel
    author: User | None = None
    ephemeral: bool = False
    webhook: Webhook | None = None
    avatar_url: str | None = None
    nonce: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    event: Json | None = None  # what MESSAGE_CREATE carried, for an exact repetition

    @property
    def id(self) -> str:
        return str(self.body["id"])


@dataclass(eq=False)
class Channel:
    id: str
    kind: int
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    recipients: list[User] = field(default_factory=list)
    posts: dict[str, Post] = field(default_factory=dict)
    topic: str | None = None
    nsfw: bool = False
    position: int = 0
    owner_id: str = ""
    thread_members: set[str] = field(default_factory=set)
    archived: bool = False
    locked: bool = False
    born_at: str = ""
    typing: int = 0  # how often the bot was seen typing here

    @property
    def is_thread(self) -> bool:
        return self.kind in {ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD}

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"


@dataclass(eq=False)
class Guild:
    id: str
    name: str
    owner_id: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    threads: dict[str, Channel] = field(default_factory=dict)
    features: list[str] = field(default_factory=list)
    age_restricted: bool = False


@dataclass(eq=False)
class Webhook:
    id: str
    token: str
    name: str
    channel: Channel
    avatar: str | None = None
    application_id: str | None = None


@dataclass(eq=False)
class Emoji:
    id: str
    name: str
    animated: bool = False


@dataclass(frozen=True)
class File:
    """Bytes that can be downloaded from the loopback's CDN."""

    name: str
    data: bytes
    content_type: str
