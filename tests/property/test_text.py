"""What must hold of any text, whoever wrote it."""

from __future__ import annotations

import random
import re
import string
import time
import unicodedata

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tzurot.discord.names import webhook_name
from tzurot.llm.reasoning import separate
from tzurot.pipeline.cleanup import clean
from tzurot.pipeline.mentions import Addressable, Roll, addressed
from tzurot.pipeline.quality import same_as_before
from tzurot.pipeline.split import split
from tzurot.pipeline.streaming import Speech

steady = settings(
    derandomize=True, deadline=None, database=None, max_examples=400, suppress_health_check=list(HealthCheck)
)

LETTERS = "abcdeäßİñçлшжñ凛ひかקש"
WORD = st.text(LETTERS, min_size=1, max_size=6)
SENTENCE = st.lists(WORD, min_size=1, max_size=6).map(lambda words: " ".join(words) + ". ")


# Mentions


def test_ten_thousand_names_are_found_in_ten_thousand_texts() -> None:
    chance = random.Random(2026)
    scripts = (
        string.ascii_lowercase,
        "äöüßéñçøłž",
        "абвгдежзийклмн",
        "凛桜海空花月星",
        "אבגדהוזחטי",
        "αβγδεζηθς",
    )
    inner = ("", "", "", "'", ".", "-")
    names: dict[str, str] = {}
    while len(names) < 10_000:
        script = chance.choice(scripts)
        words = [
            "".join(chance.choices(script, k=chance.randint(2, 6)))
            + chance.choice(inner)
            + "".join(chance.choices(script, k=chance.randint(1, 4)))
            for _ in range(chance.randint(1, 4))
        ]
        name = " ".join(words)
        if not name.endswith("'s"):
            names.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
    listed = [Addressable(name=name, slug=f"slug-{i}", key=i) for i, name in enumerate(names.values())]
    roll = Roll(listed)
    before = ("", "so ", "well, ", "(", "**", "\n", '"', "> ", "hi\n", "||")
    after = (
        "",
        " hello",
        ", hello",
        "'s hat",
        "\u2019s hat",
        "!?",
        "...",
        ")",
        "**",
        "\n",
        '"',
        " @nobody",
        "…",
        "||",
    )
    recase = (str, str.upper, str.title, lambda name: unicodedata.normalize("NFD", name))
    for each in listed:
        written = chance.choice(recase)(each.name).replace(" ", chance.choice((" ", "  ")))
        text = f"{chance.choice(before)}@{written}{chance.choice(after)}"
        found = roll.addressed(text)
        assert [other.key for other in found] == [each.key], text
        assert roll.addressed(f"`{text}`") == () or "\n" in text
        assert roll.addressed(text.replace("@", "")) == ()
        assert roll.addressed(text.replace("@", "x@")) == ()


@steady
@given(
    st.text("@ab '\u2019s.*_`~|<>!1:/\n 凛é", max_size=60),
    st.lists(st.text("ab s'.凛é1", max_size=6), max_size=8),
)
def test_the_addressed_are_known_few_and_different(text: str, names: list[str]) -> None:
    listed = [Addressable(name=name, slug=f"s{i}", key=i) for i, name in enumerate(names)]
    found = addressed(text, listed)
    assert len({each.key for each in found}) == len(found) <= min(5, text.count("@"))
    assert all(each in listed and each.name.strip() for each in found)


def test_a_text_of_nothing_but_calls_is_read_quickly() -> None:
    roll = Roll([Addressable(name=f"Name {i} of Them", slug=f"n{i}", key=i) for i in range(2_000)])
    for text in (
        "@Name 7 of us " * 290,
        "@" * 4_000,
        "@" + "a!" * 2_000,
        "@x'" * 1_300,
        "`@" * 2_000,
        "a.a-" * 1_000,
    ):
        begun = time.process_time()
        roll.addressed(text[:4_000])
        assert time.process_time() - begun < 1.0


# Thoughts

THOUGHT = SENTENCE.map(lambda text: f"SECRET {text}")
TAGS = st.sampled_from(
    [
        ("<think>", "</think>"),
        ("<Thinking >", "</thinking >"),
        ('<seed:reasoning depth="2">', "</seed:reasoning>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<scratchpad>", "</reflection>"),
    ]
)
BLOCK = st.builds(lambda tags, thought: f"{tags[0]}{thought}{tags[1]}", TAGS, THOUGHT)


