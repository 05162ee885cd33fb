"""A reply while it is still being written: what of it may already be shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tzurot.llm.quotation import Quotation
from tzurot.llm.reasoning import HARMONY_WORDS_HEAD, STUTTER_AT_MOST, separate, speech_begins
from tzurot.pipeline.cleanup import COPY_FROM, ECHO_FROM, clean, words_of
from tzurot.pipeline.speakers import speakers

if TYPE_CHECKING:
    from collections.abc import Sequence

# Looking again after every piece would cost time in the square of the length: the step grows with the text.
STEP_AT_LEAST = 80
STEPS_PER_LENGTH = 32

# What may turn out to be a tag, a token or a wrapper. Marks of Discord and links are none.
_DOUBTFUL = re.compile(
    r"<(?!@[!&]?\d+>|\#\d+>|a?:\w+:\d+>|t:-?\d+(?::\w)?>|https?://[^\s<>]+>)(?=\s*+(?:[/|\uff5c_a-z]|\Z))"
    r"|\[/?(?:inst|think|gmask)\b|◁",
    re.IGNORECASE,
)
_HARMONY_HEADS = ("analysis", "commentary", "assistantanalysis", "assistantcommentary", "assistantfinal")


class Speech:
    """Shows a reply piece by piece, never more than `clean(separate(whole).visible)` begins with.

    From the first doubtful mark on, everything waits for the end. `may_think` says that the model may close a
    thought which it never opened: then nothing is shown before a block of thoughts has been closed. Where the
    caller knows better (a model that does not think, or whose thoughts come in a field of their own) and is
    wrong, what was shown stays a beginning of what arrived, and `finish` adds nothing.
    """

    def __init__(
        self,
        *,
        character: str,
        user: str | None = None,
        others: Sequence[str] = (),
        user_message: str | None = None,
        may_think: bool = True,
    ) -> None:
        self._character = character
        self._user = user
        self._others = tuple(others)
        self._user_message = user_message
        self._may_think = may_think
        self._present = speakers(character, tuple(name for name in (user, *others) if name))
        self._echo = words_of(user_message or "", self._present)
        self._pieces: list[str] = []
        self._length = 0
        self._next_look = STEP_AT_LEAST
        self._shown = ""

    def feed(self, piece: str) -> str:
        """Takes the next piece of the model's answer, and gives what may be shown now."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length < self._next_look:
            return ""
        self._next_look = self._length + max(STEP_AT_LEAST, self._length // STEPS_PER_LENGTH)
        return self._show(self._sure(self._received()))

    def finish(self) -> str:
        """The rest, once nothing more will come."""
        return self._show(self._cleaned(self._received()))

    def _received(self) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def _show(self, text: str) -> str:
        if not text.startswith(self._shown):
            return ""
        added, self._shown = text[len(self._shown) :], max(text, self._shown, key=len)
        return added

    def _cleaned(self, answer: str) -> str:
        return clean(
            separate(answer).visible,
            character=self._character,
            user=self._user,
            others=self._others,
            user_message=self._user_message,
        )

    def _sure(self, answer: str) -> str:
        begin = speech_begins(answer)
        if begin is None or (begin == 0 and (self._may_think or _may_be_harmony(answer))):
            return ""
        end = self._doubt(answer, begin)
        if begin and len(answer[begin:end].strip()) <= STUTTER_AT_MOST:
            return ""
        text = self._cleaned(answer[:end])
        if self._may_be_echo(text):
            return ""
        return text[: _copy_begins(text)].rstrip()

    def _doubt(self, answer: str, begin: int) -> int:
        """Where the part ends whose meaning nothing that follows can change."""
        line = answer.rfind("\n", begin) + 1
        last_space = max(answer.rfind(" "), line)
        end = last_space if len(answer) - line > self._present.label_room else line
        if end <= begin:
            return begin
        quotation = Quotation(answer[:end])
        doubtful = next(quotation.unquoted(_DOUBTFUL.finditer(answer, begin, end), since=begin), None)
        return min(end, doubtful.start() if doubtful else end, *filter(None, (quotation.open_fence(begin),)))

    def _may_be_echo(self, text: str) -> bool:
        words = words_of(text, self._present)
        return len(self._echo) >= ECHO_FROM and (words.startswith(self._echo) or self._echo.startswith(words))


def _may_be_harmony(answer: str) -> bool:
    head = answer.lstrip()[: len(max(_HARMONY_HEADS, key=len))]
    return bool(HARMONY_WORDS_HEAD.match(answer)) or any(word.startswith(head) for word in _HARMONY_HEADS)


def _copy_begins(text: str) -> int:
    """Where the reply may be beginning anew, from its own first words."""
    start = text.find(text[:1], COPY_FROM)
    while start != -1 and not text.startswith(text[start:]):
        start = text.find(text[:1], start + 1)
    return len(text) if start == -1 else start
