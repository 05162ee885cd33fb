"""How things look in a terminal: colours where a person sits there, plain lines where output is piped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.errors import TzurotError
    from tzurot.memory.partition import Episode
    from tzurot.tables.characters import CharacterSummary
    from tzurot.ui.flight import FlightScreen


class Screen:
    """Replies go to stdout, all else to stderr, so that a pipe receives what the character says and nothing more."""

    def __init__(self) -> None:
        self.out = Console(highlight=False, soft_wrap=True)
        self.side = Console(stderr=True, highlight=False, soft_wrap=True)

    def write(self, text: str) -> None:
        """A piece of a reply, at once."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def note(self, text: str) -> None:
        self.side.print(f"[dim]{escape(text)}[/dim]")

    def complain(self, error: TzurotError, reference: str) -> None:
        label = f" (reference {reference})" if reference else ""
        self.side.print(f"[bold red]![/] {escape(error.sentence)} {escape(error.remedy)}[dim]{label}[/dim]")

    def speaker(self, name: str) -> None:
        if self.out.is_terminal:
            self.out.print(f"[bold cyan]{escape(name)}[/]", end="  ")

    def characters(self, characters: Sequence[CharacterSummary], current: str) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        for character in characters:
            here = "›" if character.slug == current else " "
            table.add_row(here, escape(character.name), f"[dim]{escape(character.slug)}[/dim]")
        self.side.print(table)

    def memories(self, episodes: Sequence[Episode], total: int) -> None:
        self.note(f"{total} memories" + (", the newest:" if episodes else "."))
        for episode in episodes:
            self.side.print(
                f"[dim]{episode.said_at:%Y-%m-%d %H:%M}[/dim] {escape(episode.speaker)}: {escape(episode.text)}"
            )

    def flight(self, screen: FlightScreen) -> None:
        self.side.print(f"[bold]{escape(screen.title)}[/]")
        for label, value in screen.facts:
            self.side.print(f"[cyan]{label}[/] {escape(value)}")
        self.side.print(f"\n{escape(screen.prompt)}")
