"""`tzurot play`: the pipeline with a terminal in front of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tzurot.app import App
from tzurot.llm.routing import choose
from tzurot.operations.fetch_model import qwen
from tzurot.talk import Speaker
from tzurot.terminal.render import Screen
from tzurot.terminal.shell import HELP, Shell

if TYPE_CHECKING:
    from tzurot.config import Config


async def _model_file(config: Config, model: str, screen: Screen) -> Path | None:
    """The file to serve, where the model is one: `qwen` is fetched once."""
    if model == "qwen":
        return await qwen(config.data_dir, screen.note)
    return Path(model) if model.endswith(".gguf") else None


async def play(config: Config, *, name: str, character: str, model: str) -> int:
    """Talk until the input ends; 1 when a line stayed without an answer."""
    screen = Screen()
    async with App(config, exclusive=False) as core:
        person = await core.tables.people.meet(Speaker(front="terminal", external_id=name.casefold(), name=name))
        summary = (
            await core.tables.characters.by_slug(character, person.user_id)
            if character
            else await core.triggers.default(person.user_id)
        )
        file = await _model_file(config, model, screen)
        chosen = await choose(config, core.outbound, model=model, file=file, small=True)
        core.routes.base = chosen.route
        screen.note(f"{summary.name} answers through {chosen.said}.")
        if sys.stdin.isatty():
            screen.note(HELP)
        shell = Shell(
            name=name,
            character=summary,
            screen=screen,
            hear=core.hear,
            people=core.tables.people,
            characters=core.tables.characters,
            memories=core.memories,
            flights=core.tables.flights,
        )
        try:
            await shell.run()
        finally:
            if chosen.served is not None:
                chosen.served.close()
    return 1 if shell.failed else 0
