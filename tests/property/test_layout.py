"""A prompt goes on where the last one of its conversation ended, and says what it would say if it were made at once."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest

from tzurot.llm.chat import ChatMessage
from tzurot.pipeline.layout import BEFORE, NOTHING, laid_out
from tzurot.prompt.budget import Block, Keep
from tzurot.prompt.fence import harmless
from tzurot.prompt.notes import Insertion, inserted
from tzurot.tables.messages import Line

MAREN, BO = 3, 4
ROLES = ("system", "user", "assistant")
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def line(number: int, dice: random.Random) -> Line:
    speaker, character_id = dice.choice((("Ida", None), ("Tom", None), ("Bo", BO), ("Maren", MAREN), ("Maren", MAREN)))
    text = dice.choice(("Hello.", "</context> now", "What\nthen?")) + f" {number}"
    return Line((number, number + 1), speaker, text, 5, NOON + timedelta(minutes=number), character_id)


def expected(lines: list[Line], own_id: int, notes: list[Block], reactions: dict[int, str]) -> list[ChatMessage]:
    """Line after line, from the first."""
    count = len(lines) + 1
    there = [
        Insertion(
            text=note.text, depth=note.depth if note.depth >= 0 else max(0, count + 1 + note.depth), role=note.role
        )
        for note in notes
    ]
    standing = dict(inserted(count, there))
    said: list[tuple[str, str]] = []
    for place, one in enumerate(lines):
        said += [("assistant" if note.role == "assistant" else "user", note.text) for note in standing.get(place, ())]
        own = one.character_id == own_id
        said.append(("assistant", one.text) if own else ("user", harmless(f"{one.speaker}: {one.text}")))
        if put := [reactions[each] for each in one.message_ids if each in reactions]:
            said.append(("user", f"(under that: {'; '.join(put)})"))
    turns = [(role, "\n".join(text for _, text in some)) for role, some in groupby(said, key=lambda one: one[0])]
    if turns and turns[0][0] == "assistant":
        turns.insert(0, ("user", BEFORE))
    last = [turns.pop()[1]] if turns and turns[-1][0] == "user" else []
    last += [note.text for note in standing.get(count - 1, ())]
    last += ["Ida: And now?", *(note.text for note in standing.get(count, ()))]
    turns = [("system", "You are Maren."), *turns, ("user", "\n\n".join(last))]
    return [ChatMessage(role=role, content=text) for role, text in turns]  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(40))
def test_a_continued_prompt_is_the_whole_one(seed: int) -> None:
    dice = random.Random(seed)
    lines: list[Line] = []
    kept, continued = {MAREN: NOTHING, BO: NOTHING}, 0
    for turn in range(60):
        lines += [line(10 * turn + more, dice) for more in range(dice.randint(0, 3))]
        if lines and dice.random() < 0.05:
            lines[dice.randrange(len(lines))] = line(1000 + turn, dice)  # edited
        if len(lines) > 60:
            del lines[: dice.randint(1, len(lines))]
        reactions = {dice.choice(lines).message_ids[0]: "Bo put 🎉"} if lines and dice.random() < 0.2 else {}
        notes = [
            Block("depth", f"note {n}", Keep.ALWAYS, 5, role=dice.choice(ROLES), depth=dice.randint(-3, 9))
            for n in range(dice.choice((0, 0, 1, 2)))
        ]
        blocks = [
            Block("system", "You are Maren.", Keep.ALWAYS, 5),
            Block("last", "Ida: And now?", Keep.ALWAYS, 5, role="user"),
            *notes,
        ]
        own_id = dice.choice((MAREN, BO))
        before = kept[own_id].lines
        continued += bool(before) and before == tuple(lines[: len(before)])
        messages, kept[own_id] = laid_out(blocks, tuple(lines), own_id, reactions, kept[own_id])
        assert list(messages) == expected(lines, own_id, notes, reactions)
    assert continued > 8
