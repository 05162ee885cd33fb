"""Several characters at once: called by one message, or left to themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.loopback.llm_answers import Slow, Status, Text

if TYPE_CHECKING:
    from typing import Any

    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.llm import LLMRequest

NAMES = ("Maren", "Quill", "Tamsin")


def asked(request: LLMRequest) -> str:
    """Whose prompt it is."""
    return next(name for name in NAMES if f"You are {name}" in request.messages[0]["content"])


def speakers(discord: LoopbackDiscord) -> list[str]:
    return [post["author"]["username"] for post in discord.webhook_messages("general")]


async def active(discord: LoopbackDiscord, **settings: str) -> Person:
    """Maren and Quill answer everything, and each other for so many rounds."""
    alice = Person(discord)
    for name in ("maren", "quill"):
        await alice.run("channel activate", character=name)
    for key, value in {"talkativeness": "1", **settings}.items():
        await alice.run("channel settings")
        await alice.pick("Change …", key)
        await alice.press("Change")
        await alice.fill(value=value)
    return alice


def notices(discord: LoopbackDiscord) -> list[dict[str, Any]]:
    return [m for m in discord.bot_messages("general") if m["components"]]


async def test_those_who_are_called_think_at_once_and_speak_in_order(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    """The first is the slowest: the others are asked before it has answered, and wait for it to speak."""
    started = []

    def answer(request: LLMRequest) -> Text:
        started.append(asked(request))
        return Slow("Slowly.", 1.0) if asked(request) == "Quill" else Text("At once.")

    llm.default = answer
    async with Bot(discord, llm, database_url):
        await discord.say("general", "Alice", "@Quill, @Maren and @Tamsin, good evening!")
        await llm.asked(3)
        assert not discord.webhook_messages("general"), "all were asked before the slowest had answered"
        await discord.wait_for(lambda _: len(speakers(discord)) == 3)
        assert speakers(discord) == ["Quill", "Maren", "Tamsin"]


async def test_each_knows_its_own_words_from_the_others(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.default = lambda request: f"{asked(request)} says {len(llm.requests)}."
    async with Bot(discord, llm, database_url):
        for turn in range(6):
            await discord.say("general", "Alice", f"@{('Maren', 'Quill')[turn % 2]}, and now?")
            await discord.wait_for(lambda _, turn=turn: len(speakers(discord)) == turn + 1)
        for request, other in zip(llm.requests[-2:], ("Quill", "Maren"), strict=True):
            own, heard = (
                [line for m in request.messages[1:] if m["role"] == role for line in m["content"].splitlines()]
                for role in ("assistant", "user")
            )
            assert own[-1].startswith(f"{asked(request)} says")
            assert not any(other in line for line in own)
            assert sum(line.startswith(f"{other}: {other} says") for line in heard) >= 2


async def test_one_that_fails_stops_nobody(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    llm.default = lambda request: Status(401) if asked(request) == "Quill" else "Good evening."
    async with Bot(discord, llm, database_url):
        await discord.say("general", "Alice", "@Quill and @Maren, good evening!")
        await discord.wait_for(lambda d: speakers(d) == ["Maren"] and d.bot_messages("general"))


async def test_they_go_on_for_so_many_rounds_and_no_longer(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.default = lambda request: f"{asked(request)} has a word."
    async with Bot(discord, llm, database_url):
        await active(discord, rounds="2")
        await discord.say("general", "Bob", "Quill and Maren, what do you think?")
        await discord.wait_for(lambda d: len(speakers(d)) == 4 and not notices(d))
        assert speakers(discord) == ["Quill", "Maren", "Quill", "Maren"], "nobody follows itself"
        prompt = llm.requests[-1].messages[-1]["content"]
        assert "Quill: Quill has a word." in prompt
        assert "Nobody else speaks just now" in prompt
        await discord.say("general", "Bob", "I see.")
        await discord.wait_for(lambda d: len(speakers(d)) == 8)
        heard = [line for message in llm.requests[-1].messages for line in message["content"].splitlines()]
        assert not [line for line in heard if line.startswith("Bob:") and "has a word" in line], "it is not Bob's line"


async def test_anybody_stops_them(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    llm.default = lambda request: Slow(f"{asked(request)} has a word.", 0.2)
    async with Bot(discord, llm, database_url):
        await active(discord, rounds="10")
        await discord.say("general", "Bob", "What do you think?")
        notice = await discord.wait_for(lambda d: notices(d) and notices(d)[0])
        carol = Person(discord, "Carol")
        stop = notice["components"][0]["components"][0]["custom_id"]
        carol.last = await discord.click("general", "Carol", notice, stop)
        await carol.last.done()
        await discord.wait_for(lambda d: notice["id"] not in [one["id"] for one in d.bot_messages("general")])
        assert 2 <= len(speakers(discord)) <= 4


async def test_they_stop_when_somebody_speaks(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    llm.default = lambda _request: "Aye."
    async with Bot(discord, llm, database_url):
        await active(discord, rounds="10")
        llm.say("First.", "Second.", Slow("Third.", 0.5))
        await discord.say("general", "Bob", "What do you think?")
        await llm.asked(3)
        await discord.say("general", "Bob", "Enough, please.")
        request = await llm.asked(4)
        assert "Bob: Enough, please." in request.messages[-1]["content"]
        assert "Nobody else speaks just now" not in request.prompt, "he is answered, before they go on"
