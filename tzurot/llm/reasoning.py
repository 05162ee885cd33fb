"""What of a model's answer is speech and what is thought.

The tag formats are those that models really write; every rule here has a case in the conformance tables.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tzurot.llm.quotation import Quotation

if TYPE_CHECKING:
    from collections.abc import Iterable

STUTTER_AT_MOST = 20  # characters: the end of a word that merged models repeat before a closing tag

_NAME = (
    r"(?:[^\W\d][\w.-]*:)?"
    r"(?:think|thinking|ant_thinking|reasoning|thought|reflection|scratchpad|character_analysis|understanding)"
)
_ATTRIBUTES = r"""(?:\s++[\w:.-]++\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>]++))*+\s*+"""
_TAG = re.compile(
    rf"""
      (?P<close> <\s*+/\s*+{_NAME}\s*+> | \[/THINK\] | ◁/think▷ | <\|END_THINKING\|> | <\|end_of_thought\|> )
    | (?P<open> <\s*+{_NAME}{_ATTRIBUTES}> | \[THINK\] | ◁think▷ | <\|START_THINKING\|>
        | <\|begin_of_thought\|> )
    | (?P<mark> <\s*+{_NAME}{_ATTRIBUTES}/> | <\|(?:START|END)_(?:RESPONSE|TEXT)\|>
        | <\|(?:begin|end)_of_solution\|> )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# gpt-oss. Some servers drop the special tokens, so that only the words between them remain.
_HARMONY = re.compile(r"<\|(start|channel|message|constrain|end|return|call)\|>")
_HARMONY_WORDS = re.compile(r"assistant(analysis|commentary|final)")
HARMONY_WORDS_HEAD = re.compile(r"\s*(?:assistant)?(?:analysis|commentary)|\s*assistantfinal")
# GLM 4.7 opens with an analysis, sometimes after naming who speaks.
_ANALYSIS = re.compile(r"\s*(?:<(user|character)>[^<]*</\1>\s*)*<analysis>(.*?)</analysis>", re.DOTALL | re.IGNORECASE)
_BACKTICKS = re.compile(r"`+")
_STRAY_MARK = re.compile(r"\s*[,;:.](?![.…])\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """An answer taken apart; either side may be empty."""

    visible: str
    thoughts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    text: str
    is_thought: bool = False
    is_orphaned: bool = False  # a closing tag follows that nothing opened
    is_settled: bool = False  # a block was closed before: the model has begun to speak


def separate(content: str, reasoning: str | None = None, details: object = None) -> Spoken:
    """Speech and thoughts of one answer.

    `reasoning` and `details` are the provider's own fields (`reasoning_details` is OpenRouter's list). They
    are thoughts, come first, and never become speech, however little was said.
    """
    visible, channelled = _channels(content)
    visible, tagged = _blocks(visible)
    analysis = _ANALYSIS.match(visible)
    if analysis:
        tagged.insert(0, analysis[2])
        visible = visible[analysis.end() :]
    field = reasoning or ""
    detailed = [text for text in _detail_texts(details) if text not in field]
    thoughts = (_TAG.sub(" ", thought).strip() for thought in (field, *detailed, *channelled, *tagged))
    return Spoken(visible=visible.strip(), thoughts="\n\n".join(filter(None, thoughts)))


def speech_begins(content: str) -> int | None:
    """Where the text after the leading blocks begins; None while one of them is not surely closed."""
    tags = list(_TAG.finditer(content))
    closed_by = _balanced(tags, _wrapped(content, tags))
    position = index = 0
    while index < len(tags) and not content[position : tags[index].start()].strip():
        if tags[index].lastgroup != "open":
            break
        if index not in closed_by:
            return None
        index = closed_by[index]
        position = tags[index].end()
        index += 1
    return position


def _detail_texts(details: object) -> Iterable[str]:
    """What can be read of OpenRouter's `reasoning_details`; encrypted and broken ones cannot."""
    if not isinstance(details, Sequence):
        return
    for detail in cast("Sequence[object]", details):
        if not isinstance(detail, Mapping):
            continue
        fields = cast("Mapping[str, object]", detail)
        text = fields.get("text") or fields.get("summary")
        if fields.get("type") != "reasoning.encrypted" and isinstance(text, str) and text.strip():
            yield text


def _channels(content: str) -> tuple[str, list[str]]:
    """Takes gpt-oss' channels apart; only the final one is speech."""
    if HARMONY_WORDS_HEAD.match(content) and "assistantfinal" in content:
        before, visible = content.split("assistantfinal", 1)
        before = before.strip().removeprefix("assistant")
        return visible, _HARMONY_WORDS.sub("\n", re.sub(r"\A(?:analysis|commentary)", "", before)).split("\n")
    tokens = list(Quotation(content).unquoted(_HARMONY.finditer(content)))
    if not any(token[1] in {"channel", "message"} for token in tokens):
        return content[: _end_before(content, tokens)], []
    bodies: list[tuple[str, str]] = []
    state, channel, position = "plain", "", 0
    for token in (*tokens, None):
        text = content[position : token.start() if token else len(content)]
        if state == "channel":
            channel = (text.split() or [""])[0].lower()
        elif state == "message":
            bodies.append((channel or "final", text))
            channel = ""
        elif state in {"plain", "end", "return"} and text.strip() != "assistant":
            bodies.append(("plain", text))
        if token:
            state, position = token[1], token.end()
    spoken = "final" if any(channel == "final" for channel, _ in bodies) else "plain"
    visible = "\n\n".join(text.strip() for channel, text in bodies if channel == spoken)
    return visible, [text for channel, text in bodies if channel != spoken]


