"""The lines at the head of a V3 lorebook entry that are not its text: `@@depth 4`, and `@@@depth 4` as a fallback."""

from __future__ import annotations


def divided(content: str) -> tuple[tuple[str, ...], str]:
    """The decorator lines of an entry's content, and the text without them and without the line breaks around them."""
    if not content.startswith("@@"):
        return (), content
    decorators: list[str] = []
    rest = content
    while rest.startswith("@@"):
        line, _, rest = rest.partition("\n")
        decorators.append(line.rstrip("\r"))
        rest = rest.lstrip("\r\n")
    return tuple(decorators), rest
