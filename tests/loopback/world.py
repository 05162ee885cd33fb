"""The world: who and what there is, how to build more of it, and how to wait for something in it."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.loopback import permissions, shapes
from tests.loopback.gateway import Gateway
from tests.loopback.ids import Snowflakes, now_iso
from tests.loopback.model import (
    ANNOUNCEMENT_THREAD,
    DM,
    GUILD_ANNOUNCEMENT,
    GUILD_TEXT,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    Channel,
    Emoji,
    File,
    Guild,
    Json,
    Member,
    Overwrite,
    Post,
    Role,
    User,
    Webhook,
)
from tests.loopback.permissions import EVERYONE, Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Where = Channel | str
    Who = User | str


@dataclass(frozen=True)
class Happening:
    """Something a person could see: `posted`, `edited`, `deleted`, `answered`, `typing`."""

    kind: str
    channel: Channel
    message: Json


class World:
    """State of the loopback Discord; it lives on while bots come and go."""

    def __init__(self) -> None:
        self.ids = Snowflakes()
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.emojis: dict[str, Emoji] = {}
        self.commands: dict[str | None, list[Json]] = {None: []}  # by guild id; None = everywhere
        self.files: dict[str, File] = {}
        self.message_content_intent = "enabled"
        self.base_url = ""
        self._watchers: list[Callable[[Happening], None]] = []
        self._changed = asyncio.Event()
        self.bot = self.add_user("Tzurot", bot=True)
        segment = base64.urlsafe_b64encode(self.bot.id.encode()).decode().rstrip("=")
        self.token = f"{segment}.loopback.not-a-secret"
        self.gateway = Gateway(self)
        self._build_playground()

    # -- building ----------------------------------------------------------------------------------

    def _build_playground(self) -> None:
        self.alice, self.bob, self.carol = (self.add_user(name) for name in ("Alice", "Bob", "Carol"))
        self.playground = self.add_guild("Playground", self.alice, members=[self.bob, self.carol])
        self.general = self.add_channel("general")
        self.quiet = self.add_channel("quiet")
        self.thread = self.add_thread("thread", parent=self.general)
        self.private = self.add_channel("private", deny_bot=Permission.VIEW_CHANNEL)
        self.unhooked = self.add_channel("unhooked", deny_bot=Permission.MANAGE_WEBHOOKS)
        for person in (self.alice, self.bob, self.carol):
            self.dm_with(person)

    def add_user(self, name: str, *, bot: bool = False, accepts_dms: bool = True) -> User:
        person = User(self.ids.furniture(), name, bot=bot, accepts_dms=accepts_dms)
        self.users[person.id] = person
        return person

    def add_guild(self, name: str, owner: Who, *, members: Iterable[Who] = (), bot_permissions: int = 0) -> Guild:
        """A guild with the bot in it, under a role of its own."""
        guild = Guild(self.ids.furniture(), name, self.user(owner).id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", int(EVERYONE))
        granted = bot_permissions or int(EVERYONE | Permission.MANAGE_WEBHOOKS | Permission.MANAGE_MESSAGES)
        bot_role = self.add_role(guild, self.bot.name, granted)
        self.guilds[guild.id] = guild
        for who in (owner, self.bot, *members):
            self.add_member(guild, who, quietly=True)
        guild.members[self.bot.id].role_ids.append(bot_role.id)
        if self.gateway.live:
            self.gateway.dispatch("GUILD_CREATE", self.guild_create(guild), guild)
        return guild

    def add_role(self, guild: Guild, name: str, granted: int) -> Role:
        role = Role(self.ids.furniture(), name, int(granted), position=len(guild.roles))
        guild.roles[role.id] = role
        return role

    def add_member(
        self,
        guild: Guild,
        who: Who,
        *,
        roles: Iterable[Role] = (),
        nick: str | None = None,
        quietly: bool = False,
    ) -> Member:
        person = self.user(who)
        member = Member(person, now_iso(), nick, [role.id for role in roles])
        guild.members[person.id] = member
        if not quietly and self.gateway.live:
            self.gateway.dispatch("GUILD_MEMBER_ADD", shapes.member(member) | {"guild_id": guild.id}, guild)
        return member

    def add_channel(
        self,
        name: str,
        *,
        guild: Guild | None = None,
        overwrites: Mapping[User | Role | Guild, tuple[int, int]] | None = None,
        deny_bot: int = 0,
        nsfw: bool = False,
        topic: str | None = None,
        kind: int = GUILD_TEXT,
        category: Channel | None = None,
    ) -> Channel:
        """A text channel; `overwrites` are (allow, deny) for a person, a role or the guild (= everyone).

        A `category` only tells where it stands: what is synced with it are overwrites of the channel's own.
        """
        place = guild or self.playground
        written = {
            who.id: Overwrite(1 if isinstance(who, User) else 0, int(allow), int(deny))
            for who, (allow, deny) in (overwrites or {}).items()
        }
        if deny_bot:
            written[self.bot.id] = Overwrite(1, 0, int(deny_bot))
        channel = Channel(
            self.ids.furniture(),
            kind,
            name,
            place,
            category,
            written,
            topic=topic,
            nsfw=nsfw,
            position=len(place.channels),
        )
        place.channels[channel.id] = channel
        self.channels[channel.id] = channel
        if self.gateway.live:
            self.gateway.dispatch("CHANNEL_CREATE", shapes.channel(channel), place)
        return channel

    def add_thread(
        self,
        name: str,
        *,
        parent: Where = "general",
        private: bool = False,
        owner: Who | None = None,
        members: Iterable[Who] | None = None,
        thread_id: str = "",
    ) -> Channel:
        """A thread, or a post of a forum; its owner is in it, and unless other `members` are named the bot is."""
        ground = self.channel(parent)
        if ground.guild is None:
            raise LookupError("threads stand in guilds")
        public = ANNOUNCEMENT_THREAD if ground.kind == GUILD_ANNOUNCEMENT else PUBLIC_THREAD
        kind = PRIVATE_THREAD if private else public
        channel = Channel(thread_id or self.ids.furniture(), kind, name, ground.guild, ground, born_at=now_iso())
        channel.owner_id = self.user(owner).id if owner else ground.guild.owner_id
        inside = [self.bot] if members is None else members
        channel.thread_members = {channel.owner_id, *(self.user(who).id for who in inside)}
        ground.guild.threads[channel.id] = channel
        self.channels[channel.id] = channel
        if self.gateway.live and self.bot_may(channel, Permission.VIEW_CHANNEL):
            shape = shapes.channel(channel) | {"newly_created": True}
            self.gateway.dispatch("THREAD_CREATE", shape, ground.guild)
        return channel

    def dm_with(self, who: Who) -> Channel:
        """The conversation between this person and the bot."""
        person = self.user(who)
        for channel in self.channels.values():
            if channel.kind == DM and person in channel.recipients:
                return channel
        channel = Channel(self.ids.furniture(), DM, f"dm with {person.name}", recipients=[person, self.bot])
        self.channels[channel.id] = channel
        return channel

    def remove_channel(self, where: Where) -> None:
        """Delete a channel or thread, with all that stands in it and its webhooks."""
        channel = self.channel(where)
        if channel.guild is None:
            raise LookupError("nobody can delete a conversation")
        for hook in [one for one in self.webhooks.values() if one.channel is channel]:
            del self.webhooks[hook.id]
        for thread in [one for one in channel.guild.threads.values() if one.parent is channel]:
            self.remove_channel(thread)
        for there in (self.channels, channel.guild.channels, channel.guild.threads):
            there.pop(channel.id, None)
        shape = shapes.channel(channel)
        if channel.is_thread:
            shape = {key: shape[key] for key in ("id", "guild_id", "parent_id", "type")}
        self.gateway.dispatch("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", shape, channel.guild)
        self.changed()

    def set_overwrite(self, where: Where, who: User | Role | Guild, *, allow: int = 0, deny: int = 0) -> None:
        """Change rights in a channel while everything runs."""
        channel = self.channel(where)
        kind = 1 if isinstance(who, User) else 0
        channel.overwrites[who.id] = Overwrite(kind, int(allow), int(deny))
        if channel.guild:
            self.gateway.dispatch("CHANNEL_UPDATE", shapes.channel(channel), channel.guild)

    # -- looking up --------------------------------------------------------------------------------

    def user(self, who: Who) -> User:
        """A person by name, or the person itself."""
        if isinstance(who, User):
            return who
        for person in self.users.values():
            if who in (person.id, person.name) or person.name.lower() == who.lower():
                return person
        raise LookupError(f"nobody is called {who!r}; there are {[one.name for one in self.users.values()]}")

    def channel(self, where: Where) -> Channel:
        """A channel by name or id, or the channel itself."""
        if isinstance(where, Channel):
            return where
        wanted = where.lstrip("#")
        for channel in self.channels.values():
            if wanted in (channel.id, channel.name):
                return channel
        raise LookupError(f"no channel {where!r}; there are {[one.name for one in self.channels.values()]}")

    def post(self, message: Json | str) -> Post:
        """Where a message stands."""
        wanted = message if isinstance(message, str) else str(message["id"])
        where = None if isinstance(message, str) else self.channels.get(str(message.get("channel_id")))
        for channel in [where] if where else self.channels.values():
            if channel and wanted in channel.posts:
                return channel.posts[wanted]
        raise LookupError(f"there is no message {wanted}")

    def bot_may(self, channel: Channel, right: Permission) -> bool:
        return permissions.in_channel(channel, self.bot.id) & right == right

    def guild_create(self, guild: Guild) -> Json:
        seen = [one for one in guild.threads.values() if self.bot_may(one, Permission.VIEW_CHANNEL)]
        return shapes.guild_create(guild, self.bot.id, seen)

    def file_of(self, attachment: Json) -> bytes:
        """What somebody who downloads an attachment gets."""
        return next(file.data for path, file in self.files.items() if path in str(attachment["url"]))

    def keep_file(self, path: str, file: File) -> str:
        """Put bytes on the CDN; the address to fetch them from."""
        self.files[path] = file
        return f"{self.base_url}/{path}"

    # -- watching ----------------------------------------------------------------------------------

    def watch(self, watcher: Callable[[Happening], None]) -> None:
        """Be told of everything that a person could see happen."""
        self._watchers.append(watcher)

    def happened(self, kind: str, channel: Channel, message: Json) -> None:
        for watcher in self._watchers:
            watcher(Happening(kind, channel, message))
        self.changed()

    def changed(self) -> None:
        """Wake whoever waits for something."""
        waiting, self._changed = self._changed, asyncio.Event()
        waiting.set()

    async def until(self, seen: Callable[[], Any], timeout: float, what: str) -> Any:  # noqa: ASYNC109
        """The first true value of `seen`, looked at again after every change."""
        try:
            async with asyncio.timeout(timeout):
                while not (value := seen()):
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited {timeout} s in vain for {what}") from None
        return value
