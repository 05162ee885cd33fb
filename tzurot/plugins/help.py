"""`/help`: how to begin, and every command there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import NotFound
from tzurot.ui.reply import DEEDS
from tzurot.ui.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tzurot.discord.commands import Declared

BEGIN = (
    "Say **@Name** to a character in any channel I can read, reply to what it said, or write to me in private."
    " Each character remembers you. `/character browse` shows who is here, `/character import` brings in your own."
    " `/help group` tells more of a group of commands.\n\nUnder a reply to you: "
    + ", ".join(f"{deed.sign} {deed.label.lower()}" for deed in DEEDS)
    + ". React with the sign, or look into the reply's menu, *Apps*."
)


class HelpPlugin:
    """`declared` are all commands, known when they are."""

    def __init__(self, *, groups: Mapping[str, str]) -> None:
        self._groups = groups
        self.declared: Sequence[Declared] = ()

    @command(
        "help",
        "How to begin, and what there is",
        group=options.text("A group of commands, as in /help group: character", limit=32, required=False),
    )
    async def help(self, asked: Asked, group: str | None) -> Screen:  # noqa: ARG002 - as every command
        slash = [declared for declared in self.declared if not declared.on_message]
        if group is None:
            first_words = dict.fromkeys(declared.words.split()[0] for declared in slash)
            described = {declared.words: declared.description for declared in slash} | dict(self._groups)
            fields = tuple((f"/{word}", described[word]) for word in first_words)
            return Screen(title="Talking with characters", text=BEGIN, fields=fields)
        wanted = group.strip().removeprefix("/").casefold()
        found = [declared for declared in slash if declared.words.split()[0] == wanted]
        if not found:
            raise NotFound("help.unknown", f"There is no command /{wanted[:40]}.", "/help names all there are.")
        return Screen(
            title=f"/{wanted}",
            text="\n".join(f"**/{declared.words}** · {declared.description}" for declared in found),
        )
