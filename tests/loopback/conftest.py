"""Fixtures of the tests of the loopback itself."""

from __future__ import annotations

from tests.loopback.fixtures import discord, llm

__all__ = ["discord", "llm"]
