"""What the flight recorder kept of a turn, as people read it: the facts in lines, the prompt as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tzurot.tables.turns import reference_of
from tzurot.ui.screen import File, Screen

if TYPE_CHECKING:
    from tzurot.tables.flights import FlightRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightScreen:
    title: str
    facts: tuple[tuple[str, str], ...]
    prompt: str


def flight_screen(flight: FlightRecord) -> FlightScreen:
    record = flight.record
    steps: list[tuple[str, float]] = record["steps_ms"]
    attempts: list[dict[str, Any]] = record["attempts"]
    facts = {
        "Reference": reference_of(flight.turn_id),
        "When": f"{flight.flown_at:%Y-%m-%d %H:%M:%S} UTC, because of: {record['reason']}",
        "Model": f"{flight.model} at {record['host']}" if flight.model else "none was asked",
        "Time": ", ".join(f"{name} {took:g} ms" for name, took in steps),
        "Attempts": ", ".join(f"{a['outcome']} after {a['took_ms']:g} ms" for a in attempts),
        "Prompt": f"about {record['tokens']} of {record['limit']} tokens, {record['history']} lines of history, "
        f"{len(record['memories'])} memories, {record['quotes']} quotes",
        "Counted": _counted(flight),
        "Left out": "; ".join(record["cuts"]) or "nothing",
        "Not readable": "; ".join(record["unread"]),
        "Files": "\n".join(f"{one['name']}: {one['became']}" for one in record.get("files", ())),
        "Memories": "\n".join(f"{m['score']:g} {m['speaker']}: {m['text'][:120]}" for m in record["memories"]),
        "Lore": "\n".join(f"{entry['title']}: {entry['why']}" for entry in record.get("lore", ())),
        "Thoughts": record["reasoning"],
        "Ended": record["finish"],
        "Error": f"{record['error']['code']}: {record['error']['sentence']}" if record["error"] else "",
    }
    prompt = "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in record["prompt"])
    return FlightScreen(
        title=f"{flight.character_name}'s last turn",
        facts=tuple((label, value) for label, value in facts.items() if value),
        prompt=prompt,
    )


def inspected(flight: FlightRecord) -> Screen:
    """The facts, with the prompt as a file."""
    shown = flight_screen(flight)
    prompt = File(name="prompt.txt", content=shown.prompt.encode())
    return Screen(title=shown.title, fields=shown.facts, files=(prompt,) if shown.prompt else ())


def _counted(flight: FlightRecord) -> str:
    """What the server itself reported, and its price."""
    if not flight.prompt_tokens:
        return ""
    cost = f", ${flight.cost_usd:.6f}" if flight.cost_usd is not None else ""
    return f"{flight.prompt_tokens} prompt tokens ({flight.cached_tokens} cached), {flight.reply_tokens} reply{cost}"
