"""From the blocks that fit to the messages that are sent."""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from tzurot.llm.chat import ChatMessage, ImagePart, ImageUrl, TextPart
from tzurot.prompt.fence import fenced, harmless
from tzurot.prompt.notes import Insertion, inserted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tzurot.llm.chat import Role
    from tzurot.prompt.budget import Block
    from tzurot.tables.messages import Line

BEFORE = "(What was said before is left out.)"
STANDING = {"system": "", "persona": "persona", "example": "examples"}  # kinds of the system message, and their fences
PASSING = (("lore", "lore"), ("memory", "memories"), ("quote", "quotes"), ("file", "files"), ("context", "context"))


class Rendered(NamedTuple):
    """Lines of a conversation as turns, for its next prompt: that begins with them as a rule, and goes on behind."""

    lines: tuple[Line, ...] = ()
    turns: tuple[ChatMessage, ...] = ()


NOTHING = Rendered()
UNSETTLED = 8  # of the newest lines at least so many are not kept: where several speak at once, their order may change


def laid_out(
    blocks: Sequence[Block],
    history: tuple[Line, ...],
    own_id: int,
    reactions: Mapping[int, str],
    kept: Rendered,
) -> tuple[tuple[ChatMessage, ...], Rendered]:
    """One system message, then turns that alternate and begin and end with a person: many templates take nothing else.

    What stands at a depth joins the turn of its side there; the system's words count to the person's side. `kept` is
    what the last prompt left, and the second value what this one leaves.
    """
    depths = inserted(len(history) + 1, _insertions(blocks, len(history) + 1))
    at_depth = {place: texts for place, texts in depths if place < len(history)}
    plain = 0 if reactions else min(at_depth, default=len(history))
    settled = max(0, plain // UNSETTLED - 1) * UNSETTLED
    rendered = _continued(kept, history[:settled], own_id)
    turns = [*_joined(rendered.turns, _turns(_said(own_id, history, settled, at_depth, reactions)))]
    if turns and turns[0].role == "assistant":
        turns.insert(0, ChatMessage(role="user", content=BEFORE))
    unanswered = [turns.pop().text] if turns and turns[-1].role == "user" else []
    around = dict(depths)
    before, after = ([each.text for each in around.get(len(history) + n, ())] for n in (0, 1))
    last = [*unanswered, *_passing(blocks), *before, *_of(blocks, "last"), *after, *_of(blocks, "after")]
    words = "\n\n".join(last)
    pictures = [ImagePart(image_url=ImageUrl(url=block.picture)) for block in blocks if block.picture]
    messages = (
        ChatMessage(role="system", content="\n\n".join(_standing(blocks))),
        *turns,
        ChatMessage(role="user", content=(TextPart(text=words), *pictures) if pictures else words),
    )
    return messages, rendered


def _of(blocks: Sequence[Block], kind: str) -> list[str]:
    return [block.text for block in blocks if block.kind == kind]


def _standing(blocks: Sequence[Block]) -> list[str]:
    """The system message's paragraphs in their order; neighbours of one fence share it."""
    paragraphs: list[str] = []
    standing = [block for block in blocks if block.kind in STANDING]
    for kind, together in groupby(standing, key=lambda block: block.kind):
        texts = [block.text for block in together]
        label = STANDING[kind]
        paragraphs += [fenced(label, "\n\n".join(texts))] if label else texts
    return paragraphs


def _passing(blocks: Sequence[Block]) -> list[str]:
    found = [(label, _of(blocks, kind)) for kind, label in PASSING]
    return [fenced(label, "\n".join(texts)) for label, texts in found if texts]


def _insertions(blocks: Sequence[Block], count: int) -> list[Insertion]:
    return [
        Insertion(
            text=block.text,
            depth=block.depth if block.depth >= 0 else max(0, count + 1 + block.depth),
            role=block.role,
        )
        for block in blocks
        if block.kind == "depth"
    ]


def _continued(kept: Rendered, lines: tuple[Line, ...], own_id: int) -> Rendered:
    """Lines as turns, of which only those behind the kept ones are made."""
    known = len(kept.lines)
    if kept.lines != lines[:known]:
        kept, known = NOTHING, 0
    return Rendered(lines, _joined(kept.turns, _turns(_said(own_id, lines, known, {}, {}))))


def _joined(turns: tuple[ChatMessage, ...], more: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    if not turns or not more or turns[-1].role != more[0].role:
        return (*turns, *more)
    between = ChatMessage(role=more[0].role, content=f"{turns[-1].content}\n{more[0].content}")
    return (*turns[:-1], between, *more[1:])


def _turns(said: Iterable[tuple[Role, str]]) -> list[ChatMessage]:
    """Chat turns: what the same side says in a row becomes one message, as strict templates want."""
    turns: list[tuple[Role, list[str]]] = []
    for role, text in said:
        if turns and turns[-1][0] == role:
            turns[-1][1].append(text)
        else:
            turns.append((role, [text]))
    return [ChatMessage(role=role, content="\n".join(texts)) for role, texts in turns]


def _said(
    own_id: int,
    history: Sequence[Line],
    since: int,
    at_depth: Mapping[int, tuple[Insertion, ...]],
    reactions: Mapping[int, str],
) -> Iterator[tuple[Role, str]]:
    """Who says what in the history from one place on, with what stands at a depth of it."""
    for place, line in enumerate(islice(history, since, None), since):
        for insertion in at_depth.get(place, ()) if at_depth else ():
            yield ("assistant" if insertion.role == "assistant" else "user"), insertion.text
        if line.character_id == own_id:
            yield "assistant", line.text
        else:
            yield "user", harmless(f"{line.speaker}: {line.text}")
        if reactions and (put := [reactions[one] for one in line.message_ids if one in reactions]):
            # never in the character's own words: it would go on to write such lines itself
            yield "user", harmless(f"(under that: {'; '.join(put)})")
