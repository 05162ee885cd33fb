"""The pieces of words are those that the library reads from the same file."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tzurot.memory.embed import TOKENIZER, Embedder
from tzurot.memory.pieces import LONGEST, Pieces, words

SIGNS = st.characters(exclude_characters=" ▁", exclude_categories=["Cs"])


def home() -> Path:
    package = find_spec("wordllama")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / TOKENIZER


@cache
def theirs() -> Tokenizer:
    return Tokenizer.from_file(str(home()))


@cache
def ours() -> Pieces:
    return Pieces(home())


@given(st.text(SIGNS, min_size=1, max_size=LONGEST - 1))
def test_a_word_falls_into_the_same_pieces(word: str) -> None:
    (whole,) = words(word)
    assert ours().ids(whole) == theirs().encode(word, add_special_tokens=False).ids


@given(
    st.lists(st.from_regex(r"[A-Za-z0-9,.!?'éüß日本\n-]{1,20}", fullmatch=True), min_size=1),
    st.sampled_from([" ", "  ", "   ", "    ", "     "]),
    st.sampled_from(["", " ", "  "]),
)
def test_no_piece_reaches_over_spaces(said: list[str], spaces: str, end: str) -> None:
    text = spaces.join(said) + end
    found = [piece for word in words(text) for piece in ours().ids(word)]
    assert found == theirs().encode(text, add_special_tokens=False).ids


@given(st.text(max_size=5000))
def test_every_text_has_pieces_of_bounded_length(text: str) -> None:
    found = words(text)
    assert max(map(len, found), default=0) <= LONGEST
    assert sum(map(len, found)) == (len(text) + 1 if text else 0)
    for word in found:
        assert all(piece < 32_000 for piece in ours().ids(word))


def test_a_text_means_the_same_whatever_was_read_before() -> None:
    first, many = Embedder(), Embedder()
    many.encode([f"word{n} other{n}" for n in range(5000)])  # more than it keeps
    text = ["I bought the harbour near the winter.", "", "日本語のテキスト"]
    assert np.allclose(first.encode(text), many.encode(text))
    assert np.allclose(np.linalg.norm(first.encode(text), axis=1), [1, 0, 1])
