"""Who may run which command: one row for each, and nothing runs without one.

None: anybody. What belongs to somebody (a character, a preset, a persona) is checked where it is looked up: an option
`character(edit=True)` finds only those that the asker may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNER, SERVER, CHANNEL, ANYBODY = Power.BOT_OWNER, Power.SERVER_MANAGER, Power.CHANNEL_MANAGER, None

RIGHTS: Mapping[str, Power | None] = {
    "admin cleanup": OWNER,
    "admin debug": OWNER,
    "admin health": OWNER,
    "admin presence": OWNER,
    "admin servers": OWNER,
    "admin settings": OWNER,
    "admin usage": OWNER,
    "channel activate": CHANNEL,
    "channel browse": ANYBODY,
    "channel deactivate": CHANNEL,
    "channel restrict": CHANNEL,
    "channel settings": CHANNEL,
    "character alias add": ANYBODY,
    "character alias browse": ANYBODY,
    "character alias remove": ANYBODY,
    "character avatar clear": ANYBODY,
    "character avatar set": ANYBODY,
    "character browse": ANYBODY,
    "character create": ANYBODY,
    "character delete": ANYBODY,
    "character edit": ANYBODY,
    "character export": ANYBODY,
    "character import": ANYBODY,
    "character overrides": ANYBODY,
    "character settings": ANYBODY,
    "character template": ANYBODY,
    "character view": ANYBODY,
    "chat": ANYBODY,
    "deny add": CHANNEL,
    "deny browse": CHANNEL,
    "deny remove": CHANNEL,
    "help": ANYBODY,
    "history clear": ANYBODY,
    "history purge": ANYBODY,
    "history stats": ANYBODY,
    "history undo": ANYBODY,
    "inspect": ANYBODY,
    "models browse": ANYBODY,
    "models view": ANYBODY,
    "persona browse": ANYBODY,
    "persona create": ANYBODY,
    "persona default": ANYBODY,
    "persona edit": ANYBODY,
    "persona override clear": ANYBODY,
    "persona override set": ANYBODY,
    "persona view": ANYBODY,
    "preset browse": ANYBODY,
    "preset create": ANYBODY,
    "preset default clear": ANYBODY,
    "preset default set": ANYBODY,
    "preset edit": ANYBODY,
    "preset export": ANYBODY,
    "preset global clear": OWNER,
    "preset global set": OWNER,
    "preset import": ANYBODY,
    "preset override clear": ANYBODY,
    "preset override set": ANYBODY,
    "settings apikey browse": ANYBODY,
    "settings apikey remove": ANYBODY,
    "settings apikey set": ANYBODY,
    "settings apikey test": ANYBODY,
    "settings defaults": ANYBODY,
    "settings server": SERVER,
    "settings timezone": ANYBODY,
    "setup check": SERVER,
    "setup start": CHANNEL,
    "usage": ANYBODY,
    # entries of a message's menu
    "Continue": ANYBODY,
    "Delete reply": ANYBODY,
    "Inspect": ANYBODY,
    "Regenerate": ANYBODY,
}
GROUPS: Mapping[str, str] = {
    "admin": "For the bot's owner: servers, usage, health, settings",
    "channel": "Where characters answer everything that is said",
    "character": "Characters: make, import, look at, edit and browse them",
    "character alias": "Other names that a character answers to",
    "character avatar": "A character's face",
    "deny": "Who is not answered",
    "history": "What is read of your conversation with a character",
    "models": "Which language models there are",
    "persona": "Who you are to characters",
    "persona override": "Be somebody else to one character",
    "preset": "Which model answers you, and how",
    "preset default": "The preset that answers you",
    "preset global": "The preset that answers everybody",
    "preset override": "The preset with which one character answers you",
    "settings": "Your own settings, and your API keys",
    "settings apikey": "Your own keys for language models",
    "setup": "First steps in a server",
}
