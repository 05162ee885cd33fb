"""The conversations of the public benchmark LoCoMo, told to the product as its own: a persona talks with a character.

One conversation is one partition; a turn is `text [photo: caption]` by its speaker, half a minute after the one before.
Only the shape of the data is known here: the files themselves are never part of the project (CC BY-NC).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tzurot.memory.partition import Episode
from tzurot.memory.store import Memory
from tzurot.talk import Speaker

if TYPE_CHECKING:
    from pathlib import Path

    from tzurot.database.connect import Database
    from tzurot.memory.store import Memories
    from tzurot.tables.people import People

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
BETWEEN_TURNS = timedelta(seconds=30)
NAMES_AND_POSSESSIVE = r"(?:'s|’s)?(?!\w)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, the turns that hold its answer, and its category."""

    text: str
    evidence: frozenset[int]
    category: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`turns` in order; a turn's number is its `origin_id`."""

    name: str
    speakers: tuple[str, str]
    turns: tuple[Episode, ...]
    questions: tuple[Asked, ...]

    @property
    def now(self) -> datetime:
        """When its questions are asked: the day after the last turn."""
        return self.turns[-1].said_at + timedelta(days=1)

    def nameless(self, question: str) -> str:
        """The question without the names of the two who talk."""
        for speaker in self.speakers:
            question = re.sub(rf"\b{re.escape(speaker)}{NAMES_AND_POSSESSIVE}", " ", question)
        return " ".join(question.split())


def read(path: Path) -> Conversation:
    told = json.loads(path.read_text(encoding="utf-8"))
    numbers: dict[str, int] = {}
    turns: list[Episode] = []
    speakers = (told["speaker_a"], told["speaker_b"])
    for session in sorted(int(key[8:]) for key in told if re.fullmatch(r"session_\d+", key)):
        said_at = datetime.strptime(told[f"session_{session}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for turn in told[f"session_{session}"]:
            numbers[turn["dia_id"]] = len(turns) + 1
            caption = f" [photo: {turn['blip_caption']}]" if turn.get("blip_caption") else ""
            turns.append(
                Episode(
                    place=f"locomo:{path.stem}",
                    origin_id=len(turns) + 1,
                    by_character=turn["speaker"] == speakers[1],
                    speaker=turn["speaker"],
                    text=turn["text"] + caption,
                    said_at=said_at,
                )
            )
            said_at += BETWEEN_TURNS
    questions = (Asked(text=q["question"], evidence=_evidence(q, numbers), category=q["category"]) for q in told["qa"])
    return Conversation(
        name=path.stem,
        speakers=speakers,
        turns=tuple(turns),
        questions=tuple(asked for asked in questions if asked.category in CATEGORIES and asked.evidence),
    )


def _evidence(question: dict[str, Any], numbers: dict[str, int]) -> frozenset[int]:
    """The turns named as evidence; a few are written as "D8:6; D9:17" or "D30:05", and some do not exist."""
    named = re.findall(r"D(\d+):(\d+)", " ".join(question.get("evidence", [])))
    ids = (f"D{int(session)}:{int(turn)}" for session, turn in named)
    return frozenset(numbers[turn] for turn in ids if turn in numbers)


def read_all(folder: Path) -> tuple[Conversation, ...]:
    return tuple(read(path) for path in sorted(folder.glob("*.json")))


def apart(conversation: Conversation) -> Conversation:
    """The same with every turn in a place of its own: no line has neighbours."""
    turns = (replace(turn, place=f"{turn.place}:{turn.origin_id}") for turn in conversation.turns)
    return replace(conversation, turns=tuple(turns))


async def tell(
    conversation: Conversation, database: Database, people: People, memories: Memories, character_id: int
) -> tuple[int, int]:
    """Write the conversation as the product writes what it remembers; whose it is."""
    person = await people.meet(
        Speaker(front="terminal", external_id=f"locomo-{conversation.name}", name=conversation.speakers[0])
    )
    ids = {"persona_id": person.persona_id, "character_id": character_id}
    async with database.transaction() as connection:
        await memories.write(connection, [Memory(**ids, episode=turn) for turn in conversation.turns])
    return person.persona_id, character_id
