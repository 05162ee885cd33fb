"""Doubles of what the bot talks to, on loopback: Discord and a language model."""

from __future__ import annotations

from tests.loopback.commands import NotOffered
from tests.loopback.discord import LoopbackDiscord
from tests.loopback.interactions import LoopbackInteraction, words_of
from tests.loopback.llm import ScriptedLLM
from tests.loopback.permissions import Permission

__all__ = ["LoopbackDiscord", "LoopbackInteraction", "NotOffered", "Permission", "ScriptedLLM", "words_of"]
