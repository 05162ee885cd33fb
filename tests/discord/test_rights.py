"""Every command tried by everybody: who has no right to it is refused, who has one is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.discord.bot import Bot
from tests.discord.person import Person
from tests.loopback import Permission
from tzurot.plugins.rights import GROUPS, RIGHTS
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord, ScriptedLLM

# what every required option is given; commands that are refused for what they are given are not refused for who asks
GIVEN: dict[str, Any] = {
    "character": "maren",
    "persona": "nobody",
    "preset": "nothing",
    "provider": "openrouter",
    "zone": "UTC",
    "alias": "salt",
    "model": "scripted",
    "message": "hello",
    "answers": "all",
    "user": "Dora",
    "days": 3650,
    "book": "nothing",
    "where": "me in this channel",
    "reference": "0001",
    "text": "hello",
    "since": "the last hour",
    "how-long": "off",
    "file": ("x.json", b"{", "application/json"),
    "image": ("x.png", b"x", "image/png"),
}
SPEAKING = {"chat"}  # what a denied person is refused; what is theirs they may still look after
REFUSALS = {power: f"This is for {power.value}." for power in Power}
ROLES = {
    "Bob": set[Power](),
    "Cora": {Power.CHANNEL_MANAGER},
    "Sam": {Power.CHANNEL_MANAGER, Power.SERVER_MANAGER},
    "Carol": set(Power),
}


def runnable(commands: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Every slash command that can be run, by its words, with its options."""
    found: dict[str, list[dict[str, Any]]] = {}

    def descend(words: str, command: dict[str, Any]) -> None:
        options = command.get("options") or []
        deeper = [one for one in options if one["type"] in (1, 2)]
        for one in deeper:
            descend(f"{words} {one['name']}", one)
        if not deeper:
            found[words] = options

    for command in commands:
        if command["type"] == 1:
            descend(str(command["name"]), command)
    return found


async def test_every_command_by_every_role(discord: LoopbackDiscord, llm: ScriptedLLM, database_url: str) -> None:
    server = discord.playground
    discord.add_member(server, discord.add_user("Eve"))
    for name, granted in (("Cora", Permission.MANAGE_CHANNELS), ("Sam", Permission.MANAGE_GUILD), ("Dora", 0)):
        discord.add_member(server, discord.add_user(name), roles=[discord.add_role(server, name, granted)])
    owner = str(discord.user("Carol").id)
    async with Bot(discord, llm, database_url, TZUROT_DISCORD__OWNER_IDS=f"[{owner}]"):
        commands = runnable(discord.commands[None])
        menus = {str(one["name"]) for one in discord.commands[None] if one["type"] == 3}
        assert set(commands) | menus == set(RIGHTS), "every command has a row, and every row a command"
        assert {word for words in commands for word in groups_of(words)} == set(GROUPS)
        wrong: list[str] = []
        for words, options in commands.items():
            given = {one["name"]: GIVEN[one["name"]] for one in options if one.get("required")}
            need = RIGHTS[words]
            for name, powers in ROLES.items():
                person = Person(discord, name)
                answer = await person.run(words, **given)
                refused = next((power for power in Power if REFUSALS[power] in answer), None)
                if refused != (need if need is not None and need not in powers else None):
                    wrong.append(f"/{words} by {name}: {answer}")
        await Person(discord, "Sam").run("deny add", user="Eve", where="this server")
        for words, options in commands.items():
            given = {one["name"]: GIVEN[one["name"]] for one in options if one.get("required")}
            answer = await Person(discord, "Eve").run(words, **given)
            if ("You are not answered" in answer) != (words in SPEAKING):
                wrong.append(f"/{words} by Eve, who is denied: {answer}")
        assert not wrong, "\n".join(wrong)


def groups_of(words: str) -> list[str]:
    parts = words.split()[:-1]
    return [" ".join(parts[: count + 1]) for count in range(len(parts))]
