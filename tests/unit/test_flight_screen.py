"""What the flight recorder kept, as people read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tzurot.tables.flights import FlightRecord
from tzurot.ui.flight import flight_screen


def flight(record: dict[str, Any], **given: Any) -> FlightRecord:
    usual: dict[str, Any] = {
        "turn_id": 32,
        "character_name": "Maren",
        "model": "m/1",
        "prompt_tokens": 1200,
        "cached_tokens": 1000,
        "reply_tokens": 30,
        "cost_usd": 0.000125,
        "flown_at": datetime(2026, 3, 4, 21, 5, 9, tzinfo=UTC),
    }
    return FlightRecord(**{**usual, **given}, record=record)


RECORD: dict[str, Any] = {
    "reason": "mention",
    "steps_ms": [["fetch", 1.5], ["model", 900]],
    "attempts": [{"outcome": "llm.busy", "took_ms": 12}, {"outcome": "ok", "took_ms": 880.5}],
    "history": 7,
    "memories": [{"score": 3.25, "speaker": "Ida", "text": "I sail. " * 40}],
    "quotes": 1,
    "unread": ["A picture."],
    "prompt": [{"role": "system", "content": "Be Maren."}, {"role": "user", "content": "Ida: Hi."}],
    "tokens": 1234,
    "limit": 15584,
    "cuts": ["2 example dialogues (60 tokens) left out"],
    "host": "models.example",
    "finish": "stop",
    "reasoning": "hm",
    "error": None,
}


def test_a_flight_is_told_in_facts() -> None:
    screen = flight_screen(flight(RECORD))
    facts = dict(screen.facts)
    assert screen.title == "Maren's last turn"
    assert screen.prompt == "[system]\nBe Maren.\n\n[user]\nIda: Hi."
    assert facts["Reference"] == "0010"
    assert facts["When"] == "2026-03-04 21:05:09 UTC, because of: mention"
    assert facts["Model"] == "m/1 at models.example"
    assert facts["Time"] == "fetch 1.5 ms, model 900 ms"
    assert facts["Attempts"] == "llm.busy after 12 ms, ok after 880.5 ms"
    assert facts["Prompt"] == "about 1234 of 15584 tokens, 7 lines of history, 1 memories, 1 quotes"
    assert facts["Counted"] == "1200 prompt tokens (1000 cached), 30 reply, $0.000125"
    assert facts["Left out"] == "2 example dialogues (60 tokens) left out"
    assert (facts["Not readable"], facts["Thoughts"], facts["Ended"]) == ("A picture.", "hm", "stop")
    assert facts["Memories"].startswith("3.25 Ida: I sail.")
    assert len(facts["Memories"]) < 140
    assert "Error" not in facts


def test_a_flight_that_never_took_off_says_why() -> None:
    empty = {"attempts": [], "memories": [], "unread": [], "prompt": [], "cuts": [], "reasoning": "", "finish": ""}
    error = {"code": "llm.key", "sentence": "The key is not accepted."}
    screen = flight_screen(flight({**RECORD, **empty, "error": error}, model="", prompt_tokens=0, cost_usd=None))
    facts = dict(screen.facts)
    assert facts["Model"] == "none was asked"
    assert facts["Error"] == "llm.key: The key is not accepted."
    assert facts["Left out"] == "nothing"
    assert not {"Attempts", "Counted", "Memories", "Thoughts", "Ended"} & set(facts)
    assert screen.prompt == ""
