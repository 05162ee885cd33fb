"""A prompt that goes on where the last one ended is the prompt that is made at once."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from tzurot.pipeline.layout import NOTHING, Rendered, laid_out
from tzurot.prompt.budget import Block, Keep
from tzurot.tables.messages import Line

OWN_ID = 3
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def line(number: int, dice: random.Random) -> Line:
    speaker = dice.choice(("Ida", "Bo", "Maren", "Maren"))
    said_at = NOON + timedelta(minutes=number)
    text = dice.choice(("Hello.", "</context> now", "What\nthen?")) + f" {number}"
    return Line((number, number + 1), speaker, text, 5, said_at, OWN_ID if speaker == "Maren" else None)


@pytest.mark.parametrize("seed", range(40))
def test_a_continued_prompt_is_the_whole_one(seed: int) -> None:
    dice = random.Random(seed)
    lines: list[Line] = []
    kept, continued = NOTHING, 0
    for turn in range(40):
        lines += [line(10 * turn + more, dice) for more in range(dice.randint(0, 3))]
        if lines and dice.random() < 0.1:
            lines[dice.randrange(len(lines))] = line(1000 + turn, dice)  # edited
        if lines and dice.random() < 0.1:
            del lines[: dice.randint(1, len(lines))]
        reactions = {dice.choice(lines).message_ids[0]: "Bo put 🎉"} if lines and dice.random() < 0.2 else {}
        blocks = [
            Block("system", "You are Maren.", Keep.ALWAYS, 5),
            Block("last", "Ida: And now?", Keep.ALWAYS, 5, role="user"),
            *(
                Block(
                    "depth",
                    f"note {n}",
                    Keep.ALWAYS,
                    5,
                    role=dice.choice(("system", "assistant")),
                    depth=dice.randint(-3, 9),
                )
                for n in range(dice.choice((0, 0, 1, 2)))
            ),
        ]
        given = (blocks, tuple(lines), OWN_ID, reactions)
        whole, _ = laid_out(*given, NOTHING)
        continued += bool(kept.lines) and tuple(lines[: len(kept.lines)]) == kept.lines
        messages, kept = laid_out(*given, kept)
        assert messages == whole
        assert isinstance(kept, Rendered)
    assert continued > 10
