"""What of a reply is said: without labels, echoes, other people's lines and what marks a model's format."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tzurot.llm.quotation import Quotation
from tzurot.pipeline.speakers import TIME_AT_HEAD, Speakers, speakers

if TYPE_CHECKING:
    from collections.abc import Sequence

ECHO_FROM = 30  # characters: shorter messages are also natural beginnings of an answer
ECHO_LEAVES_AT_LEAST = 5  # the part of the reply that must remain is one in this many
DOUBLED_FROM = 100  # characters of the whole reply
COPY_FROM = 50  # characters of what is repeated; shorter ones are a chant
CUT_COPY_FROM = 30  # characters of a last copy that was cut off

_PEELED_AT_MOST = 10  # layers around a reply, one inside the other

_ROLE = r"(?:(?:assistant|model)\b:?)?"
_START_TOKENS = re.compile(
    rf"""\s*(?:(?:
        <(?:s|bos|sop)> | \[gMASK\] | \[/INST\] | <\|(?:begin_of_text|startoftext|end_header_id)\|>
      | <[|\uff5c]begin▁of▁sentence[|\uff5c]> | <[|\uff5c](?:assistant|model|CHATBOT_TOKEN)[|\uff5c]>
      | (?:<\|(?:im_start|start|start_header_id|START_OF_TURN_TOKEN)\|> | <start_of_turn>){_ROLE}
    )\s*)+""",
    re.VERBOSE | re.IGNORECASE,
)
# No prose has a word between angle brackets and bars: every such token is one of somebody's chat format.
_STOP_TOKEN = re.compile(
    r"(?P<struck><s>[^<\n]*</s>)"
    r"|<[|\uff5c][\w▁ .-]{1,40}[|\uff5c]>|<(?:start|end)_of_turn>|</s>|<eos>|\[/?INST\]",
    re.IGNORECASE,
)
_TAG_NAME = r"[a-z][\w.-]*+(?::[a-z][\w.-]*+)?+"
_TOOL_RESULTS = re.compile(
    r"\s*<((?:function|tool)_(?:results?|calls?|responses?|outputs?))\b[^<>]*>.*?</\1\s*>"
    r"|\s*<(results?|result_text)\b[^<>]*>.*?</\2\s*>(?=\s*\S)",
    re.DOTALL | re.IGNORECASE,
)
_WRAPPED = re.compile(rf"\A<({_TAG_NAME})(?:\s[^<>]*)?>((?:[^<]|<(?!/?\1\b))*+)</\1\s*>\Z", re.DOTALL | re.IGNORECASE)
_WRAPPED_LINE = re.compile(
    rf"^[ \t]*<({_TAG_NAME})(?:\s[^<>\n]*)?>((?:[^<\n]|<(?!/?\1\b))*+)</\1\s*>[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_OPENING_TAG = re.compile(rf"<({_TAG_NAME})(?:\s[^<>]*)?(?<!/)>", re.IGNORECASE)
_CLOSING_TAG = re.compile(rf"</({_TAG_NAME})\s*>\s*", re.IGNORECASE)


def clean(
    reply: str,
    *,
    character: str,
    user: str | None = None,
    others: Sequence[str] = (),
    user_message: str | None = None,
) -> str:
    """What the character says; thoughts must be gone. The result may be empty."""
    present = speakers(character, tuple(name for name in (user, *others) if name))
    start = _START_TOKENS.match(reply)
    text = _until_stop_token(reply[start.end() :] if start else reply)
    for _ in range(_PEELED_AT_MOST):
        peeled = _peeled(text.strip(), present, user_message or "")
        if peeled == text:
            break
        text = peeled
    text = _until_other_speaker(text, present)
    text = _replaced(text, present.own_label, "", only_fences=True)
    text = _replaced(text, _WRAPPED_LINE, r"\2")
    return _said_once(_without_loose_end(text).strip())


def words_of(text: str, present: Speakers) -> str:
    """A text as an echo is recognised: without mentions, case and white space."""
    return " ".join(present.mention.sub(" ", text).casefold().split())


def _until_stop_token(text: str) -> str:
    for token in Quotation(text).unquoted(_STOP_TOKEN.finditer(text)):
        if not token["struck"]:
            return text[: token.start()]
    return text


def _peeled(text: str, present: Speakers, user_message: str) -> str:
    """The text without the outermost of what may stand at its head."""
    for layer in (_START_TOKENS, _TOOL_RESULTS, TIME_AT_HEAD, present.own_label):
        found = layer.match(text)
        if found:
            return text[found.end() :]
    wrapped = _WRAPPED.match(text)
    return wrapped[2] if wrapped else _without_echo(text, present, user_message)


def _without_echo(text: str, present: Speakers, message: str) -> str:
    """The reply without the user's message at its head, unless hardly anything would remain."""
    wanted = words_of(message, present)
    if len(wanted) < ECHO_FROM:
        return text
    label = present.other_label.match(text)
    blank_mentions = present.mention.sub(lambda mention: " " * len(mention[0]), text)
    position = label.end() if label else 0
    for word in wanted.split():
        while position < len(text) and blank_mentions[position].isspace():
            position += 1
        end = position + len(word)
        if blank_mentions[position:end].casefold() != word:
            return text
        position = end
    rest = text[position:].strip()
    is_inside_word = text[position - 1].isalnum() and text[position : position + 1].isalnum()
    return text if is_inside_word or len(rest) * ECHO_LEAVES_AT_LEAST < len(text) else rest


def _until_other_speaker(text: str, present: Speakers) -> str:
    labels = present.other_label.finditer(text)
    for label in Quotation(text).unquoted(labels, only_fences=True):
        if not _is_in_quotation_marks(text, label.start()):
            return text[: label.start()]
    return text


def _is_in_quotation_marks(text: str, position: int) -> bool:
    before = text[text.rfind("\n\n", 0, position) + 1 : position]
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")


def _replaced(text: str, pattern: re.Pattern[str], template: str, *, only_fences: bool = False) -> str:
    pieces: list[str] = []
    position = 0
    for match in Quotation(text).unquoted(pattern.finditer(text), only_fences=only_fences):
        pieces += (text[position : match.start()], match.expand(template))
        position = match.end()
    return "".join((*pieces, text[position:]))


def _without_loose_end(text: str) -> str:
    """The text without closing tags at its end that nothing in it opens."""
    opened = Counter(tag[1].lower() for tag in _OPENING_TAG.finditer(text))
    closed = Counter(tag[1].lower() for tag in _CLOSING_TAG.finditer(text))
    end = len(text)
    while (start := text.rfind("</", 0, end)) != -1:
        tag = _CLOSING_TAG.fullmatch(text, start, end)
        if tag is None or closed[tag[1].lower()] <= opened[tag[1].lower()]:
            break
        closed[tag[1].lower()] -= 1
        end = start
    return text[:end]


def _said_once(text: str) -> str:
    """The first copy of a reply that was generated several times over; the last copy may be cut off.

    A sentence of the beginning that returns at the end is a refrain, not a copy that was cut off.
    """
    start = text.find(text[:CUT_COPY_FROM], 1) if len(text) >= DOUBLED_FROM else -1
    while start != -1:
        copies = text[start:]
        if text.startswith(copies) and (2 * len(copies) >= start or copies[-1] not in '.!?…"”*'):
            return text[:start].rstrip() if start >= COPY_FROM else text
        start = text.find(text[:CUT_COPY_FROM], start + 1)
    return text
