"""What somebody points at is read with that person's rights, never with the bot's, and shown only where it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.discord.bot import Bot
from tests.loopback.model import GUILD_ANNOUNCEMENT, GUILD_CATEGORY, GUILD_FORUM, GUILD_STAGE_VOICE, GUILD_VOICE
from tests.loopback.permissions import EVERYONE, Permission

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.model import Channel

    Place = Callable[[LoopbackDiscord], Channel]

SHOW = (int(Permission.VIEW_CHANNEL), 0)
HIDE = (0, int(Permission.VIEW_CHANNEL))
MUTE = (0, int(Permission.READ_MESSAGE_HISTORY))
KEEP_OUT = (0, int(Permission.CONNECT))
LATER = "2099-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Link:
    """A secret stands in a place, and somebody asks about a link to it; `via`: somebody else's message has the link."""

    readable: bool
    place: Place
    asker: str = "Bob"
    asks_in: Place = lambda d: d.general
    via: str = ""
    author: str = "Carol"
    guild: str = ""  # what the link says instead of the guild it leads to
    afterwards: Callable[[LoopbackDiscord, Channel, Any], object] = lambda *_: None


def room(who: str = "", what: tuple[int, int] = HIDE, *, everyone: tuple[int, int] | None = None, **more: Any) -> Place:
    """A channel with an overwrite for a person, a role or the bot, and one for everyone, who never includes the bot."""

    def made(discord: LoopbackDiscord) -> Channel:
        overwrites: dict[Any, tuple[int, int]] = {named(discord, who): what} if who else {}
        if everyone is not None:
            overwrites |= {discord.playground: everyone, discord.bot: SHOW}
        return discord.add_channel(f"room {len(discord.channels)}", overwrites=overwrites, **more)

    return made


def thread(parent: Place = lambda d: d.general, **more: Any) -> Place:
    return lambda d: d.add_thread(f"thread {len(d.channels)}", parent=parent(d), **more)


def elsewhere(*members: str, owner: str = "Carol", base: int = EVERYONE) -> Place:
    def made(discord: LoopbackDiscord) -> Channel:
        guild = discord.add_guild("Elsewhere", owner=owner, members=members)
        guild.roles[guild.id].permissions = int(base)
        return discord.add_channel("far", guild=guild)

    return made


def for_adults(discord: LoopbackDiscord) -> Channel:
    channel = elsewhere("Bob")(discord)
    assert channel.guild is not None
    channel.guild.age_restricted = True
    return channel


def without_the_bot(discord: LoopbackDiscord) -> Channel:
    channel = elsewhere("Bob")(discord)
    assert channel.guild is not None
    del channel.guild.members[discord.bot.id]
    return channel


def in_category(who: str, *, synced: bool) -> Place:
    """Discord goes by a channel's own overwrites alone: those of the category were copied there, or were not."""

    def made(discord: LoopbackDiscord) -> Channel:
        category = room(who, kind=GUILD_CATEGORY)(discord)
        return room(who if synced else "", category=category)(discord)

    return made


def dm(whose: str) -> Place:
    return lambda d: d.dm_with(whose)


def leave(name: str) -> Callable[[LoopbackDiscord, Channel, Any], object]:
    return lambda d, _channel, _message: d.playground.members.pop(d.user(name).id)


def hide(discord: LoopbackDiscord, channel: Channel, _: Any) -> None:
    discord.set_overwrite(channel, discord.user("Bob"), deny=HIDE[1])


def unhide(discord: LoopbackDiscord, channel: Channel, _: Any) -> None:
    discord.set_overwrite(channel, discord.user("Bob"), allow=SHOW[0])


def demote(discord: LoopbackDiscord, _channel: Channel, _message: Any) -> None:
    discord.playground.members[discord.user("Vera").id].role_ids.clear()


def named(discord: LoopbackDiscord, name: str) -> Any:
    return next((role for role in discord.playground.roles.values() if role.name == name), None) or discord.user(name)


