"""The macros every card may use: `{{char}}`, `{{user}}`, their old spellings, and `{{original}}`."""

from __future__ import annotations

import re

MACRO = re.compile(r"\{\{\s*(char|user|original)\s*\}\}|<(BOT|CHAR|USER)>", re.IGNORECASE)


def expand(text: str, *, char: str, user: str, original: str = "") -> str:
    """Replace macros once, left to right: what a name or `original` contains is not expanded again."""
    values = {"char": char, "bot": char, "user": user, "original": original}
    return MACRO.sub(lambda match: values[(match[1] or match[2]).lower()], text)
