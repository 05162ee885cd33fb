"""A loopback Discord and a scripted model for every test of this folder."""

from __future__ import annotations

from tests.loopback.fixtures import discord, llm

__all__ = ["discord", "llm"]
