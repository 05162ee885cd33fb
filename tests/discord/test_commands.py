"""Every slash command, clicked through by people; buttons that outlive the process that drew them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.discord.bot import Bot
from tests.loopback.llm import Status

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM
    from tests.loopback.interactions import LoopbackInteraction

NYX = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Nyx",
        "description": "{{char}} is a cat burglar who owes {{user}} three silver.",
        "first_mes": "You again.",
        "creator_notes": "For rooftops.",
        "character_book": {"entries": [{"keys": ["silver"], "content": "It was four, in truth."}]},
        "extensions": {"somebody/else": {"kept": True}},
    },
}


def file(card: object) -> tuple[str, bytes, str]:
    return "nyx.json", json.dumps(card).encode(), "application/json"


def embed(answer: LoopbackInteraction) -> dict[str, object]:
    assert answer.message is not None
    return answer.message["embeds"][0]


def custom_id(answer: LoopbackInteraction, label: str) -> str:
    assert answer.message is not None
    for row in answer.message["components"]:
        for component in row["components"]:
            if label in (component.get("label"), component.get("placeholder")):
                return str(component["custom_id"])
    raise AssertionError(f"there is no {label!r} on this screen")


async def test_import_view_browse_talk_delete(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        imported = await discord.slash("general", "Alice", "character import", file=file(NYX))
        await imported.done()
        assert embed(imported)["title"] == "Nyx is here"
        assert "lorebook" in str(embed(imported)["fields"])

        view = await discord.slash("general", "Alice", "character view", {"character": "nyx"})
        await view.done()
        assert "You again." in str(embed(view)["fields"])
        assert "cat burglar" in view.text, "its maker sees what it is made of"
        theirs = await discord.slash("general", "Bob", "character view", {"character": "nyx"})
        await theirs.done()
        assert "You again." in theirs.text
        assert "cat burglar" not in str(theirs.message), "the definition stays hidden"

        llm.say("Nyx: Three silver, I know.")
        await discord.say("general", "Alice", "@Nyx remember me?")
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert (reply["author"]["username"], reply["content"]) == ("Nyx", "Three silver, I know.")
        assert "Nyx is a cat burglar who owes Alice three silver." in llm.requests[-1].prompt

        browse = await discord.slash("general", "Alice", "character browse")
        await browse.done()
        assert "4 in all" in str(embed(browse)["footer"])
        opened = await discord.click("general", "Alice", browse.message, custom_id(browse, "Open one"), ["4"])
        await opened.done()
        assert embed(opened)["title"] == "Nyx"
        back = await discord.click("general", "Alice", opened.message, custom_id(opened, "Back to the list"))
        await back.done()
        assert embed(back)["title"] == "Characters"

        asked = await discord.slash("general", "Alice", "character delete", {"character": "nyx"})
        await asked.done()
        kept = await discord.click("general", "Alice", asked.message, custom_id(asked, "Keep it"))
        await kept.done()
        asked = await discord.slash("general", "Alice", "character delete", {"character": "nyx"})
        await asked.done()
        gone = await discord.click("general", "Alice", asked.message, custom_id(asked, "Delete for good"))
        await gone.done()
        assert "was deleted" in str(embed(gone))
        view = await discord.slash("general", "Alice", "character view", {"character": "nyx"})
        await view.done()
        assert "There is no character" in view.text


async def test_a_face_is_shown_and_goes_with_its_screen(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        browse = await discord.slash("general", "Alice", "character browse")
        await browse.done()
        opened = await discord.click("general", "Alice", browse.message, custom_id(browse, "Open one"), ["1"])
        await opened.done()
        assert embed(opened)["thumbnail"]["url"].endswith("face.png")
        back = await discord.click("general", "Alice", opened.message, custom_id(opened, "Back to the list"))
        await back.done()
        assert "thumbnail" not in embed(back)
        assert back.message["attachments"] == []


async def test_a_form_makes_a_character(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        opened = await discord.slash("general", "Alice", "character create")
        await opened.done()
        assert opened.modal is not None
        made = await discord.submit(
            opened,
            {
                "name": "Ødegård 🦊",
                "description": "A *fox* with @everyone in their pocket.",
                "personality": "",
                "first_mes": "",
                "mes_example": "",
            },
        )
        await made.done()
        assert embed(made)["title"] == "Ødegård 🦊 is here"
        llm.say("Yip.")
        await discord.say("general", "Alice", "@ødegård 🦊 hello")
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert reply["author"]["username"] == "Ødegård 🦊"


async def test_only_its_maker_or_the_owner_deletes_a_character(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    owner = str(discord.user("Carol").id)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=f"[{owner}]"):
        imported = await discord.slash("general", "Alice", "character import", file=file(NYX))
        await imported.done()
        refused = await discord.slash("general", "Bob", "character delete", {"character": "nyx"})
        await refused.done()
        assert "may not change" in refused.text
        asked = await discord.slash("general", "Carol", "character delete", {"character": "nyx"})
        await asked.done()
        gone = await discord.click("general", "Carol", asked.message, custom_id(asked, "Delete for good"))
        await gone.done()
        assert "was deleted" in str(embed(gone))


async def test_screens_outlive_the_process_and_obey_whoever_opened_them(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        for number in range(15):
            card = {"name": f"Lantern {number:02}"}
            imported = await discord.slash("general", "Alice", "character import", file=file(card))
            await imported.done()
        browse = await discord.slash("general", "Alice", "character browse")
        await browse.done()
    async with Bot(discord, llm, database_url):
        second = await discord.click("general", "Alice", browse.message, custom_id(browse, "Next ▶"))
        await second.done()
        assert "page 2 of 2" in str(embed(second)["footer"])
        theirs = await discord.click("general", "Bob", second.message, custom_id(second, "◀ Previous"))
        await theirs.done()
        assert "Somebody else opened this screen" in theirs.followups[0]["content"]


@pytest.mark.parametrize(
    "forged",
    [
        "characters",
        "characters|page",
        "characters|page|0|x|0|0||",
        "characters|page|0|99|0|0||",
        "nobody|page|0|0|0|0||",
        "|||",
        "x" * 100,
        "character-delete|yes|0|1",
        "character-delete|ask|0|1",
        "character|save|0|identity|1",
        "character|act|0|publish|1",
        "characters|drop|0|0|0|0||",
        "character-create|save|0",
    ],
)
async def test_forged_buttons_change_nothing(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str, forged: str
) -> None:
    async with Bot(discord, llm, database_url):
        browse = await discord.slash("general", "Bob", "character browse")
        await browse.done()
        for row in browse.message["components"]:
            for component in row["components"]:
                component["custom_id"] = forged
        clicked = await discord.click("general", "Bob", browse.message, forged, ["1"])
        await clicked.done()
        again = await discord.slash("general", "Bob", "character browse")
        await again.done()
        assert "3 in all" in str(embed(again)["footer"])


async def test_autocomplete_offers_the_best_match_first(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        typed = await discord.autocomplete("general", "Alice", "character view", "character", "ta")
        assert typed.choices[0]["value"] == "tamsin"
        everything = await discord.autocomplete("general", "Alice", "character view", "character", "")
        assert {choice["value"] for choice in everything.choices} == {"maren", "quill", "tamsin"}
        nothing = await discord.autocomplete("general", "Alice", "character view", "character", "zzzzzz")
        assert nothing.choices == []


async def test_chat_help_and_inspect(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        early = await discord.slash("general", "Alice", "inspect")
        await early.done()
        assert "No character has answered you yet" in early.text

        llm.say("Footnote: hello.")
        chat = await discord.slash("general", "Alice", "chat", {"character": "quill", "message": "Are you awake?"})
        await chat.done()
        assert chat.message["content"] == "**Alice** → **Quill:** Are you awake?"
        (reply,) = await discord.wait_for(lambda d: d.webhook_messages("general"))
        assert reply["author"]["username"] == "Quill"
        llm.say("Still awake.")
        await discord.say("general", "Alice", "and now?", reply_to=reply)
        await discord.wait_for(lambda d: len(d.webhook_messages("general")) == 2)
        assert "Are you awake?" in llm.requests[-1].prompt

        shown = await discord.slash("general", "Alice", "inspect", {"reference": "0001"})
        await shown.done()
        facts = {field["name"]: field["value"] for field in embed(shown)["fields"]}
        assert facts["Model"].startswith("scripted at 127.0.0.1")
        assert "retrieval" in facts["Time"]
        others = await discord.slash("general", "Bob", "inspect", {"reference": "0001"})
        await others.done()
        assert "no such turn of yours" in others.text

        page = await discord.slash("general", "Alice", "help")
        await page.done()
        assert {"/character", "/chat", "/help", "/inspect"} <= {field["name"] for field in embed(page)["fields"]}


async def test_a_failed_chat_says_so(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        llm.say(Status(402))
        chat = await discord.slash("general", "Alice", "chat", {"character": "maren", "message": "hello?"})
        await chat.done()
        await discord.wait_for(lambda d: any("no credit left" in m["content"] for m in d.bot_messages("general")))
        unknown = await discord.slash("general", "Alice", "chat", {"character": "nobody", "message": "hello?"})
        await unknown.done()
        assert "There is no character “nobody”" in unknown.text
