"""What was tidied up among somebody's memories, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import shorten
from typing import TYPE_CHECKING

from tzurot.memory.dream import STEPS
from tzurot.ui.confirm import Confirm
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.memory import one_of, pair_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.memory.dream import Dreams
    from tzurot.ui.screen import Button, Pressable, Screen
    from tzurot.ui.viewer import Viewer


LINES_SHOWN, LINE_LENGTH = 5, 120


class DreamScreens:
    def __init__(self, dreams: Dreams) -> None:
        self._dreams = dreams
        self.list = Listing(
            key="dreams",
            title="What was tidied up",
            empty="Nothing yet.",
            load=self._load,
            open=self._open,
            sorts=("newest",),
        )
        self.undo = Confirm(
            key="dream-undo", title="Bring it back", yes="Bring back", question=self._question, act=self._undo
        )

    @property
    def screens(self) -> tuple[Pressable, ...]:
        return self.list, self.undo

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        ids = pair_of(viewer, view.subject)
        return [
            Row(
                label=f"{STEPS.get(step.step, step.step)}: {step.count:,}",
                value=f"{ids[1]}.{step.id}",
                detail=f"{step.done_at:%d %b %Y}{', brought back' if step.undone_at else ''}",
                order=(-step.id,),
            )
            for step in await self._dreams.steps(*ids)
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:  # noqa: ARG002 - the question has its own
        return await self.undo.ask(viewer, value)

    async def _question(self, viewer: Viewer, subject: str) -> str:
        words = await self._dreams.words(*one_of(viewer, subject), LINES_SHOWN + 1)
        lines = [f"> {shorten(' '.join(line.split()), LINE_LENGTH, placeholder=' …')}" for line in words[:LINES_SHOWN]]
        more = ["> …"] if len(words) > LINES_SHOWN else []
        what = "What this step put away is recalled again and locked, and what it ended is believed again."
        return "\n".join([*lines, *more, "", what])

    async def _undo(self, viewer: Viewer, subject: str) -> str:
        count = await self._dreams.undo(*one_of(viewer, subject), datetime.now(UTC))
        return f"Brought back: {count:,}."
