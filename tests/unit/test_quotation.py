from __future__ import annotations

import pytest

from tzurot.llm.quotation import Quotation


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("no code", []),
        ("say `this` and `that`", ["`this`", "`that`"]),
        ("``a ` b`` c", ["``a ` b``"]),
        ("a ` lone tick", []),
        ("a ` tick\n\nand ` another paragraph", []),
        ("over `a\nline`", ["`a\nline`"]),
        ("```py\nx = `1`\n\ny\n``` z", ["```py\nx = `1`\n\ny\n```"]),
        ("````\n```\n````", ["````\n```\n````"]),
        ("```\ncode ``` in a line\n```\n`after`", ["```\ncode ``` in a line\n```", "`after`"]),
        ("```\nnever closed", []),
    ],
)
def test_what_is_code(text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in Quotation(text).spans()] == quoted


def test_an_open_fence_is_seen_and_a_closed_one_is_not() -> None:
    assert Quotation("hi\n```\ncode").open_fence() == 3
    assert Quotation("hi\n```\ncode\n```").open_fence() is None
    assert Quotation("hi ` there").open_fence() is None


def test_pairing_begins_anew_where_one_starts_reading() -> None:
    text = "a ` b </think> `c` d"
    assert [text[slice(*span)] for span in Quotation(text).spans(text.index("</think>"))] == ["`c`"]