@steady
@given(st.lists(st.one_of(BLOCK, SENTENCE), max_size=8))
def test_thoughts_never_leak_and_speech_is_never_lost(parts: list[str]) -> None:
    content = "".join(parts)
    spoken = separate(content)
    assert "SECRET" not in spoken.visible
    assert not re.search(r"[<\[◁]/?\|?(?i:think|seed|scratch|refl|start|end)", spoken.visible)
    assert spoken.thoughts.count("SECRET") == content.count("SECRET")
    assert _letters(spoken.visible) == _letters("".join(part for part in parts if "SECRET" not in part))


@steady
@given(st.text("<>/think[THINK]◁▷`\n |analysis", max_size=80))
def test_no_text_breaks_the_separation(content: str) -> None:
    spoken = separate(content)
    assert len(_letters(spoken.visible)) + len(_letters(spoken.thoughts)) <= len(_letters(content))


@pytest.mark.parametrize(
    "text",
    [
        "<think>",
        "</think>",
        "<think",
        "<think></think>",
        "<think><think></think>",
        "`<think>",
        "< ",
        "`",
        "``` \n",
    ],
)
def test_reading_takes_time_in_the_length_of_the_answer(text: str) -> None:
    begun = time.process_time()
    for long in (text * (40_000 // len(text)), f"<think>{text * (40_000 // len(text))}"):
        clean(separate(long).visible, character="Emery", user="Bob")
    assert time.process_time() - begun < 2.0


# Replies

MARKS = st.sampled_from(
    [
        *("Emery: ", "**Emery:** ", "\nBob: hello", "\n\nLorin: no", "> Bob: x\n", "[14:02] ", "[smiles] "),
        *("<|im_end|>", "</s>", "<s>", "[INST]", "analysis", "assistantfinal", "<think>", "</think>"),
        *("<think>SECRET</think>", "\u25c1think\u25b7", "</turn>", "<reply>", "</reply>", "\n<b>x</b>\n"),
        *("```\n", "\n```\n", "`", "``", "\n", "\n\n", '"', "<@123>", "<:a:1>", "<", ", ", ". "),
        "The quick grey cat sat down on the long green bench by the river. ",
    ]
)
ANSWER = st.lists(st.one_of(SENTENCE, MARKS), max_size=30).map("".join)
ECHO = "Do you recall the long green bench by the river, my friend?"


def cleaned(answer: str) -> str:
    return clean(separate(answer).visible, character="Emery", user="Bob", others=("Lorin",), user_message=ECHO)


@steady
@given(ANSWER)
def test_nothing_is_invented_by_cleaning(answer: str) -> None:
    text = cleaned(answer)
    assert text == text.strip()
    remaining = iter(answer)
    assert all(sign in remaining for sign in text if not sign.isspace())


@steady
@given(st.lists(SENTENCE, min_size=1, max_size=12).map("".join))
def test_plain_prose_stays_as_it_is(prose: str) -> None:
    if len(prose) < 100:  # longer prose might by chance be said twice
        assert clean(separate(prose).visible, character="Emery", user="Bob") == prose.strip()


@settings(steady, max_examples=700)
@given(
    st.sampled_from(["", "<think>SECRET plan</think>", f"{ECHO}\n", f"Bob: {ECHO}\n", "Emery: ", "<think>\n"]),
    ANSWER,
    st.integers(1, 3),
    st.lists(st.integers(1, 120), min_size=1, max_size=30),
    st.booleans(),
)
@example("", "The quick grey cat sat down on the long green bench by the river. " * 4, 2, [7], False)
@example("<think>SECRET ` plan</think>", "Use `x` here and there, again and again.\n" * 9, 1, [5], True)
def test_what_is_shown_while_it_is_written_begins_what_is_said(
    head: str, answer: str, copies: int, cuts: list[int], may_think: bool
) -> None:
    whole = head + answer * copies
    said = cleaned(whole)
    speech = Speech(character="Emery", user="Bob", others=("Lorin",), user_message=ECHO, may_think=may_think)
    shown, position, turn = "", 0, 0
    while position < len(whole):
        size = cuts[turn % len(cuts)]
        shown += speech.feed(whole[position : position + size])
        position, turn = position + size, turn + 1
        # quoted in code it is speech, unless a thought ends later that nobody saw begin
        assert "SECRET" not in shown or "SECRET" in said or (not may_think and "SECRET" in cleaned(whole[:position]))
        if may_think or "/think" not in whole:
            assert said.startswith(shown)
    shown += speech.finish()
    if may_think or "/think" not in whole:
        assert shown == said


def test_a_long_reply_is_shown_while_it_is_written() -> None:
    lines = "\n\n".join(f"Line {i}: the tide took {i} boats and brought back {i * 7} bottles." for i in range(600))
    speech = Speech(character="Emery", user="Bob", may_think=False)
    begun = time.perf_counter()
    shown = [speech.feed(lines[i : i + 4]) for i in range(0, len(lines), 4)]
    assert time.perf_counter() - begun < 2.0
    assert len("".join(shown)) > len(lines) * 0.95
    assert "".join(shown) + speech.finish() == lines


# Messages

ATOMS = [
    "<@123456>",
    "<:wave:12>",
    "</memory search:12>",
    "[a map](https://a.example/b)",
    "👨‍👩‍👧‍👦",
    "🇫🇷",
    "👍🏽",
    "e\u0301",
]
CODE = st.lists(st.one_of(SENTENCE, st.just("    x = 1")), min_size=1, max_size=12).map("\n".join)
PIECE = st.one_of(
    SENTENCE,
    WORD,
    st.sampled_from([*ATOMS, " ", "\n", "\n\n", "今日は。", "a ``` b"]),
    CODE.map(lambda code: f"\n```py\n{code}\n```\n"),
)


@steady
@given(
    st.lists(PIECE, max_size=60).map("".join),
    st.sampled_from(["", "\n```py\nnever closed "]),
    st.integers(40, 300),
)
def test_messages_fit_and_hold_everything(text: str, end: str, limit: int) -> None:
    text += end + "and so on\n" * 9
    chunks = split(text, limit)
    assert all(chunk.strip() and len(chunk.encode("utf-16-le")) // 2 <= limit for chunk in chunks)
    assert _without_fences("".join(f"{chunk}\n" for chunk in chunks)) == _without_fences(text)
    for atom in ATOMS:
        assert sum(chunk.count(atom) for chunk in chunks) == text.count(atom)
    if len(chunks) > 1:
        for chunk in chunks:
            assert len(re.findall(r"^[ \t]*```[^`\n]*$", chunk, re.MULTILINE)) % 2 == 0, chunk


@steady
@given(st.text(max_size=200), st.integers(2, 40))
def test_any_text_can_be_posted(text: str, limit: int) -> None:
    text = re.sub(r"[`\ud800-\udfff]", "", text)
    chunks = split(text, limit)
    assert all(chunk.strip() and len(chunk.encode("utf-16-le")) // 2 <= limit for chunk in chunks)
    assert re.sub(r"\s", "", "".join(chunks)) == re.sub(r"\s", "", text)


# Names


@steady
@given(st.one_of(st.text(max_size=100), st.text("dDiIscCoOrRdcClLyYdDeE \u200b\u00ad\n\0", max_size=90)))
def test_discord_takes_every_name(name: str) -> None:
    posted = webhook_name(name)
    visible = regex.sub(r"\p{Default_Ignorable_Code_Point}", "", posted)
    assert 1 <= len(posted) <= 80
    assert posted == posted.strip()
    assert visible.strip()
    assert not re.search("discord|clyde", posted + "\n" + visible, re.IGNORECASE)
    assert webhook_name(posted) == posted


# Repetition


@steady
@given(st.lists(st.text("abcdefghijklmnoprstuvwxyzдёж凛ひק", min_size=2, max_size=8), min_size=20, max_size=60))
def test_marks_and_case_make_no_reply_new(words: list[str]) -> None:
    dressed = "*" + " ".join(words).upper() + "*…\u200b 🙂"
    if "".join(words).upper().casefold() == "".join(words):
        assert same_as_before(dressed, ["Something else was said here before, at some length.", " ".join(words)]) == 1
    assert same_as_before(" ".join(words), []) is None


def _letters(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def _without_fences(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"^[ \t]*```[^`\n]*$", "", text, flags=re.MULTILINE))
