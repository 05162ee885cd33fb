"""Discord fails in one of its ways while a reply is on its way: it is said once, or a sentence says why it was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import orjson

from tests.discord.bot import Bot
from tests.loopback.permissions import Permission
from tests.postgres import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.model import Channel

    Befalling = Callable[[LoopbackDiscord, Channel], object]

WORDS = "The lamp is lit."
LONG = "\n\n".join((f"Part {number}. " + "The lamp is lit. " * 100).strip() for number in range(3))
HOOK = r"/webhooks/\d+/[\w.-]+$"
HOOKS = r"/channels/\d+/webhooks$"
CREATE = r"/channels/\d+/messages$"
CLOUDFLARE = "<html>error 1015</html>"


@dataclass(frozen=True)
class Trouble:
    """What befalls a channel while the model thinks, and what then stands there, is told there or in private."""

    befalls: Befalling
    where: str = "channel"
    answer: str = WORDS
    said: bool = True
    told: str = ""
    whispered: str = ""
    error: str = ""
    spoken_before: bool = True  # so that the process knows the channel's webhook


def limited(path: str, scope: str) -> Befalling:
    return lambda discord, _: discord.limit("POST", path, scope)


def broken(path: str, status: int, *, accepted: bool, **more: Any) -> Befalling:
    return lambda discord, _: discord.fault("POST", path, status=status, after_accepting=accepted, **more)


def denied(*rights: Permission) -> Befalling:
    deny = sum(rights)
    return lambda discord, channel: discord.set_overwrite(channel, discord.bot, deny=deny)


def unhook(discord: LoopbackDiscord, _: Channel) -> None:
    discord.webhooks.clear()


def unhook_after_one(discord: LoopbackDiscord, _: Channel) -> None:
    discord.fault("POST", HOOK, status=404, body={"message": "Unknown Webhook", "code": 10015}, skip=1)


def gone(discord: LoopbackDiscord, channel: Channel) -> None:
    discord.remove_channel(channel)


def gone_for_good(discord: LoopbackDiscord, channel: Channel) -> None:
    discord.remove_channel(channel)
    discord.user("Stranger").accepts_dms = False


TROUBLES: dict[str, Trouble] = {
    "429 of the route": Trouble(limited(HOOK, "user")),
    "429 of the route, shared": Trouble(limited(HOOK, "shared")),
    "429 of the whole bot": Trouble(limited(HOOK, "global")),
    "429 of Cloudflare's": Trouble(broken(HOOK, 429, accepted=False, body=CLOUDFLARE)),
    "429 where the webhook is made": Trouble(limited(HOOKS, "user"), spoken_before=False),
    "429 of the route, in private": Trouble(limited(CREATE, "user"), where="dm"),
    "429 of the whole bot, in private": Trouble(limited(CREATE, "global"), where="dm"),
    "500 after the webhook was made": Trouble(broken(HOOKS, 500, accepted=True), spoken_before=False),
    "500 after posting, in private": Trouble(broken(CREATE, 500, accepted=True), where="dm", answer=LONG),
    "500 after posting, in a thread": Trouble(broken(HOOK, 500, accepted=True), where="thread", answer=LONG),
    "the webhook is deleted": Trouble(unhook),
    "the webhook is deleted, in a thread": Trouble(unhook, where="thread"),
    "the webhook is deleted between two parts": Trouble(unhook_after_one, answer=LONG),
    "webhooks are forbidden": Trouble(denied(Permission.MANAGE_WEBHOOKS), spoken_before=False),
    "reading is forbidden": Trouble(denied(Permission.READ_MESSAGE_HISTORY)),
    "writing and webhooks are forbidden": Trouble(
        denied(Permission.SEND_MESSAGES, Permission.MANAGE_WEBHOOKS),
        spoken_before=False,
        said=False,
        whispered="Give me the permissions View Channel and Send Messages",
        error="speak.refused",
    ),
    "the channel is hidden": Trouble(
        denied(Permission.VIEW_CHANNEL),
        spoken_before=False,
        said=False,
        whispered="I may not answer in that channel",
        error="speak.refused",
    ),
    "posting is refused": Trouble(
        broken(HOOK, 400, accepted=False, body={"message": "Invalid Form Body", "code": 50035}),
        said=False,
        told="Discord did not take the message",
        error="speak.refused",
    ),
    "posting is forbidden": Trouble(
        broken(HOOK, 403, accepted=False, body={"message": "Missing Access", "code": 50001}, times=2),
        said=False,
        told="Discord did not take the message",
        error="speak.refused",
    ),
    "the channel is deleted": Trouble(gone, said=False, whispered="no longer exists", error="speak.gone"),
    "the channel is deleted, and was new": Trouble(
        gone, said=False, whispered="no longer exists", error="speak.gone", spoken_before=False
    ),
    "the thread is deleted": Trouble(
        gone, where="thread", said=False, whispered="no longer exists", error="speak.gone"
    ),
    "the channel is deleted, and nobody can be told": Trouble(gone_for_good, said=False, error="speak.gone"),
}


async def test_each_trouble_ends_in_one_reply_or_a_sentence(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    """One process lives through all of them, and the ledger says how each turn ended."""
    stranger = discord.add_user("Stranger")
    discord.add_member(discord.playground, stranger)
    ledger = await asyncpg.connect(database_url)
    try:
        async with Bot(discord, llm, database_url, may_complain=True) as bot:
            wrong = [
                f"{name}: {found}"
                for name, trouble in TROUBLES.items()
                if (found := await lived_through(trouble, discord, llm, ledger, name))
            ]
            assert not wrong, "\n".join(wrong)
            assert not [line for line in bot.complaints if "rate limited" not in line], bot.log
    finally:
        await ledger.close()


async def lived_through(trouble: Trouble, discord: LoopbackDiscord, llm: ScriptedLLM, ledger: Any, name: str) -> str:
    """What is not as it should be."""
    channel = place_of(trouble, discord, name)
    if trouble.spoken_before:
        before = await discord.say(channel, "Stranger", "@Maren hello")
        await ended(ledger, int(before["id"]))
    said, whispered = len(discord.bot_messages(channel)), len(discord.bot_messages(discord.dm_with("Stranger")))

    def answer(_: object) -> str:
        trouble.befalls(discord, channel)
        return trouble.answer

    llm.default = answer
    question = await discord.say(channel, "Stranger", "@Maren is the lamp lit?")
    row = await ended(ledger, int(question["id"]))
    discord.forget_faults()
    llm.default = lambda _: "Hello."
    here = [str(one["content"]).removeprefix("**Maren:** ") for one in discord.bot_messages(channel)[said:]]
    private = [str(one["content"]) for one in discord.bot_messages(discord.dm_with("Stranger"))[whispered:]]
    error = (orjson.loads(row["record"])["error"] or {"code": ""})["code"] if row["record"] else "no record"
    found: list[str] = []
    if "\n\n".join(here) != trouble.answer if trouble.said else not one_of(here, trouble.told):
        found.append(f"there stands {here}")
    if trouble.where != "dm" and not one_of(private, trouble.whispered):
        found.append(f"whispered was {private}")
    if (row["state"], error) != ("remembered" if trouble.said else "failed", trouble.error):
        found.append(f"the ledger says {row['state']} {error}")
    return "; ".join(found)


def one_of(messages: list[str], words: str) -> bool:
    """Whether exactly that was said, or nothing where there are no words."""
    return len(messages) == bool(words) and all(words in message for message in messages)


def place_of(trouble: Trouble, discord: LoopbackDiscord, name: str) -> Channel:
    if trouble.where == "dm":
        return discord.dm_with("Stranger")
    channel = discord.add_channel(name)
    return discord.add_thread(f"in {name}", parent=channel) if trouble.where == "thread" else channel


async def ended(ledger: Any, origin_id: int) -> Any:
    """The turn's end and its flight."""
    await until(ledger, "SELECT EXISTS (SELECT FROM turns WHERE origin_id = $1 AND ended_at IS NOT NULL)", origin_id)
    return await ledger.fetchrow(
        "SELECT t.state, f.record FROM turns t LEFT JOIN flights f ON f.turn_id = t.id WHERE origin_id = $1", origin_id
    )
