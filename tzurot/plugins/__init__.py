"""Slash commands, one module per group; none knows another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.plugins import character, chat, help, inspect

if TYPE_CHECKING:
    import lightbulb

LOADERS: tuple[lightbulb.Loader, ...] = (character.loader, chat.loader, help.loader, inspect.loader)
