from __future__ import annotations

import pytest

from tzurot.discord.names import webhook_name
from tzurot.llm.reasoning import separate
from tzurot.pipeline.cleanup import clean
from tzurot.pipeline.split import split


@pytest.mark.parametrize(
    ("content", "visible"),
    [
        ("<think>No <think>b</think> Tea. <think>c</think> Cake.", "Tea. Cake."),
        ("<think>a ` b</think>Use `x`.", "Use `x`."),
        ("<think>it is `</think>` then</think>Tea.", "Tea."),
        ("<think>x</think>`ls` lists.", "`ls` lists."),
        ("<think>```\nx</think>\nTea\n```py\ny\n```", "Tea\n```py\ny\n```"),
        ("<think>Hm.</think>... fine.", "... fine."),
        ("Good evening!</think><think>later</think>", "Good evening!"),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Tea.<|END_RESPONSE|>", "Tea."),
    ],
)
def test_speech_without_thoughts(content: str, visible: str) -> None:
    assert separate(content).visible == visible


@pytest.mark.parametrize("details", ["oops", 3, None, [None, 3, "x", {"type": "reasoning.text"}, {"text": 4}]])
def test_broken_details_are_no_thoughts(details: object) -> None:
    assert separate("Tea.", None, details).thoughts == ""


def test_a_thought_that_comes_in_two_fields_is_kept_once() -> None:
    assert separate("Tea.", "One.", [{"type": "reasoning.text", "text": "One."}]).thoughts == "One."


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ('He read: "Dear all,\nBob: come."', 'He read: "Dear all,\nBob: come."'),
        ("Ha! " * 40, ("Ha! " * 40).strip()),
        ("[Nov 20, 2026 at 2:02 PM] **Emery** (2m ago): hi", "hi"),
        ("[2 hours later] hi", "[2 hours later] hi"),
        ("run </memory search:123456>", "run </memory search:123456>"),
        ("<|im_start|>assistant\nHi<|im_end|>\n<|im_start|>user\nand", "Hi"),
        ("Hi <s>no</s> yes</s>", "Hi <s>no</s> yes"),
        ("<a>x</a> and <a>y</a>", "<a>x</a> and <a>y</a>"),
        ("Emery: <reply>Emery: hi\n\nBob: thanks</reply>", "hi"),
    ],
)
def test_what_of_a_reply_is_said(reply: str, said: str) -> None:
    assert clean(reply, character="Emery", user="Bob") == said


def test_a_code_block_that_fits_is_not_cut_and_its_neighbours_are_no_part_of_it() -> None:
    text = "intro words go here\n```py\ncode one\n```\n```js\ncode two\n```"
    assert split(text, 30) == ("intro words go here", "```py\ncode one\n```", "```js\ncode two\n```")


@pytest.mark.parametrize("name", ["Dis\u200bcord", "cl\u00adyde", "Di\u017fcord"])
def test_words_hidden_from_the_eye_are_still_refused(name: str) -> None:
    assert webhook_name(name) == name.replace("o", "0").replace("e", "3")
