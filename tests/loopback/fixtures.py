"""Fixtures for a conftest: a Discord that must be clean at the end of the test, and a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loopback.discord import LoopbackDiscord
from tests.loopback.llm import ScriptedLLM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    """A fresh Discord; the test fails where the bot sent what the real one would refuse."""
    async with LoopbackDiscord() as world:
        yield world
        world.assert_clean()


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM() as model:
        yield model
