"""Fitting a prompt into a window: what goes first, what stays, and that the sum is always right."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tzurot.prompt.budget import CUT, Block, Keep, fit
from tzurot.prompt.tokens import MESSAGE_OVERHEAD, estimate

steady = settings(
    derandomize=True, deadline=None, database=None, max_examples=300, suppress_health_check=list(HealthCheck)
)
ORDER = (Keep.EXAMPLES, Keep.HISTORY, Keep.MEMORIES, Keep.REFERENCES, Keep.FILES)


def block(keep: Keep, text: str, rank: float = 0.0, kind: str = "") -> Block:
    return Block(kind=kind or keep.name, text=text, keep=keep, tokens=estimate(text) + MESSAGE_OVERHEAD, rank=rank)


BLOCKS = st.lists(
    st.builds(
        block,
        st.sampled_from([Keep.EXAMPLES, Keep.MEMORIES, Keep.REFERENCES, Keep.FILES, Keep.ALWAYS]),
        st.integers(0, 400).map(lambda n: "word " * n) | st.text(max_size=60),
        st.sampled_from([0.0, 1.0, 2.5]),
    ),
    max_size=12,
)
LINES = st.lists(st.integers(0, 300), max_size=15)


@steady
@given(BLOCKS, LINES, st.integers(0, 3000))
def test_the_window_is_never_overrun_where_shortening_can_help(
    blocks: list[Block], lines: list[int], limit: int
) -> None:
    fitted = fit(blocks, lines, limit)
    kept_lines = lines[len(lines) - fitted.lines :]
    assert fitted.tokens == sum(one.tokens for one in fitted.blocks) + sum(kept_lines)
    least = sum(MESSAGE_OVERHEAD + 1 for one in blocks if one.keep is Keep.ALWAYS)
    if limit >= least:
        assert fitted.tokens <= limit


@steady
@given(BLOCKS, LINES, st.integers(0, 3000))
def test_blocks_keep_their_order_and_what_must_stay_stays(blocks: list[Block], lines: list[int], limit: int) -> None:
    fitted = fit(blocks, lines, limit)
    always = [one for one in blocks if one.keep is Keep.ALWAYS]
    kept = [one for one in fitted.blocks if one.keep is Keep.ALWAYS]
    assert len(kept) == len(always)
    assert all(before.text.startswith(after.text) for before, after in zip(always, kept, strict=True))
    others = iter(blocks)
    assert all(any(one is other for other in others) for one in fitted.blocks if one.keep is not Keep.ALWAYS)


@steady
@given(BLOCKS, LINES, st.integers(0, 3000))
def test_nothing_goes_while_something_cheaper_is_left(blocks: list[Block], lines: list[int], limit: int) -> None:
    fitted = fit(blocks, lines, limit)
    kept = {id(one) for one in fitted.blocks}
    gone = [one for one in blocks if id(one) not in kept and one.keep is not Keep.ALWAYS]
    left = [one for one in fitted.blocks if one.keep is not Keep.ALWAYS]
    cut = {one.keep for one in gone} | ({Keep.HISTORY} if fitted.lines < len(lines) else set())
    still = {one.keep for one in left} | ({Keep.HISTORY} if fitted.lines else set())
    assert not cut or not still or max(cut) <= min(still)
    for keep in {one.keep for one in gone}:  # of the kind where the cut ended, the weakest went
        assert max(one.rank for one in gone if one.keep is keep) <= min(
            (one.rank for one in left if one.keep is keep), default=99.0
        )
    shortened = any(one.tokens != other.tokens for one, other in zip(
        [one for one in blocks if one.keep is Keep.ALWAYS],
        [one for one in fitted.blocks if one.keep is Keep.ALWAYS],
        strict=True,
    ))  # fmt: skip
    assert not shortened or not still


@steady
@given(BLOCKS, LINES, st.integers(0, 3000))
def test_every_cut_is_reported_with_its_number(blocks: list[Block], lines: list[int], limit: int) -> None:
    fitted = fit(blocks, lines, limit)
    told = "; ".join(fitted.cuts)
    kept = {id(one) for one in fitted.blocks}
    for keep in ORDER:
        if keep is Keep.HISTORY:
            gone = lines[: len(lines) - fitted.lines]
        else:
            gone = [one.tokens for one in blocks if one.keep is keep and id(one) not in kept]
        assert (f"{len(gone)} {CUT[keep]} ({sum(gone)} tokens) left out" in told) == bool(gone)
    if sum(one.tokens for one in blocks) + sum(lines) <= limit:
        assert fitted.cuts == ()


def test_the_order_of_cuts_step_by_step() -> None:
    blocks = [
        block(Keep.ALWAYS, "system " * 20),
        block(Keep.EXAMPLES, "example " * 20),
        block(Keep.MEMORIES, "weak " * 20, 1.0),
        block(Keep.MEMORIES, "strong " * 20, 9.0),
        block(Keep.REFERENCES, "quote " * 20),
        block(Keep.ALWAYS, "last " * 20),
    ]
    lines = [30, 30, 30]
    whole = sum(one.tokens for one in blocks) + sum(lines)
    steps: list[tuple[tuple[str, ...], int]] = []
    for limit in range(whole, 0, -1):
        fitted = fit(blocks, lines, limit)
        seen = tuple(re.split(r"\W", one.text)[0] for one in fitted.blocks), fitted.lines
        if not steps or steps[-1] != seen:
            steps.append(seen)
    everything = ("system", "example", "weak", "strong", "quote", "last")
    plain = tuple(name for name in everything if name != "example")
    assert steps[:8] == [
        (everything, 3),
        (plain, 3),
        (plain, 2),
        (plain, 1),
        (plain, 0),
        (("system", "strong", "quote", "last"), 0),
        (("system", "quote", "last"), 0),
        (("system", "last"), 0),
    ]


def test_a_card_of_a_hundred_pages_answers_from_its_beginning() -> None:
    card = block(Keep.ALWAYS, f"You are Maren. {'She likes rain. ' * 20_000}", kind="system")
    last = block(Keep.ALWAYS, "Ida: What is the weather like?", kind="last")
    fitted = fit([card, last], [50] * 10, 2000)
    assert fitted.tokens <= 2000
    assert fitted.blocks[0].text.startswith("You are Maren. She likes rain.")
    assert estimate(fitted.blocks[0].text) > 700  # halved until it fits, not more
    assert fitted.blocks[1] == last
    assert fitted.lines == 0
    assert "the longest texts were shortened to fit the model's window" in fitted.cuts


def test_the_newest_lines_are_those_that_stay() -> None:
    fitted = fit([block(Keep.ALWAYS, "x")], [1000, 10, 10, 10], 40)
    assert fitted.lines == 3
    assert fitted.cuts == ("1 of the oldest lines (1000 tokens) left out",)
