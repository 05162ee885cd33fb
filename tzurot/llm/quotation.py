"""Which parts of a text are code: what stands there is quoted, not said."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RUN = re.compile(r"`+")
_FENCE_OPENS = re.compile(r"^[ \t]*(`{3,})[^`\n]*$", re.MULTILINE)
_FENCE_CLOSES = re.compile(r"^[ \t]*(`{3,})[ \t]*$", re.MULTILINE)
_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n")
_FENCE_LENGTH = 3


class Quotation:
    """Inline code and closed fences of one text.

    A fence ends at the next closing fence line; any other run of backticks ends at the next run of its own
    length, for short runs within the paragraph (CommonMark). A run without a partner quotes nothing, which is
    how Discord draws it.
    """

    def __init__(self, text: str) -> None:
        self._runs = [run.span() for run in _RUN.finditer(text)]
        self._partners = _partners(text, self._runs)

    def spans(self, since: int = 0) -> Iterator[tuple[int, int]]:
        """Start and end of every quoted stretch, the backticks included, as they pair from `since` on."""
        index = bisect_left(self._runs, (since, since))
        while index < len(self._runs):
            partner = self._partners[index]
            if partner is None:
                index += 1
            else:
                yield self._runs[index][0], self._runs[partner][1]
                index = partner + 1

    def unquoted(
        self, matches: Iterable[re.Match[str]], *, since: int = 0, only_fences: bool = False
    ) -> Iterator[re.Match[str]]:
        """Those matches, given in order, that do not begin inside code."""
        spans = (span for span in self.spans(since) if not only_fences or self._is_fence(span[0]))
        span = next(spans, None)
        for match in matches:
            while span is not None and span[1] <= match.start():
                span = next(spans, None)
            if span is None or match.start() < span[0]:
                yield match

    def open_fence(self, since: int = 0) -> int | None:
        """Where a fence begins that nothing has closed yet."""
        quoted_until = since
        spans = dict(self.spans(since))
        for start, end in self._runs[bisect_left(self._runs, (since, since)) :]:
            if start >= quoted_until and start not in spans and end - start >= _FENCE_LENGTH:
                return start
            quoted_until = max(quoted_until, spans.get(start, 0))
        return None

    def _is_fence(self, start: int) -> bool:
        run = self._runs[bisect_left(self._runs, (start, start))]
        return run[1] - run[0] >= _FENCE_LENGTH


def _partners(text: str, runs: list[tuple[int, int]]) -> list[int | None]:
    if not runs:
        return []
    opening = {match.start(1) for match in _FENCE_OPENS.finditer(text)}
    closing = {match.start(1) for match in _FENCE_CLOSES.finditer(text)}
    breaks = [match.start() for match in _PARAGRAPH_BREAK.finditer(text)]
    nearest: dict[int, int] = {}
    nearest_closing: dict[int, int] = {}
    partners: list[int | None] = [None] * len(runs)
    for index in range(len(runs) - 1, -1, -1):
        start, end = runs[index]
        length = end - start
        partner = None
        if start in opening:
            partner = min((i for size, i in nearest_closing.items() if size >= length), default=None)
        if partner is None:
            partner = nearest.get(length)
            if partner is not None and length < _FENCE_LENGTH:
                same_paragraph = bisect_left(breaks, start) == bisect_left(breaks, runs[partner][0])
                partner = partner if same_paragraph else None
        partners[index] = partner
        nearest[length] = index
        if start in closing:
            nearest_closing[length] = index
    return partners
