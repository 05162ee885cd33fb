"""A card's own lorebook, macros, depth prompt and scripts in turns of the real process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.discord.bot import Bot

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

CARD = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Nerine", "nickname": "Neri", "description": "{{char}} dives for {{user}}. {{// a remark }}",
        "first_mes": "Ahoy.", "system_prompt": "", "post_history_instructions": "Mind {{user}}'s words.",
        "extensions": {
            "depth_prompt": {"prompt": "{{char}} is cold.", "depth": 1, "role": "system"},
            "regex_scripts": [
                {"scriptName": "stored", "findRegex": "/brr+/gi", "replaceString": "Hm", "placement": [2]},
                {"scriptName": "shown", "findRegex": "/Hm/", "replaceString": "*Hm*", "placement": [2],
                 "markdownOnly": True},
            ],
        },
        "character_book": {
            "name": "Sea",
            "entries": [
                {"keys": [], "content": "The sea is grey.", "constant": True, "position": "before_char"},
                {"keys": ["/kra+ken/i"], "content": "The kraken sleeps, {{user}}.", "extensions": {"sticky": 4}},
                {"keys": ["pearl"], "content": "Pearls are hers.", "extensions": {"position": 4, "depth": 0}},
            ],
        },
    },
}  # fmt: skip


async def test_a_cards_own_lore_macros_and_scripts_work_in_a_turn(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        file = ("neri.json", json.dumps(CARD).encode(), "application/json")
        imported = await discord.slash("general", "Alice", "character import", file=file)
        await imported.done()
        assert imported.message is not None
        said = str(imported.message["embeds"])
        assert "3 lorebook entries" in said
        assert "2 regex scripts" in said

        llm.say("Brrr. Deep down.")
        await discord.say("general", "Alice", "@Nerine where is the KRAAAKEN, and the pearl?")
        (first,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert first["content"] == "*Hm*. Deep down."  # as it is shown
        system, last = llm.requests[-1].messages[0]["content"], llm.requests[-1].messages[-1]["content"]
        assert system.index("The sea is grey.") < system.index("Neri dives for Alice.")
        assert "a remark" not in system
        assert "kraken" not in system
        parts = (
            "<lore>\nThe kraken sleeps, Alice.\n</lore>",
            "Neri is cold.",
            "Alice: @Nerine where",
            "Pearls are hers.",
        )
        assert [last.index(part) for part in parts] == sorted(last.index(part) for part in parts)
        assert last.endswith("Mind Alice's words.")

    async with Bot(discord, llm, database_url):  # a restart ends nothing that stays
        llm.say("Asleep.")
        await discord.say("general", "Alice", "Still there?", reply_to=first)
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) == 2)
        prompt = llm.requests[-1].prompt
        assert "The kraken sleeps, Alice." in prompt  # it stays for four messages
        assert "Pearls" not in prompt
        assert (
            "\nHm. Deep down." in prompt or llm.requests[-1].messages[2]["content"] == "Hm. Deep down."
        )  # as it is kept
        assert llm.requests[-1].messages[0] == llm.requests[-2].messages[0]

        shown = await discord.slash("general", "Alice", "inspect", {"reference": "0001"})
        await shown.done()
        assert shown.message is not None
        assert "/kra+ken/i: key “/kra+ken/i”" in str(shown.message["embeds"])
    discord.assert_clean()
