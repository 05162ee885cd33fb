"""Somebody who runs commands and clicks through screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord
    from tests.loopback.interactions import LoopbackInteraction


@dataclass
class Person:
    """`await person.run("character view", character="maren")`, then `press`, `pick` and `fill` what it shows.

    `screen` is the last answer, wherever it came from; what is shown beside it (a refusal) is `told`.
    """

    discord: LoopbackDiscord
    name: str = "Alice"
    where: Any = "general"
    last: LoopbackInteraction | None = None

    @property
    def screen(self) -> LoopbackInteraction:
        assert self.last is not None
        return self.last

    @property
    def text(self) -> str:
        """Everything there is to read on the screen, and beside it."""
        return f"{self.screen.text}\n{self.told}"

    @property
    def told(self) -> str:
        return "\n".join(str(one["content"]) for one in self.screen.followups)

    @property
    def fields(self) -> dict[str, str]:
        assert self.screen.message is not None
        return {one["name"]: one["value"] for one in self.screen.message["embeds"][0].get("fields", ())}

    @property
    def title(self) -> str:
        assert self.screen.message is not None
        embeds = self.screen.message["embeds"]
        assert embeds, self.text
        return str(embeds[0]["title"])

    async def run(self, words: str, **options: Any) -> str:
        """A slash command; underscores in options stand for hyphens."""
        given = {name.replace("_", "-"): value for name, value in options.items()}
        self.last = await self.discord.slash(self.where, self.name, words, given)
        await self.last.done()
        return self.text

    async def menu(self, name: str, message: dict[str, Any]) -> str:
        """An entry of a message's menu."""
        self.last = await self.discord.message_command(self.where, self.name, name, message)
        await self.last.done()
        return self.text

    async def press(self, label: str) -> str:
        return await self.click(self.component(label))

    async def pick(self, placeholder: str, value: str) -> str:
        return await self.click(self.component(placeholder), value)

    async def click(self, custom_id: str, *values: str) -> str:
        message = self.screen.message
        assert message is not None
        clicked = await self.discord.click(self.where, self.name, message, custom_id, list(values) or None)
        await clicked.done()
        self.last = clicked
        return self.text

    async def fill(self, **fields: str) -> str:
        """Send the form that is open."""
        self.last = await self.discord.submit(self.screen, fields)
        await self.last.done()
        return self.text

    def component(self, label: str) -> str:
        """The id of a button or menu by the beginning of what is written on it."""
        message = self.screen.message
        assert message is not None
        for row in message["components"]:
            for component in row["components"]:
                if str(component.get("label") or component.get("placeholder")).startswith(label):
                    return str(component["custom_id"])
        raise AssertionError(f"there is no {label!r} on this screen: {self.text}")
