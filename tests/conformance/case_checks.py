"""How the cases of each table are checked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from group_checks import check_group_activation

from tzurot.discord.names import webhook_name
from tzurot.llm.reasoning import separate
from tzurot.memory.timeparse import parse
from tzurot.pipeline.cleanup import clean
from tzurot.pipeline.mentions import Addressable, addressed
from tzurot.pipeline.quality import inadequacy, same_as_before, worth_retry
from tzurot.pipeline.split import split

if TYPE_CHECKING:
    from collections.abc import Callable

Case = dict[str, Any]

_FENCE_LINE = re.compile(r"^[ \t]*```[^`\n]*$", re.MULTILINE)


def text_of(recipe: Any) -> str:
    """A text of the tables, which may be a recipe for a long one."""
    match recipe:
        case str():
            return recipe
        case list():
            return "".join(map(text_of, recipe))
        case {"repeat": [part, times]}:
            return text_of(part) * times
        case {"lines": [template, count]}:
            return "\n".join(template.replace("{i}", str(i)) for i in range(count))
        case {"paragraphs": [template, count]}:
            return "\n\n".join(template.replace("{i}", str(i)) for i in range(count))
    raise ValueError(f"not a text: {recipe!r}")


def same_text(text: str) -> str:
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def check_mention(case: Case) -> None:
    accessible = [
        Addressable(name=each["name"], slug=each.get("slug", ""), aliases=tuple(each.get("aliases", ())), key=index)
        for index, each in enumerate(case["characters"])
        if each.get("visibility") != "private" or each.get("owner") == case.get("asker")
    ]
    assert [each.name for each in addressed(text_of(case["text"]), accessible)] == case["addressed"]


def check_thinking(case: Case) -> None:
    spoken = separate(text_of(case["content"]), case.get("reasoning"), case.get("reasoning_details"))
    expect = case["expect"]
    visible = same_text(spoken.visible)
    if "visible" in expect:
        assert visible == same_text(expect["visible"])
    for part in expect.get("visible_contains", ()):
        assert part in visible
    for part in expect.get("visible_excludes", ()):
        assert part not in visible
    assert visible.startswith(expect.get("visible_startswith", ""))
    if expect.get("thoughts") == []:
        assert not spoken.thoughts
    position = 0
    for thought in expect.get("thoughts", ()):
        assert thought in spoken.thoughts[position:]
        position = spoken.thoughts.index(thought, position) + len(thought)


def check_cleanup(case: Case) -> None:
    cleaned = clean(
        text_of(case["reply"]),
        character=case["character"],
        user=case.get("user"),
        others=case.get("others", ()),
        user_message=text_of(case["user_message"]) if case.get("user_message") is not None else None,
    )
    assert same_text(cleaned) == same_text(text_of(case["expect"]["text"]))


def check_split(case: Case) -> None:
    text, limit, expect = text_of(case["text"]), case["limit"], case["expect"]
    chunks = split(text, limit)
    assert all(chunk.strip() and len(chunk) <= limit for chunk in chunks)
    if "chunks" in expect:
        fewest, most = expect["chunks"]
        assert fewest <= len(chunks) <= most
    if expect.get("no_loss"):
        assert _words(chunks) == _words((text,))
    if "equals" in expect:
        assert list(chunks) == [text_of(each) for each in expect["equals"]]
    for mark in map(text_of, expect.get("unbroken", ())):
        assert sum(chunk.count(mark) for chunk in chunks) == text.count(mark)
    if expect.get("whole_lines"):
        _check_whole_lines(text, chunks)
    fences = [len(_FENCE_LINE.findall(chunk)) for chunk in chunks]
    if expect.get("fences_balanced"):
        assert all(count % 2 == 0 for count in fences)
    if "reopened_as" in expect:
        for chunk in chunks[1:]:
            assert chunk.startswith(f"```{expect['reopened_as']}\n") or not chunk.startswith("```")
        assert any(chunk.startswith(f"```{expect['reopened_as']}\n") for chunk in chunks[1:])
    if "added_fences" in expect:
        assert sum(fences) - len(_FENCE_LINE.findall(text)) == expect["added_fences"]
    for word, language in expect.get("fence_before", ()):
        for chunk in chunks:
            for place in re.finditer(re.escape(word), chunk):
                assert _FENCE_LINE.findall(chunk, 0, place.start())[-1].strip() == f"```{language}"


def _words(chunks: tuple[str, ...]) -> str:
    return re.sub(r"\s+", "", "".join(_FENCE_LINE.sub("", chunk) for chunk in chunks))


def _check_whole_lines(text: str, chunks: tuple[str, ...]) -> None:
    remaining = [line.rstrip() for line in text.split("\n") if line.strip()]
    for chunk in chunks:
        for number, line in enumerate(line.rstrip() for line in chunk.split("\n") if line.strip()):
            expected = remaining[0] if remaining else ""
            if line == (expected.lstrip() if number == 0 else expected):
                remaining.pop(0)
            else:
                assert _FENCE_LINE.fullmatch(line)
    assert not remaining


def check_duplicate(case: Case) -> None:
    match = same_as_before(text_of(case["new"]), [text_of(each) for each in case["previous"]])
    assert (match is not None) == case["duplicate"]
    if "match" in case:
        assert match == case["match"]


def check_inadequate(case: Case) -> None:
    text = text_of(case["text"])
    figures = {name: case.get(name) for name in ("finish_reason", "completion_tokens", "ms", "stop_sequence_hit")}
    figures["stop_sequence_hit"] = bool(figures["stop_sequence_hit"])
    lowest, highest = (round(100 * border) for border in case["score"])
    assert lowest <= inadequacy(text, **figures) <= highest
    assert worth_retry(text, **figures, attempt=case.get("attempt", 1)) == case["retry"]


def check_webhook_name(case: Case) -> None:
    name, expect = text_of(case["name"]), case["expect"]
    posted = webhook_name(name)
    assert 1 <= len(posted) <= 80
    assert posted == posted.strip()
    visible = re.sub(r"[\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]", "", posted)
    assert visible.strip()
    assert not re.search(r"discord|clyde", posted, re.IGNORECASE)
    assert not re.search(r"discord|clyde", visible, re.IGNORECASE)
    if case.get("acceptable"):
        assert posted == name
    if "equals" in expect:
        assert posted == text_of(expect["equals"])
    assert posted.startswith(text_of(expect.get("startswith", "")))
    if expect.get("readable"):
        assert _kept_in_order(name.strip(), posted) >= 0.7 * len(name.strip())
    if "whole" in expect:
        assert not posted.replace(expect["whole"], "")


def _kept_in_order(name: str, posted: str) -> int:
    """The length of the longest sequence of characters that both have in common."""
    row = [0] * (len(posted) + 1)
    for sign in name:
        diagonal = 0
        for index, other in enumerate(posted, 1):
            diagonal, row[index] = (
                row[index],
                diagonal + 1 if sign == other else max(row[index], row[index - 1]),
            )
    return row[-1]


def check_timeparse(case: Case) -> None:
    birthday = case.get("birthday")
    month_day = tuple(int(part) for part in birthday.split("-")[-2:]) if birthday else None
    span = parse(text_of(case["text"]), datetime.fromisoformat(case["now"]), ZoneInfo(case["tz"]), month_day)
    expect = case["expect"]
    if expect is None:
        assert span is None
        return
    assert span is not None
    now = datetime.fromisoformat(case["now"])
    if "start" in expect:
        assert span.start == datetime.fromisoformat(expect["start"])
        assert span.end in (datetime.fromisoformat(expect["end"]), now)  # a range reaching past now may end there
    for moment in map(datetime.fromisoformat, expect.get("includes", ())):
        assert span.start <= moment < span.end
    for moment in map(datetime.fromisoformat, expect.get("excludes", ())):
        assert not span.start <= moment < span.end


CHECKS: dict[str, Callable[[Case], None]] = {
    "mention_cases": check_mention,
    "thinking_cases": check_thinking,
    "cleanup_cases": check_cleanup,
    "split_cases": check_split,
    "duplicate_cases": check_duplicate,
    "inadequate_cases": check_inadequate,
    "webhook_name_cases": check_webhook_name,
    "group_activation_cases": check_group_activation,
    "timeparse_cases": check_timeparse,
}
