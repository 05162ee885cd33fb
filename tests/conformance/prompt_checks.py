"""How the cases about macros, notes, regex scripts and cuts are checked."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tzurot.prompt.budget import Block, Keep, fit
from tzurot.prompt.macros import Facts, Macros, Remark
from tzurot.prompt.notes import AuthorsNote
from tzurot.prompt.regex_scripts import Placement, applied, read_scripts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tzurot.prompt.regex_scripts import Use

Case = dict[str, Any]
FIELDS = {
    "description": "description", "personality": "personality", "scenario": "scenario", "persona": "persona",
    "mesExamples": "mesexamples", "system": "charprompt", "jailbreak": "charjailbreak", "version": "charversion",
    "depthPrompt": "chardepthprompt", "creatorNotes": "creatornotes",
}  # fmt: skip


def time_of(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)


def facts_of(context: dict[str, Any]) -> Facts:
    zone = ZoneInfo(context.get("tz", "UTC"))
    group = context.get("group") or ()
    muted: tuple[str, ...] = ()
    if isinstance(group, dict):
        muted = tuple(group.get("muted", ()))
        group = group.get("members", ())
    names = [part.strip() for part in group.split(",")] if isinstance(group, str) else group
    fields = context.get("fields", {})
    chat = [
        Remark(
            text=line["mes"],
            by_user=bool(line.get("is_user")),
            said_at=time_of(line["send_date"], zone) if line.get("send_date") else None,
            swipes=len(line.get("swipes") or [0]),
            swipe=line.get("swipe_id", 0),
        )
        for line in context.get("chat", ())
    ]
    values = {"input": "input", "model": "model", "max_prompt": "maxprompt"}
    return Facts(
        char=context["char"],
        user=context["user"],
        fields={FIELDS.get(key, key.lower()): text for key, text in fields.items()},
        values={name: str(context[key]) for key, name in values.items() if key in context},
        group=tuple(name if isinstance(name, str) else name["name"] for name in names),
        muted=muted,
        chat=tuple(chat),
        now=time_of(context.get("now", "2024-01-01T00:00:00Z"), zone),
        seed=str(context.get("chat_id_hash", "")),
    )


def check_macros(case: Case) -> None:
    if case["engine"] == "legacy" or case.get("parity"):
        pytest.skip("the older engine and its random numbers are not copied: docs/divergences.md")
    context = case["context"]
    macros = Macros(
        facts_of(context), Random(1), variables=context.get("vars"), global_variables=context.get("global_vars")
    )
    assert macros.expand(case["template"], original=context.get("original")) == case["expect"]
    for name, value in case.get("expect_vars", {}).items():
        assert macros.variables[name] == value
    for name, value in case.get("expect_global_vars", {}).items():
        assert macros.global_variables[name] == value


PLACEMENTS = {
    "user": Placement.USER, "ai": Placement.REPLY, "slash": Placement.COMMAND, "lore": Placement.LORE,
    "reasoning": Placement.REASONING,
}  # fmt: skip


def check_regex_script(case: Case) -> None:
    options = case.get("options", {})
    use: Use = "display" if options.get("isMarkdown") else "prompt" if options.get("isPrompt") else "stored"
    placement = case["placement"]
    scripts = read_scripts([*case["scripts"], *case.get("scoped_scripts", ())])
    text = applied(
        case["text"],
        scripts,
        placement=Placement(placement) if isinstance(placement, int) else PLACEMENTS[placement],
        use=use,
        depth=options.get("depth"),
        edited=bool(options.get("isEdit")),
        expand=Macros(Facts(char="Mira", user="Tom"), Random(1)).expand,
    )
    assert text == case["expect"]


def check_authors_note(case: Case) -> None:
    assert AuthorsNote(text="x", interval=case["interval"]).is_due(case["user_messages"]) == case["inserted"]


GROUPS = {"examples": Keep.EXAMPLES, "lore": Keep.LORE, "history": Keep.HISTORY, "system": Keep.ALWAYS}


def check_prompt_trim(case: Case) -> None:
    """Each block costs one token; the blocks of one dialogue are one block of as many."""
    dialogues: dict[Any, list[Case]] = {}
    for block in case["blocks"]:
        if block["group"] == "history" and not block.get("latest_user"):
            continue
        dialogue = block.get("dialogue") if block["group"] == "examples" else None
        dialogues.setdefault(block["id"] if dialogue is None else ("dialogue", dialogue), []).append(block)
    blocks = [trimmed(together) for together in dialogues.values()]
    history = [block["id"] for block in case["blocks"] if block["group"] == "history" and not block.get("latest_user")]
    fitted = fit(blocks, [1] * len(history), case["max_tokens"])
    kept = {name for block in fitted.blocks for name in block.kind.split()} | set(
        history[len(history) - fitted.lines :]
    )
    assert [block["id"] for block in case["blocks"] if block["id"] in kept] == case["expect"]["kept"]
    assert (fitted.tokens <= case["max_tokens"]) == case["expect"]["fits"]


def trimmed(together: list[Case]) -> Block:
    first = together[0]
    # what is evicted first has the highest figure there, and the lowest rank here; constants go after other lore
    rank = -first["evict"] if "evict" in first else first.get("priority", 0)
    keep = Keep.ALWAYS if first.get("latest_user") else GROUPS.get(first["group"], Keep.ALWAYS)
    return Block(
        kind=" ".join(block["id"] for block in together),
        text="",
        keep=keep,
        tokens=len(together),
        rank=rank + 1e6 * bool(first.get("constant")),
    )


PROMPT_CHECKS: dict[str, Callable[[Case], None]] = {
    "macros_cases": check_macros,
    "regex_script_cases": check_regex_script,
    "authors_note_cases": check_authors_note,
    "prompt_trim_cases": check_prompt_trim,
}
