"""How far links are followed; with whose rights they are read is in test_links.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.discord.bot import Bot

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM


async def test_links_are_followed_breadth_first_and_not_for_ever(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        link = ""
        for number in range(30):
            message = await discord.say("quiet", "Carol", f"Step {number}. {link}")
            link = f"https://discord.com/channels/{discord.general.guild.id}/{discord.quiet.id}/{message['id']}"
        llm.say("I lost count.")
        await discord.say("general", "Bob", f"@Maren where does {link} lead?")
        await discord.wait_for(lambda d: d.webhook_messages("general"))
        prompt = llm.requests[-1].prompt
        assert "Step 29." in prompt
        assert "Step 20." in prompt
        assert "Step 19." not in prompt