GROWN_UP: Place = lambda d: d.channel("after dark")  # noqa: E731 - one of many in the table
SITUATIONS: dict[str, Link] = {
    # who may see a channel: server, roles, overwrites, in Discord's order
    "a public channel": Link(True, room()),
    "hidden from the asker": Link(False, room("Bob")),
    "hidden from everyone": Link(False, room(everyone=HIDE)),
    "hidden from everyone but the asker": Link(True, room("Bob", SHOW, everyone=HIDE)),
    "hidden from everyone but a role, asker without": Link(False, room("Trusted", SHOW, everyone=HIDE)),
    "hidden from everyone but a role, asker with": Link(True, room("Trusted", SHOW, everyone=HIDE), "Tess"),
    "denied to a role": Link(False, room("Muted"), "Mona"),
    "denied to a role, allowed to the member": Link(
        True, lambda d: d.add_channel("own", overwrites={named(d, "Muted"): HIDE, d.user("Mona"): SHOW}), "Mona"
    ),
    "denied to one role, allowed to another": Link(
        True, lambda d: d.add_channel("both", overwrites={named(d, "Muted"): HIDE, named(d, "Trusted"): SHOW}), "Max"
    ),
    "allowed to the role, denied to the member": Link(
        False, lambda d: d.add_channel("not", overwrites={named(d, "Trusted"): SHOW, d.user("Tess"): HIDE}), "Tess"
    ),
    "no Read Message History": Link(False, room("Bob", MUTE)),
    "an administrator": Link(True, room(everyone=HIDE), "Ada"),
    "an administrator who is denied": Link(True, room("Ada"), "Ada"),
    "the owner of the server": Link(True, room("Alice", everyone=HIDE), "Alice"),
    "hidden from the asker a moment ago": Link(False, room(), afterwards=hide),
    "shown to the asker a moment ago": Link(True, room(everyone=HIDE), afterwards=unhide),
    "a role taken away a moment ago": Link(False, room("Trusted", SHOW, everyone=HIDE), "Vera", afterwards=demote),
    "hidden from the bot": Link(False, room("Tzurot")),
    "no Read Message History for the bot": Link(False, room("Tzurot", MUTE)),
    "one's own words, where one may not read any more": Link(False, room("Bob"), author="Bob"),
    # categories and kinds of channels
    "a denial synced from the category": Link(False, in_category("Bob", synced=True)),
    "a denial of the category alone": Link(True, in_category("Bob", synced=False)),
    "announcements": Link(True, room(kind=GUILD_ANNOUNCEMENT)),
    "hidden announcements": Link(False, room("Bob", kind=GUILD_ANNOUNCEMENT)),
    "a voice channel's text": Link(True, room(kind=GUILD_VOICE)),
    "a hidden voice channel's text": Link(False, room("Bob", kind=GUILD_VOICE)),
    "a voice channel one may not join": Link(False, room("Bob", KEEP_OUT, kind=GUILD_VOICE)),
    "a stage one may not join": Link(False, room("Bob", KEEP_OUT, kind=GUILD_STAGE_VOICE)),
    "a forum's post": Link(True, thread(room(kind=GUILD_FORUM))),
    "a hidden forum's post": Link(False, thread(room("Bob", kind=GUILD_FORUM))),
    # threads
    "a public thread": Link(True, thread()),
    "a public thread in a hidden channel": Link(False, thread(room("Bob"))),
    "a thread of announcements": Link(True, thread(room(kind=GUILD_ANNOUNCEMENT))),
    "a private thread, not a member": Link(False, thread(private=True, owner="Carol")),
    "a private thread, its owner": Link(True, thread(private=True, owner="Bob")),
    "a private thread, a member": Link(True, thread(private=True, owner="Carol", members=["Bob", "Tzurot"])),
    "a private thread, who manages threads": Link(True, thread(private=True, owner="Carol"), "Mod"),
    "a private thread, who manages them elsewhere": Link(
        False, thread(room("Mod", (0, int(Permission.MANAGE_THREADS))), private=True, owner="Carol"), "Mod"
    ),
    "a private thread, the owner of the server": Link(True, thread(private=True, owner="Carol"), "Alice"),
    "a private thread, a member, in a hidden channel": Link(False, thread(room("Bob"), private=True, owner="Bob")),
    "a private thread that the bot is not in": Link(False, thread(private=True, owner="Bob", members=[])),
    # other servers, and private conversations
    "another server, a member": Link(True, elsewhere("Bob")),
    "another server, no member": Link(False, elsewhere()),
    "another server that shows nothing to everyone": Link(False, elsewhere("Bob", base=0)),
    "another server, asked about by its owner": Link(True, elsewhere(owner="Bob", base=0)),
    "a server without the bot": Link(False, without_the_bot),
    "the asker left the server": Link(False, room(), "Lea", dm("Lea"), afterwards=leave("Lea")),
    "one's own private conversation": Link(True, dm("Bob"), author="Bob"),
    "somebody else's private conversation": Link(False, dm("Carol")),
    "a private place, by a link that says it is another server's": Link(False, room("Bob"), guild="987654321098765432"),
    "a private place, by a link that says it is a conversation": Link(False, room("Bob"), guild="@me"),
    # what a timeout leaves
    "timed out": Link(True, room(), "Tom", dm("Tom")),
    "timed out, a private thread of which one was moderator": Link(
        False, thread(private=True, owner="Carol"), "Tom", dm("Tom")
    ),
    # age
    "age-restricted, asked about elsewhere": Link(False, room(nsfw=True)),
    "age-restricted, asked about by the owner of the server": Link(False, room(nsfw=True), "Alice"),
    "age-restricted, asked about in private": Link(False, room(nsfw=True), asks_in=dm("Bob")),
    "age-restricted, asked about in another such channel": Link(True, room(nsfw=True), asks_in=GROWN_UP),
    "age-restricted, asked about in a thread of another": Link(
        True, room(nsfw=True), asks_in=lambda d: d.add_thread("of the night", parent=GROWN_UP(d))
    ),
    "an age-restricted server, asked about elsewhere": Link(False, for_adults),
    "a thread in an age-restricted channel": Link(False, thread(room(nsfw=True))),
    "a public channel, asked about in an age-restricted one": Link(True, room(), asks_in=GROWN_UP),
    "age-restricted, by a link of another's": Link(False, room(nsfw=True), via="Carol"),
    # through what another wrote
    "by another's link, both may": Link(True, room(), via="Mona"),
    "by another's link, the other may not": Link(False, room("Mona"), via="Mona"),
    "by another's link, the asker may not": Link(False, room("Bob"), via="Mona"),
    "by another's link, to the asker's own conversation": Link(False, dm("Bob"), author="Bob", via="Mona"),
    "by another's link, to that one's own conversation": Link(False, dm("Mona"), author="Mona", via="Mona"),
    # what is gone
    "a deleted message": Link(False, room(), afterwards=lambda d, _, message: d.take_back(d.post(message))),
    "a deleted channel": Link(False, room(), afterwards=lambda d, channel, _: d.remove_channel(channel)),
    "a deleted thread": Link(False, thread(), afterwards=lambda d, channel, _: d.remove_channel(channel)),
}


