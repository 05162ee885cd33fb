"""Whether an answer is worth saying: has it just been said, and is it an answer at all."""

from __future__ import annotations

import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

import regex

from tzurot.memory.words import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.pipeline.turn import Completion, Reply, Scene

# Shorter replies may come again: people say "Thank you!" more than once.
REPEATABLE_BELOW = 30
# Share of the signs that must agree. One word in eight may differ; two replies on one topic stay below .75.
SAME_FROM = 85

RECENT = 5
SHARED = 0.6  # of the different words; where one in eight may differ it is more
LONG_WORDS = 12  # letters; scripts without spaces have no shorter ones

RETRY_FROM = 50
SHORT_BELOW = 20
SLOW_ABOVE_MS_PER_TOKEN = 10_000
_NATURAL_ENDS = frozenset({"stop", "end_turn", "stop_sequence", "eos", "eos_token"})

_UNHEARD = regex.compile(r"[\p{Default_Ignorable_Code_Point}'‘’ʼ]")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")


def is_poor(scene: Scene, completion: Completion, reply: Reply) -> bool:
    """Whether a reply repeats one of the character's last ones, or is hardly one."""
    own_id, words = scene.turn.character.id, set(words_of(reply.text))
    own = islice((line.text for line in reversed(scene.history) if line.character_id == own_id), RECENT)
    alike = [text for text in own if _share_words(words, text)][::-1]
    if alike and same_as_before(reply.text, alike) is not None:
        return True
    return worth_retry(
        reply.text, finish_reason=completion.finish, completion_tokens=completion.usage.reply_tokens or None
    )


def _share_words(words: set[str], text: str) -> bool:
    """Whether it is worth a closer look: many words are the same, or are too long to be told apart by spaces."""
    others = set(words_of(text))
    most = max(len(words), len(others))
    return len(words & others) >= SHARED * most or len(text.split()) * LONG_WORDS < len(text)


def same_as_before(new: str, previous: Sequence[str]) -> int | None:
    """The place of the earlier reply that the new one repeats: the likest, of equals the latest."""
    if len(new.strip()) < REPEATABLE_BELOW:
        return None
    from rapidfuzz import fuzz  # noqa: PLC0415 - 3 MB, when two replies look alike

    heard = _heard(new)
    best, best_score = None, float(SAME_FROM)
    for index, earlier in enumerate(map(_heard, previous)):
        score = fuzz.ratio(heard, earlier, score_cutoff=best_score) if heard and earlier else 0.0
        if score >= best_score:
            best, best_score = index, score
    return best


def _heard(text: str) -> str:
    """The words alone, of any script: case, marks, spacing, emoji and zero-width signs make no reply new."""
    folded = unicodedata.normalize("NFKC", _UNHEARD.sub("", text)).casefold()
    return " ".join(_WORD.findall(folded))


def inadequacy(
    text: str,
    *,
    finish_reason: str | None = None,
    completion_tokens: int | None = None,
    ms: float | None = None,
    stop_sequence_hit: bool = False,
) -> int:
    """How much speaks against an answer, in hundredths; a figure that is missing says nothing.

    The weights are those that the system before this one found in production.
    """
    said = text.strip()
    finish = (finish_reason or "").lower()
    points = {"unknown": 40, "error": 50}.get(finish, 0)
    if completion_tokens is not None:
        few_tokens, handful_of_tokens = 1, 5
        points += 30 if completion_tokens <= few_tokens else 15 if completion_tokens <= handful_of_tokens else 0
        if ms is not None and completion_tokens > 0 and ms / completion_tokens > SLOW_ABOVE_MS_PER_TOKEN:
            points += 20
    # A model that stops by itself after one word means that word.
    if len(said) < SHORT_BELOW and not stop_sequence_hit and finish not in _NATURAL_ENDS:
        points += 20
    scrap = 2
    return points + (30 if not said else 15 if len(said) <= scrap else 0)


def worth_retry(
    text: str,
    *,
    finish_reason: str | None = None,
    completion_tokens: int | None = None,
    ms: float | None = None,
    stop_sequence_hit: bool = False,
    attempt: int = 1,
) -> bool:
    """Whether to ask again: once at most, and always when nothing was said."""
    if attempt > 1:
        return False
    score = inadequacy(
        text,
        finish_reason=finish_reason,
        completion_tokens=completion_tokens,
        ms=ms,
        stop_sequence_hit=stop_sequence_hit,
    )
    return not text.strip() or score >= RETRY_FROM
