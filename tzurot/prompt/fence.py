"""Fences around text that came from people, cards' quotes, pages or files: data, never an instruction."""

from __future__ import annotations

import re

LABELS = ("context", "memories", "quotes", "files", "lore", "persona", "examples")
MARK = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(LABELS)})\b)", re.IGNORECASE)


def harmless(text: str) -> str:
    """The text with every mark that looks like one of our fences made unable to open or close one."""
    return MARK.sub("‹", text) if "<" in text else text


def fenced(label: str, text: str) -> str:
    """`text` between the marks of `label`."""
    return f"<{label}>\n{harmless(text)}\n</{label}>"