def people(discord: LoopbackDiscord) -> None:
    """Everybody of the table who is not there anyway, with their roles."""
    guild = discord.playground
    roles = {
        "Trusted": 0,
        "Muted": 0,
        "Moderators": int(Permission.MANAGE_THREADS),
        "Administrators": int(Permission.ADMINISTRATOR),
    }
    made = {name: discord.add_role(guild, name, granted) for name, granted in roles.items()}
    for name, held in {
        "Tess": ["Trusted"],
        "Vera": ["Trusted"],
        "Mona": ["Muted"],
        "Max": ["Muted", "Trusted"],
        "Mod": ["Moderators"],
        "Tom": ["Moderators"],
        "Ada": ["Administrators"],
        "Lea": [],
    }.items():
        discord.add_member(guild, discord.add_user(name), roles=[made[role] for role in held])
    guild.members[discord.user("Tom").id].timed_out_until = LATER
    discord.add_channel("after dark", nsfw=True)


def link_to(channel: Channel, message: Any, guild: str = "") -> str:
    where = guild or (channel.guild.id if channel.guild else "@me")
    return f"https://discord.com/channels/{where}/{channel.id}/{message['id']}"


async def test_a_link_shows_what_the_asker_may_read_where_it_may_be_shown(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    people(discord)
    places = {name: situation.place(discord) for name, situation in SITUATIONS.items()}
    llm.default = lambda _: "So it is."
    askings = {name: situation.asks_in(discord) for name, situation in SITUATIONS.items()}
    async with Bot(discord, llm, database_url):
        wrong: list[str] = []
        for number, (name, situation) in enumerate(SITUATIONS.items()):
            channel, secret = places[name], f"The key lies under stone {number}, they say."
            there = await discord.say(channel, situation.author, secret)
            link = link_to(channel, there, situation.guild)
            if situation.via:
                between = await discord.say("quiet", situation.via, f"Look: {link}")
                link = link_to(discord.quiet, between)
            situation.afterwards(discord, channel, there)
            asked = await prompt_of(discord, llm, askings[name], situation.asker, link)
            if (secret in asked) is not situation.readable:
                wrong.append(f"{name}: {'hidden' if situation.readable else 'SHOWN'}")
            if not situation.readable and "A linked message" not in asked:
                wrong.append(f"{name}: nobody is told that something could not be read")
        assert not wrong, "\n".join(wrong)


async def prompt_of(discord: LoopbackDiscord, llm: ScriptedLLM, where: Channel, who: str, link: str) -> str:
    """What the model was given to answer a question about the link."""
    replies = len(discord.bot_messages(where))
    await discord.say(where, who, f"@Maren what is meant by {link} ?")
    await discord.wait_for(lambda d: len(d.bot_messages(where)) > replies)
    (prompt,) = (
        request.prompt for request in llm.requests if f"what is meant by {link}" in request.messages[-1]["content"]
    )
    return prompt
