"""The stage's shell, line by line, on a real bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback.stage_shell import Shell
from tests.loopback.testbot import Bot, with_commands

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.loopback import LoopbackDiscord


@pytest.fixture
async def commands(discord: LoopbackDiscord) -> AsyncIterator[Bot]:
    made = await with_commands(discord)
    yield made
    await made.app.close()
    assert made.broken == []


class Played:
    """A shell whose lines are kept."""

    def __init__(self, discord: LoopbackDiscord) -> None:
        self.shown: list[str] = []
        self.discord = discord
        self.shell = Shell(discord, self.shown.append)

    async def __call__(self, line: str, wanted: str) -> None:
        """Type a line; wait until something shown holds this."""
        self.shown.clear()
        assert await self.shell.line(line)
        await self.discord.wait_for(lambda _: wanted in "\n".join(self.shown) or None, timeout=5)


async def test_a_person_clicks_through_the_bot(discord: LoopbackDiscord, commands: Bot, tmp_path: Path) -> None:
    card = tmp_path / "nyx.json"
    card.write_text("{}")
    played = Played(discord)
    await played("hello @Bob", discord.bob.mention)
    await played("/as Bob", "")
    await played("/reply 1 hi yourself", "Bob:")
    await played(f'/character view character="Nyx Nova" card=@{card} person=@Carol', "Nyx Nova False 2 carol")
    await played("/complete character view character=N", "Nova = Nova")
    await played("/panel", "(1) <Again> (2) <Form> (3) <Never, off>")
    await played("/press 3", "disabled")
    await played("/press 4", "/pick 4 value")
    await played("/pick 4 Blue", "picked b")
    await played("/press 2", "/fill name=...")
    await played("/fill name=x", "takes 2")
    await played("/fill name='Robert the Bold'", "you are Robert the Bold")
    await played("/press 1", "pressed")
    await played("/menu Inspect 1", "it says hello")
    await played("/in dm", "")
    await played("psst", "#dm with Bob Bob")
    await played("/ping", "only you see this")
    await played("/nonsense", "no command 'nonsense'")
    await played("/commands", "/character voice hear speed=")
    await played("/in general", "")
    await played("/delete 1", "[1] deleted")
    await played("/report", "0 violations")
    assert not await played.shell.line("/quit")
