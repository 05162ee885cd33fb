"""What everybody manages for themselves: characters, aliases, personas, keys, presets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.discord.bot import Bot
from tests.discord.person import Person

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92"
    "ef0000000049454e44ae426082"
)


def attached(name: str, content: object) -> tuple[str, bytes, str]:
    return name, json.dumps(content).encode(), "application/json"


async def replies(discord: LoopbackDiscord, count: int = 1) -> list[str]:
    """What characters said in #general, once there are so many."""
    said = await discord.wait_for(
        lambda d: len(d.webhook_messages("general")) >= count and d.webhook_messages("general")
    )
    return [str(one["content"]) for one in said]


async def test_a_character_is_edited_hidden_opened_and_exported(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice, bob = Person(discord), Person(discord, "Bob")
        await alice.run("character import", file=attached("n.json", {"name": "Nyx", "description": "A thief."}))
        await alice.run("character edit", character="nyx")
        assert "Who they are: A thief." in alice.text
        await alice.pick("Edit …", "identity")
        await alice.fill(description="A **retired** thief.\n@everyone", name="Nyx the Second")
        assert "A **retired** thief." in alice.text
        assert alice.title == "Nyx the Second"
        await alice.press("Public / private")
        assert "Only you can see this character" in alice.text
        assert "There is no character" in await bob.run("character view", character="nyx")
        await alice.press("Public / private")
        await alice.press("Open / hide the card")
        assert "retired" in await bob.run("character view", character="nyx")
        await alice.press("Export")
        assert alice.screen.message is not None
        assert alice.screen.message["attachments"][0]["filename"] == "nyx.png"
        await alice.press("Back")
        await alice.press("Delete")
        assert "will be gone for everybody" in alice.text
        await alice.press("Keep it")
        assert "may not change" in await bob.run("character edit", character="nyx")
        await alice.run("character export", character="nyx")
        assert alice.screen.message["attachments"][0]["filename"] == "nyx.png"
        await alice.run("character template")
        assert alice.screen.message is not None
        assert alice.screen.message["attachments"][0]["filename"] == "character.json"


async def test_a_character_gets_a_face_and_loses_it(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("character import", file=attached("n.json", {"name": "Nyx"}))
        await alice.run("character avatar set", character="nyx", image=("me.png", PIXEL, "image/png"))
        assert alice.screen.message is not None
        assert alice.screen.message["embeds"][0]["thumbnail"]["url"].endswith("face.png")
        refused = await alice.run("character avatar set", character="nyx", image=("me.png", b"no", "image/png"))
        assert "not a picture I can read" in refused
        await alice.run("character avatar clear", character="nyx")
        assert "thumbnail" not in alice.screen.message["embeds"][0]


async def test_an_alias_is_called_and_taken_away(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    carol = str(discord.user("Carol").id)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=f"[{carol}]"):
        alice, owner = Person(discord), Person(discord, "Carol")
        assert "answers to **@sea captain** for you" in await alice.run(
            "character alias add", character="maren", alias="Sea  Captain"
        )
        await discord.say("general", "Bob", "@sea captain, hello?")
        await discord.say("general", "Alice", "@Sea Captain, hello?")
        llm.say("Aye.")
        assert await replies(discord) == ["Aye."]
        assert "Alice: @Sea Captain, hello?" in llm.requests[0].prompt
        assert "is the name of a character" in await alice.run("character alias add", character="maren", alias="Quill")
        assert "an alias already" in await alice.run("character alias add", character="quill", alias="sea captain")
        for bad in ("12345", "one two three four five", "everyone"):
            assert "cannot be an alias" in await alice.run("character alias add", character="maren", alias=bad)
        assert "for the owner of this bot" in await alice.run(
            "character alias add", character="maren", alias="skipper", whose="everybody"
        )
        await owner.run("character alias add", character="maren", alias="skipper", whose="everybody")
        await alice.run("character alias browse", character="maren")
        assert "@sea captain** · for you" in alice.text
        assert "@skipper** · for everybody" in alice.text
        assert "no longer answers" in await alice.run("character alias remove", character="maren", alias="sea captain")
        assert "has no alias" in await alice.run("character alias remove", character="maren", alias="sea captain")


async def test_personas_are_worn(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("persona create")
        await alice.fill(name="Captain Vex", pronouns="they/them", description="Wears a red coat.")
        assert alice.title == "Captain Vex"
        assert "You are **Captain Vex** now" in await alice.run("persona default", persona="captain vex")
        llm.say("A red coat!")
        await discord.say("general", "Alice", "@Maren who am I?")
        await replies(discord)
        assert "Captain Vex: @Maren who am I?" in llm.requests[-1].prompt
        assert "Wears a red coat." in llm.requests[-1].prompt
        assert "they/them" in llm.requests[-1].prompt

        assert "To **Quill** you are **Alice**" in await alice.run(
            "persona override set", character="quill", persona="Alice"
        )
        llm.say("Alice it is.")
        await discord.say("general", "Alice", "@Quill who am I?")
        await replies(discord, 2)
        assert "Alice: @Quill who am I?" in llm.requests[-1].prompt
        await alice.run("persona view", character="quill")
        assert alice.title == "To Quill you are Alice"
        assert "default persona again" in await alice.run("persona override clear", character="quill")

        await alice.run("persona browse")
        assert "Captain Vex** · default · they/them" in alice.text
        await alice.run("persona edit", persona="Captain Vex")
        await alice.pick("Edit …", "all")
        await alice.fill(name="Vex")
        assert alice.title == "Vex"
        await alice.press("Delete")
        assert "is your default persona" in alice.told
        await alice.run("persona edit", persona="Alice")
        await alice.press("Make it my default")
        await alice.run("persona edit", persona="Vex")
        await alice.press("Delete")
        await alice.press("Delete")
        assert "**Vex** was deleted" in alice.text
        assert "You have no persona" in await alice.run("persona edit", persona="Vex")


async def test_a_key_is_tried_sealed_used_and_forgotten(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.keys = {"sk-host-000000", "sk-alice-111111"}
    providers = json.dumps({"openrouter": llm.base_url})
    async with Bot(
        discord,
        llm,
        database_url,
        TZUROT_LLM__PROVIDERS=providers,
        TZUROT_LLM__API_KEY="sk-host-000000",
        TZUROT_LLM__GUEST_MODEL="guest/free",
    ) as bot:
        alice = Person(discord)
        await alice.run("settings apikey set", provider="openrouter")
        await alice.fill(key="sk-wrong-999999")
        assert "openrouter does not know that key" in alice.text
        assert "None yet" in await alice.run("settings apikey browse")
        assert "You have no key" in await alice.run("settings apikey test", provider="openrouter")

        await alice.run("settings apikey set", provider="openrouter")
        await alice.fill(key="sk-alice-111111")
        assert "works" in alice.title
        assert "**openrouter**" in await alice.run("settings apikey browse")
        assert "works" in await alice.run("settings apikey test", provider="openrouter")

        for person, model, key in (("Alice", "scripted", "sk-alice-111111"), ("Bob", "guest/free", "sk-host-000000")):
            llm.requests.clear()
            llm.say("Aye.")
            await discord.say("general", person, "@Maren hello?")
            asked = await llm.asked()
            assert (asked.body["model"], asked.headers["Authorization"]) == (model, f"Bearer {key}")

        assert "is forgotten" in await alice.run("settings apikey remove", provider="openrouter")
        assert "You have no key" in await alice.run("settings apikey remove", provider="openrouter")
        assert "There is no provider" in await alice.run("settings apikey remove", provider="nobody")
        log = "\n".join(bot.log)
        assert "sk-alice" not in log
        assert "sk-wrong" not in log


async def test_presets_choose_the_model(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    carol = str(discord.user("Carol").id)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=f"[{carol}]"):
        alice, owner = Person(discord), Person(discord, "Carol")
        await alice.run("preset create")
        await alice.fill(name="Wild", model="big/one", temperature="1.4")
        assert alice.title == "Wild"
        await alice.pick("Edit …", "samplers")
        await alice.fill(temperature="1.4", top_k="40")
        await alice.pick("Edit …", "samplers")
        await alice.fill(temperature="9")
        assert "not a value for Temperature" in alice.told
        assert "answers you from now on" in await alice.run("preset default set", preset="wild")
        llm.say("Aye.")
        await discord.say("general", "Alice", "@Maren hello?")
        asked = (await llm.asked()).body
        assert (asked["model"], asked["temperature"], asked["top_k"]) == ("big/one", 1.4, 40)
        await alice.run("preset default clear")

        await alice.run("preset import", file=attached("p.json", {"name": "Calm", "temperature": 0.2}))
        assert alice.title == "Calm"
        assert "answers you through **Calm**" in await alice.run(
            "preset override set", character="quill", preset="Calm"
        )
        llm.say("Hm.")
        await discord.say("general", "Alice", "@Quill hello?")
        assert (await llm.asked(2)).body["temperature"] == 0.2
        await alice.run("preset override clear", character="quill")
        assert "is not a preset" in await alice.run("preset import", file=("p.json", b"[]", "application/json"))
        assert "not a value" in await alice.run("preset import", file=attached("p.json", {"name": "x", "top_p": 7}))
        await alice.run("preset export", preset="Calm")
        assert alice.screen.message is not None
        assert alice.screen.message["attachments"][0]["filename"] == "preset.json"

        await owner.run("preset create")
        await owner.fill(name="House", temperature="0.5")
        assert "is yours alone" in await owner.run("preset global set", preset="House")
        await owner.run("preset edit", preset="House")
        await owner.press("Share with everybody")
        await owner.run("preset edit", preset="House")
        await owner.press("Delete")
        await owner.press("Delete")
        await owner.run("preset global set", preset="House")
        llm.say("Yes?")
        await discord.say("general", "Bob", "@Tamsin hello?")
        assert (await llm.asked(3)).body["temperature"] == 0.5
        assert "for the owner of this bot" in await alice.run("preset global clear")
        await owner.run("preset global clear")
        await alice.run("preset edit", preset="House")
        await alice.pick("Edit …", "model")
        await alice.fill(name="Mine now")
        assert "is the host's" in alice.told
        await alice.run("preset browse")
        assert alice.text.index("Calm") < alice.text.index("House") < alice.text.index("Wild")
        await alice.press("Showing all")
        assert "House" not in alice.text


async def test_models_are_listed_with_size_and_price(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    llm.models = ["acme/large", "acme/small:free"]
    llm.more = {
        "acme/large": {
            "pricing": {"prompt": "0.000003", "completion": "0.000015"},
            "architecture": {"input_modalities": ["text", "image"]},
            "context_length": 200_000,
        },
        "acme/small:free": {"pricing": {"prompt": "0", "completion": "0"}},
    }
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("models browse")
        assert "acme/large** · 200k · $3 in, $15 out · sees" in alice.text
        await alice.press("Showing all")
        assert "acme/large" not in alice.text
        assert "acme/small:free** · 32k · free" in alice.text
        await alice.run("models view", model="large")
        assert alice.fields["Price for a million tokens"] == "$3 in, $15 out"
        assert "no model “zzzz”" in await alice.run("models view", model="zzzz")


async def test_a_sillytavern_preset_is_taken_as_it_is(
    discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str
) -> None:
    preset = {
        "temperature": 0.7,
        "openai_max_context": 8192,
        "openai_max_tokens": 300,
        "prompts": [
            {"identifier": "main", "name": "Main", "role": "system", "content": "Write like a tide table."},
            {"identifier": "chatHistory", "marker": True},
            {"identifier": "jailbreak", "name": "Last", "role": "system", "content": "End with the hour."},
        ],
        "prompt_order": [
            {
                "character_id": 100001,
                "order": [
                    {"identifier": "main", "enabled": True},
                    {"identifier": "chatHistory", "enabled": True},
                    {"identifier": "jailbreak", "enabled": True},
                ],
            }
        ],
    }
    async with Bot(discord, llm, database_url):
        alice = Person(discord)
        await alice.run("preset import", file=attached("Tides.json", preset))
        assert alice.title == "Tides"
        await alice.run("preset default set", preset="Tides")
        llm.say("At four.")
        await discord.say("general", "Alice", "@Maren when is low tide?")
        asked = await llm.asked()
        assert (asked.body["temperature"], asked.body["max_tokens"]) == (0.7, 300)
        assert "Write like a tide table." in asked.prompt
        assert "End with the hour." in asked.prompt
