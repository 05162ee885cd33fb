"""Static embeddings: the mean of token vectors, from the weights inside the package wordllama.

The package itself is never imported: its `load()` asks a model hub, and its import costs 80 MB. Its table and
tokenizer are read here as they lie on disk (cosine to the package's own vectors: 1.0000).
"""

# PyStemmer carries no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import os
import zlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import regex
from Stemmer import Stemmer
from tokenizers import Tokenizer

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIMENSIONS = 256
SPACE = "wordllama-l2-256"
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
WORD = regex.compile(r"[\p{L}\p{N}]+", regex.VERSION1)
CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]", regex.VERSION1)
LONGEST_TEXT = 4000
STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been but by can could did do does for from had has
    have he her him his how i if in into is it its just me my no not of on or our out she so some such than that
    the their them then there these they this to too up us was we were what when where which who whom why will
    with would you your
    """.split()
)


class Embedder:
    """Texts to unit vectors. Loading takes about 50 ms and 25 MB; a text about 20 microseconds."""

    def __init__(self) -> None:
        package = find_spec("wordllama")
        if package is None or package.origin is None:
            raise Invalid("embedder.missing", "The package wordllama is not installed.", "Run the install step again.")
        home = Path(package.origin).parent
        self._tokenizer = Tokenizer.from_file(str(home / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._table = Table(home / WEIGHTS)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (number of texts, 256); the zero vector for a text without tokens."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            ids = self._tokenizer.encode(text[:LONGEST_TEXT], add_special_tokens=False).ids
            if ids:
                mean = self._table.rows(ids).mean(axis=0)
                vectors[row] = mean / (np.linalg.norm(mean) + 1e-9)
        return vectors


class Table:
    """The one matrix of a safetensors file (8 bytes of header length, JSON header, data), of which rows are read.

    Mapped into memory it would be faster by a few microseconds a text and cost up to 16 MB: the kernel brings in
    sixteen pages for every one that is touched.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)  # for the life of the process
        length = int.from_bytes(os.pread(self._file, 8, 0), "little")
        header = json.loads(os.pread(self._file, length, 8))
        (tensor,) = (value for key, value in header.items() if key != "__metadata__")
        self._kind = np.dtype({"F16": np.float16, "F32": np.float32}[tensor["dtype"]])
        self._columns: int = tensor["shape"][1]
        self._start: int = 8 + length + tensor["data_offsets"][0]

    def rows(self, ids: Sequence[int]) -> NDArray[np.float32]:
        size = self._columns * self._kind.itemsize
        found = b"".join(os.pread(self._file, size, self._start + row * size) for row in ids)
        return np.frombuffer(found, self._kind).reshape(len(ids), self._columns).astype(np.float32)


def quantise(vector: NDArray[np.float32]) -> tuple[bytes, float]:
    """A unit vector as int8 and the scale that brings it back."""
    scale = float(np.abs(vector).max()) / 127 or 1.0
    return np.round(vector / scale).astype(np.int8).tobytes(), scale


@cache
def _stemmer() -> Stemmer:  # pyright: ignore[reportUnknownParameterType]
    return Stemmer("english", 50_000)


def stems(text: str) -> NDArray[np.uint32]:
    """CRC-32 of every stem worth finding, in order; scripts without spaces give pairs of signs."""
    words: list[str] = []
    for word in WORD.findall(text.casefold()):
        if CJK.search(word):
            words.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif word not in STOP_WORDS:
            words.append(word)
    return np.array([zlib.crc32(stem.encode()) for stem in _stemmer().stemWords(words)], np.uint32)
