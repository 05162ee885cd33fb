"""Which memories a message calls up: a fusion of scores on absolute scales, and a floor under it.

Every signal means the same in a partition of ten rows and of ten thousand: words as a share of the reachable, cosines
as they are, the rest 0 to 1. The weights were fitted on four of five conversations and tested on the fifth; their
second digit does not matter (docs/memory.md has the table, and the command that prints it).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import expm1
from typing import TYPE_CHECKING

import numpy as np

from tzurot.memory.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from tzurot.memory.index import Index
    from tzurot.memory.question import Question
    from tzurot.memory.timeparse import Span

DAY_S = 86400.0
RECENT_S = 30 * DAY_S
WHOLE = 0.25  # how much the whole message counts beside its best sentence
LIGHT = 4.0  # a sentence whose words weigh less than this says little of its own: "hi there"
BY_PRONOUN = 0.5
FULL_LENGTH = 25  # stems
NOT_TOLD = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each signal is worth, and the floors, which are of relevance: of words and meaning alone.

    `floor`: the least that the best memory must reach for anything to be recalled, and `stranger` how much more it
    takes when all of the message is the name of somebody who was never mentioned; `least`: what every other memory
    must reach.
    """

    lexical: float
    dense: float
    speaker: float
    time: float
    first: float
    ends_asking: float
    answers: float
    names: float
    times: float
    length: float
    when: float
    recency: float
    floor: float
    stranger: float
    least: float


STATIC = Weights(
    lexical=12.6,
    dense=7.3,
    speaker=2.25,
    time=4.8,
    first=0.25,
    ends_asking=-0.6,
    answers=0.45,
    names=0.4,
    times=0.4,
    length=0.9,
    when=1.7,
    recency=0.1,
    floor=3.25,
    stranger=5.0,
    least=2.0,
)
MINILM = replace(
    STATIC,
    lexical=12.0,
    dense=9.0,
    first=0.3,
    ends_asking=-0.55,
    answers=0.35,
    names=0.5,
    times=0.5,
    length=0.7,
    floor=3.6,
)


@dataclass(frozen=True, slots=True)
class Signals:
    """What a question finds in every row, before it is weighed.

    `lexical` and `dense` have a line for each sentence of the question, the first of them for the whole message.
    `speaker`, `time`, `recency` and `when` (a time is wanted, and the line tells one) have one value a row, or are
    empty where the question does not tell. `strangers`: how much of the message's weight lies on names that nobody
    ever mentioned, 0 to 1.
    """

    lexical: NDArray[np.float32]
    dense: NDArray[np.float32]
    emphasis: Sequence[float]
    speaker: NDArray[np.float32]
    time: NDArray[np.float32]
    recency: NDArray[np.float32]
    when: NDArray[np.float32]
    strangers: float


def signals(question: Question, index: Index, now: datetime) -> Signals:
    matches = index.match(question.stems)
    # of a few words each: Python is done with them before numpy begins
    weighed = [
        [idf if at in sentence.stems else 0.0 for at, idf in enumerate(matches.idf)] for sentence in question.sentences
    ]
    totals = [sum(row) for row in weighed]
    shares = [[weight / (total or 1.0) for weight in row] for row, total in zip(weighed, totals, strict=True)]
    unheard = [weighed[0][at] for at in question.named if not matches.holders[at]]
    speaker = time = NOT_TOLD
    if question.about is not None:
        speaker = (index.by_character == question.about) * np.float32(1.0 if question.by_name else BY_PRONOUN)
    if question.span is not None:
        time = _in_time(question.span, index)
    return Signals(
        lexical=np.array(shares, np.float32) @ matches.shares,
        dense=np.maximum(index.dense(question.vectors), 0),
        emphasis=[each.weight * -expm1(-total / LIGHT) for each, total in zip(question.sentences, totals, strict=True)],
        speaker=speaker,
        time=time,
        recency=np.exp2(np.minimum((index.said - now.timestamp()).astype(np.float32) / np.float32(RECENT_S), 0)),
        when=((index.traits & Trait.TIMES) != 0).astype(np.float32) if question.when else NOT_TOLD,
        strangers=sum(unheard) / (totals[0] or 1.0),
    )


def _in_time(span: Span, index: Index) -> NDArray[np.float32]:
    """1 for a row said in the time that is asked for or speaking of it, less with the distance."""
    start, end = span.start.timestamp(), span.end.timestamp()
    half = max(DAY_S, (end - start) / 4)
    said = np.maximum(np.maximum(start - index.said, index.said - end), 0)
    about = np.maximum(np.maximum(start - index.about[:, 1], index.about[:, 0] - end), 0)
    return np.exp2(-np.fmin(said, about) / half).astype(np.float32)


def shown(index: Index, since: int = 0) -> dict[str, NDArray[np.float32]]:
    """What every row (from one on) shows of itself, whatever is asked."""
    traits = index.traits[since:]
    # NOBODY, -1, is the 0 at the end
    asked_before = (np.append(index.traits, 0)[index.before[since:]] & Trait.ASKS) != 0
    return {
        "first": ((traits & Trait.FIRST) != 0).astype(np.float32),
        "ends_asking": ((traits & Trait.ENDS_ASKING) != 0).astype(np.float32),
        "answers": asked_before.astype(np.float32),
        "names": ((traits & Trait.NAMES) != 0).astype(np.float32),
        "times": ((traits & Trait.TIMES) != 0).astype(np.float32),
        "length": np.minimum(index.lengths[since:] / FULL_LENGTH, 1).astype(np.float32),
    }


def worth(index: Index, weights: Weights, since: int = 0) -> NDArray[np.float32]:
    """What every row (from one on) is worth by itself, for good: the weighed sum of what it shows."""
    total = np.zeros(len(index) - since, np.float32)
    for name, values in shown(index, since).items():
        total += np.float32(getattr(weights, name)) * values
    return total


def relevance(found: Signals, weights: Weights) -> NDArray[np.float32]:
    """Words and meaning: the best sentence of the message, and a little of the whole."""
    scores = np.float32(weights.lexical) * found.lexical + np.float32(weights.dense) * found.dense
    if len(scores) == 1:
        return scores[0]
    emphasis = np.array(found.emphasis[1:], np.float32)
    best = (scores[1:] * (emphasis / (emphasis.max() or 1.0))[:, None]).max(axis=0)
    return (best + np.float32(WHOLE) * scores[0]) / np.float32(1 + WHOLE)


def parts(
    found: Signals, relevant: NDArray[np.float32], own: NDArray[np.float32], weights: Weights
) -> dict[str, NDArray[np.float32]]:
    """All that speaks for a row; the sum of them is its score."""
    weighed = {
        "relevance": relevant,
        "line": own,
        "speaker": np.float32(weights.speaker) * found.speaker,
        "time": np.float32(weights.time) * found.time,
        "when": np.float32(weights.when) * found.when,
        "recency": np.float32(weights.recency) * found.recency,
    }
    return {name: values for name, values in weighed.items() if len(values)}


def enough(best: float, found: Signals, weights: Weights) -> bool:
    """Whether the most relevant memory is relevant enough for anything to be recalled."""
    return best >= weights.floor + weights.stranger * found.strangers


def best(scores: NDArray[np.float32], limit: int) -> list[int]:
    """The rows of the best `limit`, best first."""
    rows = np.argpartition(scores, -limit)[-limit:] if limit < len(scores) else np.arange(len(scores))
    rows = rows[np.isfinite(scores[rows])]
    return rows[np.argsort(-scores[rows], kind="stable")].tolist()