def _end_before(content: str, tokens: list[re.Match[str]]) -> int:
    """The end of the text without the tokens that close it; one inside the text is the cleaner's matter."""
    end = len(content)
    for token in reversed(tokens):
        if content[token.end() : end].strip():
            break
        end = token.start()
    return end


def _balanced(tags: list[re.Match[str]], wrapped: set[int]) -> dict[int, int]:
    """Which closing tag evens out which opening one, by their places among the tags, whatever the family."""
    closed_by: dict[int, int] = {}
    waiting: list[int] = []
    for index, tag in enumerate(tags):
        if index in wrapped:
            continue
        if tag.lastgroup == "open":
            waiting.append(index)
        elif tag.lastgroup == "close" and waiting:
            closed_by[waiting.pop()] = index
    return closed_by


def _next_close(tags: list[re.Match[str]], wrapped: set[int]) -> list[int | None]:
    following: list[int | None] = [None] * len(tags)
    close: int | None = None
    for index in range(len(tags) - 1, -1, -1):
        following[index] = close
        if tags[index].lastgroup == "close" and index not in wrapped:
            close = index
    return following


def _wrapped(text: str, tags: list[re.Match[str]]) -> set[int]:
    """Tags that inline code ends right behind. No other tag inside thoughts counts as quoted there: a stray
    backtick must not hide the end of a block.
    """
    runs = [run.start() for run in _BACKTICKS.finditer(text)]
    wrapped: set[int] = set()
    for index, tag in enumerate(tags):
        if text.startswith("`", tag.end()):
            line = text.rfind("\n", 0, tag.start()) + 1
            runs_before = bisect_left(runs, tag.start()) - bisect_left(runs, line)
            if runs_before % 2 == 1:
                wrapped.add(index)
    return wrapped


def _blocks(text: str) -> tuple[str, list[str]]:
    """Speech without its tags, and the thoughts, in their order."""
    parts = _parts(text)
    said: list[_Part] = []
    thoughts: list[str] = []
    # From the end, because a closing tag that nothing opened means something else when no text follows it.
    for part in reversed(parts):
        is_cut_off = part.is_orphaned and said
        if is_cut_off and len(part.text.strip()) <= STUTTER_AT_MOST:
            continue
        if part.is_thought or (is_cut_off and not part.is_settled):
            thoughts.append(part.text)
        elif part.text.strip():
            said.append(part)
    pieces = [part.text for part in reversed(said)]
    stray = _STRAY_MARK.match(pieces[0]) if pieces and said[-1] is not parts[0] else None
    if stray:
        pieces[0] = pieces[0][stray.end() :]
    return _joined(pieces), thoughts[::-1]


def _parts(text: str) -> list[_Part]:
    tags = list(_TAG.finditer(text))
    wrapped = _wrapped(text, tags)
    closed_by, first_close = _balanced(tags, wrapped), _next_close(tags, wrapped)
    quotation = Quotation(text)
    parts: list[_Part] = []
    position, index, settled = 0, 0, False
    spans = quotation.spans()
    span = next(spans, None)
    while index < len(tags):
        tag = tags[index]
        while span is not None and span[1] <= tag.start():
            span = next(spans, None)
        if span is not None and span[0] <= tag.start():
            index += 1
            continue
        is_closing = tag.lastgroup == "close"
        parts.append(_Part(text=text[position : tag.start()], is_orphaned=is_closing, is_settled=settled))
        position, settled = tag.end(), settled or is_closing
        if tag.lastgroup == "open":
            end = closed_by.get(index, first_close[index])
            if end is not None:
                parts.append(_Part(text=text[position : tags[end].start()], is_thought=True))
                position, index, settled = tags[end].end(), end, True
            elif any(part.text.strip() for part in parts if not part.is_thought):
                parts.append(_Part(text=text[position:], is_thought=True))
                return parts
        index += 1
        spans = quotation.spans(position)
        span = next(spans, None)
    parts.append(_Part(text=text[position:]))
    return parts


def _joined(pieces: list[str]) -> str:
    """The pieces in one, with no more white space at a cut than between two paragraphs."""
    joined: list[str] = []
    space = ""
    for piece in pieces:
        if joined:
            space += piece[: len(piece) - len(piece.lstrip())]
            joined.append("\n" * min(space.count("\n"), 2) or " " * bool(space))
        joined.append(piece.strip())
        space = piece[len(piece.rstrip()) :]
    return "".join(joined)
