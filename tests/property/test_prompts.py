"""Whole prompts of any card, lorebook and history: within their limit, with what may never be missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenes import NOW, card, line, prompted, whole
from tzurot.llm.chat import Route
from tzurot.lore.scan import ScanSettings
from tzurot.memory.partition import Episode, Remembered
from tzurot.pipeline.fetch import KEPT, steady
from tzurot.pipeline.turn import Direction, Recollection, Standing
from tzurot.prompt.tokens import MESSAGE_OVERHEAD, estimate

steady_settings = settings(
    derandomize=True, deadline=None, database=None, max_examples=150, suppress_health_check=list(HealthCheck)
)
WORDS = st.integers(0, 120).map(lambda n: "word " * n) | st.text(max_size=30) | st.just("{{random::a::bb}} <lamp>")
ENTRY = st.fixed_dictionaries({
    "keys": st.sampled_from([["lamp"], ["other"], ["/la.p/i"]]), "content": WORDS, "constant": st.booleans(),
    "insertion_order": st.integers(0, 5), "extensions": st.fixed_dictionaries(
        {"position": st.integers(0, 7), "depth": st.integers(0, 9), "role": st.integers(0, 2)}),
})  # fmt: skip
CARD = st.fixed_dictionaries({
    "personality": WORDS, "scenario": WORDS, "mes_example": WORDS.map(lambda text: f"<START>\n{text}<START>\n{text}"),
    "post_history_instructions": WORDS, "extensions": st.just({"depth_prompt": {"prompt": "depth", "depth": 3}}),
    "character_book": st.fixed_dictionaries({"entries": st.lists(ENTRY, max_size=6)}),
})  # fmt: skip
HISTORY = st.lists(st.tuples(WORDS, st.booleans()), max_size=30)


def remembered(text: str) -> Remembered:
    episode = Episode(place="p", origin_id=1, by_character=False, speaker="Ida", text=text, said_at=NOW)
    return Remembered(id=1, episode=episode, score=1.0)


@steady_settings
@given(CARD, HISTORY, WORDS, st.lists(WORDS, max_size=3), st.integers(600, 4000))
def test_a_prompt_is_within_its_limit_and_has_the_card_and_the_last_message(
    data: dict[str, Any], said: list[tuple[str, bool]], asked: str, memories: list[str], window: int
) -> None:
    history = tuple(line(n, text, own=own) for n, (text, own) in enumerate(said, 1))
    prompt = prompted(
        card(**data),
        *history,
        said=f"lamp {asked}",
        route=Route(base_url="https://x.example", model="m", context_tokens=window + 300, reply_tokens=300),
        recollection=Recollection(memories=tuple(map(remembered, memories))),
        direction=Direction(lore=ScanSettings(recursive=True, budget_percent=60)),
    )
    assert prompt.tokens <= prompt.limit == window
    assert sum(estimate(message.content) + MESSAGE_OVERHEAD for message in prompt.messages) <= window
    assert prompt.messages[0].content.startswith("You are Maren")
    assert "Ida: " in prompt.messages[-1].content
    whole_fits = "the longest texts were shortened to fit the model's window" not in prompt.cuts
    if whole_fits:
        assert "Maren keeps the lighthouse." in prompt.messages[0].content
        assert "Ida: lamp" in prompt.messages[-1].content
    roles = [message.role for message in prompt.messages]
    assert roles[0] == "system"
    assert roles[1:] == ["user", "assistant"] * (len(roles[1:]) // 2) + ["user"]
    told = "; ".join(prompt.cuts)
    if "of the weakest memories (" in told and history:  # memories go after the whole history, that after the examples
        assert f"{len(history)} of the oldest lines" in told
    if "of the oldest lines" in told:
        assert "<examples>" not in prompt.messages[0].content


@steady_settings
@given(st.integers(2, 60), st.integers(1, 200), st.integers(0, 100))
def test_a_window_over_the_history_moves_in_steps(limit: int, turns: int, more: int) -> None:
    since, moved, shown = 0, 0, 0
    for turn in range(1, turns + 1):
        lines = tuple(line(n, "x") for n in range(max(1, turn * 2 + more - limit + 1), turn * 2 + more + 1))
        window = steady(lines, since, limit)
        assert window == lines[len(lines) - len(window) :]
        assert len(window) >= min(len(lines), max(1, round(limit * KEPT)))
        moved += window[0].message_ids[0] != since
        since, shown = window[0].message_ids[0], shown + 1
    assert moved <= 2 + shown * 2 / max(1, limit * (1 - KEPT) - 2) or limit < 8


def shared(before: str, after: str) -> float:
    """The part of a prompt that begins as the one before did."""
    same = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    return same / len(after)


@pytest.mark.parametrize(("window", "limit"), [(4000, 500), (16000, 50)])
def test_a_growing_conversation_keeps_most_of_its_prompt(window: int, limit: int) -> None:
    """50 turns once the history no longer fits: in a window of few tokens, and in one of few lines."""
    constant = {"keys": [], "content": "The tide is in. " * 20, "constant": True, "extensions": {"position": 0}}
    own = card(description="{{char}} keeps the lighthouse. " * 40, character_book={"entries": [constant]})
    route = Route(base_url="https://x.example", model="m", context_tokens=window + 300, reply_tokens=300)
    said = [line(n, "word " * 25, own=n % 2 == 0) for n in range(1, 121)]
    standing, before = Standing(), ""
    shares: list[float] = []
    for turn in range(51):
        number = len(said) + 1
        history = steady(tuple(said[-limit:]), standing.since, limit)
        asked = f"message {turn}"
        prompt = prompted(own, *history, said=asked, route=route, standing=standing, message_id=number)
        shares.append(shared(before, whole(prompt)))
        before, standing = whole(prompt), prompt.standing
        said += [line(number, asked), line(number + 1, "word " * 25, own=True)]
    assert sum(shares[1:]) / 50 > 0.9
