"""A text as the messages that are posted."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import regex

_FENCE = re.compile(r"^[ \t]*(`{3,})([^`\n]*)$", re.MULTILINE)
_LANGUAGE_AT_MOST = 24  # characters; what is longer names no language
_LINE_BREAK = re.compile(r"(?<!\s)\s*\n")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]*_~|]*(\s+)|[。！？]+[」』）”’]*()")
_SPACE = re.compile(r"(?<!\s)\s+")
_SIGN = regex.compile(r"\X")
_WHOLE = re.compile(
    r"""
      <(?:@[!&]?|\#)\d+>                        # somebody or somewhere
    | <a?:\w+:\d+>                              # custom emoji
    | <t:-?\d+(?::\w)?>                         # time mark
    | </[^<>\n:]{1,100}+:\d+>                   # command mention, with spaces
    | <id:\w+>                                  # a place of the server's guide
    | \[[^\[\]\n]*+\]\([^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+\)  # markdown link
    | <?https?://\S++
    | (?<![^\s`])[^\s`]++[ \t]++`{3,}          # backticks in a sentence: at the head of a chunk they open code
    """,
    re.VERBOSE,
)


def split(text: str, limit: int = 2000) -> tuple[str, ...]:
    """The messages of a text, each at most `limit` UTF-16 units; none for a blank text.

    Nothing is lost but white space at the borders, nothing is added but fences: a code block longer than a
    message is closed at its border and opened again with its language.
    """
    text = text.strip()
    if _length(text) <= limit:
        return (text,) if text else ()
    return tuple(_Splitter(text, limit).chunks())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A fenced code block: from its opening line to its closing one, the code between them."""

    start: int
    code: int
    code_end: int
    end: int
    run: str
    language: str

    @property
    def opening(self) -> str:
        return f"{self.run}{self.language}\n"

    @property
    def closing(self) -> str:
        return f"\n{self.run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Borders:
    """Where units of one size may part: each place where one ends, and where the next begins."""

    ends: list[int]
    starts: list[int]

    def around(self, start: int, reach: int, stop: int) -> tuple[int, int, int]:
        """Of the unit that goes beyond `reach`: where the one before it ends, where it starts and ends."""
        index = bisect_right(self.ends, reach) - 1
        before, unit = start, start
        if index >= 0 and self.starts[index] > start:
            before, unit = self.ends[index], self.starts[index]
        following = bisect_right(self.starts, unit)
        if following < len(self.ends) and self.ends[following] < stop:
            return before, unit, self.ends[following]
        return before, unit, stop


class _Splitter:
    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._units = list(accumulate((1 + (sign > "\uffff") for sign in text), initial=0))
        self._blocks = [block for block in _blocks(text) if 2 * _overhead(block) < limit]
        self._block_starts = [block.start for block in self._blocks]
        self._levels = self._all_levels()

    def chunks(self) -> list[str]:
        chunks: list[str] = []
        start = 0
        while start < len(self._text):
            block = self._block_at(start)
            opening = block.opening if block else ""
            room = self._limit - _length(opening)
            end, following = self._cut(start, room)
            closing = self._closing_at(following)
            if closing:
                end, following = self._cut(start, room - len(closing))
                closing = self._closing_at(following)
            piece = self._text[start:end].rstrip()
            piece = piece.lstrip("\n") if block else piece.strip()
            if piece:
                chunks.append(f"{opening}{piece}{closing}")
            start = following
        return chunks

    def _block_at(self, position: int) -> _Block | None:
        """The block whose code would go on at this position."""
        index = bisect_right(self._block_starts, position) - 1
        if index >= 0 and self._blocks[index].code <= position < self._blocks[index].code_end:
            return self._blocks[index]
        return None

    def _closing_at(self, position: int) -> str:
        """What closes the block that a chunk ends in, also the one that the text itself leaves open."""
        block = self._block_at(min(position, len(self._text) - 1))
        return block.closing if block else ""

    def _room_at(self, position: int) -> int:
        block = self._block_at(position)
        return self._limit - (_overhead(block) if block else 0)

    def _size(self, start: int, end: int) -> int:
        return self._units[end] - self._units[start]

    def _cut(self, start: int, room: int) -> tuple[int, int]:
        """Where the chunk that begins at `start` ends, and where the next one begins.

        Of the units that go beyond the room, from paragraphs down to signs, the first that fits a message of
        its own begins the next chunk.
        """
        if self._size(start, len(self._text)) <= room:
            return len(self._text), len(self._text)
        reach = bisect_right(self._units, self._units[start] + room) - 1
        unit, unit_end = start, len(self._text)
        end = start
        for borders in self._levels:
            before, inner, unit_end = borders.around(unit, reach, unit_end)
            if inner > unit:
                end, unit = before, inner
            if unit > start and self._size(unit, unit_end) <= self._room_at(unit):
                return end, unit
        reach = max(reach, start + 1)
        return reach, reach

    def _all_levels(self) -> tuple[_Borders, ...]:
        text = self._text
        lines = [match.span() for match in _LINE_BREAK.finditer(text)]
        paragraphs = [span for span in lines if text.count("\n", *span) > 1]
        outside = [span for span in paragraphs if self._block_at(span[1]) is None and self._block_at(span[0]) is None]
        block_edges = [
            span
            for span in lines
            if any(span[1] == block.start or span[0] <= block.end <= span[1] for block in self._near(span))
        ]
        whole = [span for span in (m.span() for m in _WHOLE.finditer(text)) if self._size(*span) <= self._limit]
        sentences = [match.span(1 if match[1] else 2) for match in _SENTENCE_END.finditer(text)]
        words = [match.span() for match in _SPACE.finditer(text)]
        signs = [(match.end(), match.end()) for match in _SIGN.finditer(text)]
        tokens = [(edge, edge) for span in whole for edge in span]
        return tuple(
            self._borders(spans, whole) for spans in (outside + block_edges, lines, sentences, words, tokens, signs)
        )

    def _near(self, span: tuple[int, int]) -> list[_Block]:
        index = bisect_right(self._block_starts, span[1]) - 1
        return self._blocks[max(0, index - 1) : index + 1]

    def _borders(self, spans: list[tuple[int, int]], whole: list[tuple[int, int]]) -> _Borders:
        """The borders that part nothing which belongs together: a mark, or a fence and the line beside it."""
        whole_starts = [start for start, _ in whole]
        kept: list[tuple[int, int]] = []
        for end, start in sorted(set(spans)):
            index = bisect_right(whole_starts, end) - 1
            inside = index >= 0 and whole[index][0] < start and end < whole[index][1]
            at_fence = any(
                block.start < start <= block.code or block.code_end < start < block.end
                for block in self._near((end, start))
            )
            if not inside and not at_fence and 0 < end < len(self._text):
                kept.append((end, start))
        return _Borders(ends=[end for end, _ in kept], starts=[start for _, start in kept])


def _blocks(text: str) -> list[_Block]:
    """The code blocks; one that is never closed goes to the end."""
    blocks: list[_Block] = []
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif len(fence[1]) >= len(opening[1]) and not fence[2].strip():
            blocks.append(_block(opening, fence.start(), fence.end()))
            opening = None
    if opening is not None and opening.end() < len(text):
        blocks.append(_block(opening, len(text) + 1, len(text)))
    return blocks


def _block(opening: re.Match[str], closing: int, end: int) -> _Block:
    language = (opening[2].split() or [""])[0]
    if len(language) > _LANGUAGE_AT_MOST:
        language = ""
    return _Block(
        start=opening.start(),
        code=opening.end() + 1,
        code_end=max(closing - 1, opening.end()),  # the line break before the closing line is its own
        end=end,
        run=opening[1],
        language=language,
    )


def _overhead(block: _Block) -> int:
    return _length(block.opening) + len(block.closing)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
