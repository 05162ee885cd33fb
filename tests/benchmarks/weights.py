"""`python -m tests.benchmarks.weights --data DIR`: weights fitted on all conversations but one, tested on that one.

The table's first line is the recipe; each line after it leaves one signal out and fits the rest anew. The fit is a
listwise softmax (Newton's method): the evidence of a question against the best 150 rows of its conversation.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from loguru import logger

from tests.benchmarks.conversations import apart, read_all
from tests.benchmarks.locomo import DEPTHS, Bench, as_asked, averages, bench, chatty, line, nameless
from tzurot.memory.question import Cue
from tzurot.memory.rank import MINILM, STATIC, Signals, Weights, parts, relevance, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.conversations import Conversation

# all but the floors: of the message, of the question's kind, of the line itself
SIGNALS = ("lexical dense speaker time when first ends_asking answers names times length").split()
CANDIDATES = 150
SMOOTHING = 1e-4
STEPS = 15


@dataclass(frozen=True, slots=True)
class Sample:
    """One question: every signal of every row (rows, signals), and the rows that answer it."""

    found: Signals
    shown: dict[str, np.ndarray]
    matrix: np.ndarray
    evidence: np.ndarray


async def samples(measured: Bench, phrase: Callable[[Conversation, str], str]) -> list[list[Sample]]:
    """Per conversation, its questions as the product sees them."""
    made: list[list[Sample]] = []
    for told in measured.told:
        partition = await measured.memories.partition(*told.ids)
        made.append([])
        for asked in told.conversation.questions:
            text = phrase(told.conversation, asked.text)
            found = partition.score(Cue(text=text, now=told.conversation.now)).found
            nothing = np.zeros(len(partition), np.float32)
            beside = [values if len(values) else nothing for values in (found.speaker, found.time, found.when)]
            columns = [found.lexical[0], found.dense[0], *beside, *shown(partition.index).values()]
            evidence = np.array(sorted(asked.evidence)) - 1  # turns are numbered from one, rows from zero
            made[-1].append(Sample(found, shown(partition.index), np.stack(columns, axis=1).astype(float), evidence))
    return made


def fitted(given: Sequence[Sample], without: Sequence[str] = ()) -> Weights:
    """The weights under which the evidence is likeliest to be picked."""
    kept = [at for at, name in enumerate(SIGNALS) if name not in without]
    start = np.array([getattr(STATIC, name) for name in SIGNALS])
    cut = [_candidates(sample, start, kept) for sample in given]
    weights = np.zeros(len(kept))
    for _ in range(STEPS):
        slope = SMOOTHING * len(cut) * weights
        curve = SMOOTHING * len(cut) * np.eye(len(kept))
        for matrix, evidence in cut:
            scores = matrix @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            mean = likely @ matrix
            slope += mean - matrix[evidence].mean(axis=0)
            curve += (matrix * likely[:, None]).T @ matrix - np.outer(mean, mean)
        step = np.linalg.solve(curve, slope)
        weights -= step * min(1.0, 8 / float(np.abs(step).max()))
    values = dict.fromkeys(SIGNALS, 0.0) | {SIGNALS[at]: float(value) for at, value in zip(kept, weights, strict=True)}
    return replace(STATIC, **values)


def _candidates(sample: Sample, start: np.ndarray, kept: list[int]) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-(sample.matrix @ start), kind="stable")[:CANDIDATES]
    rows = np.union1d(order, sample.evidence)
    return sample.matrix[rows][:, kept], np.searchsorted(rows, sample.evidence)


def recalls(given: Sequence[Sample], weights: Weights) -> list[list[float]]:
    found: list[list[float]] = []
    for sample in given:
        own = sum(getattr(weights, name) * values for name, values in sample.shown.items())
        scores = sum(parts(sample.found, relevance(sample.found, weights), own, weights).values())
        places = np.empty(len(scores), int)
        places[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
        found.append([float(np.mean(places[sample.evidence] < depth)) for depth in DEPTHS])
    return found


def left_out(
    asked: Sequence[Sequence[Sample]], tested: Sequence[Sequence[Sample]], without: Sequence[str] = ()
) -> tuple[list[list[float]], list[Weights]]:
    """Every conversation's recall under weights fitted on the others."""
    rows: list[list[float]] = []
    folds: list[Weights] = []
    for at, own in enumerate(tested):
        others = [sample for other, given in enumerate(asked) if other != at for sample in given]
        folds.append(fitted(others, without))
        rows += recalls(own, folds[-1])
    return rows, folds


def whole(sample: Sample) -> Sample:
    """The message as one text."""
    found = replace(sample.found, lexical=sample.found.lexical[:1], dense=sample.found.dense[:1])
    return replace(sample, found=found)


def show(label: str, rows: list[list[float]]) -> None:
    print(line(label, averages(rows), len(rows)))


async def main() -> int:
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the conversations")
    parser.add_argument("--encoder", choices=("static", "minilm"), default="static")
    given = parser.parse_args()
    conversations = read_all(given.data)
    async with bench(conversations, given.encoder) as measured:
        asked, stripped = await samples(measured, as_asked), await samples(measured, nameless)
        chat = await samples(measured, chatty(conversations, random.Random(5)))
    async with bench([apart(one) for one in conversations], given.encoder) as measured:
        alone = await samples(measured, as_asked)
    print(f"{'each conversation by the others':34}" + "".join(f"{depth:9}" for depth in DEPTHS) + "       n")
    rows, folds = left_out(asked, asked)
    show("all signals", rows)
    for name in SIGNALS:
        show(f"without {name}", left_out(asked, asked, (name,))[0])
    show("every line alone, no neighbours", left_out(alone, alone)[0])
    show("names stripped", left_out(asked, stripped)[0])
    show("and an unrelated turn before it", left_out(asked, chat)[0])
    show("  as one text, not by sentences", left_out(asked, [[whole(one) for one in given] for given in chat])[0])
    print("\nfitted on all, and the least and greatest of the folds:")
    everything = fitted([sample for each in asked for sample in each])
    for name in SIGNALS:
        values = [getattr(fold, name) for fold in folds]
        print(f"{name:14}{getattr(everything, name):8.2f}{min(values):8.2f}{max(values):8.2f}")
    shipped = [row for each in asked for row in recalls(each, MINILM if given.encoder == "minilm" else STATIC)]
    show("as shipped", shipped)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
