"""Static embeddings: the mean of token vectors, from the weights inside the package wordllama.

The package itself is never imported: its `load()` asks a model hub, and its import costs 80 MB. Its table and
vocabulary are read here as they lie on disk (cosine to the package's own vectors: 1.0000 for words of up to 63 signs).
"""

from __future__ import annotations

import json
import os
import threading
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tzurot.errors import Invalid
from tzurot.memory.pieces import Pieces, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIMENSIONS = 256
SPACE = "wordllama-l2-256.2"  # and the second way of stemming
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
LONGEST_TEXT = 4000
KEPT_WORDS = 4096  # 4 MB, where so many different ones are used; more than a text can have


class Encoder(Protocol):
    """Makes unit vectors of texts. `space` names what its vectors can be compared with; `slow`: not on the loop."""

    @property
    def space(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def slow(self) -> bool: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Embedder:
    """Texts to unit vectors. Loading takes about 20 ms and 5 MB; a text about 10 microseconds.

    No piece reaches over a run of spaces, so the words that come again are kept as the sums of their pieces' vectors.
    """

    space = SPACE
    dimensions = DIMENSIONS
    slow = False

    def __init__(self) -> None:
        package = find_spec("wordllama")
        if package is None or package.origin is None:
            raise Invalid("embedder.missing", "The package wordllama is not installed.", "Run the install step again.")
        home = Path(package.origin).parent
        self._pieces = Pieces(home / TOKENIZER)
        self._table = Table(home / WEIGHTS)
        self._words = np.empty((KEPT_WORDS, DIMENSIONS), np.float32)
        self._places: dict[str, int] = {}
        self._alone = threading.Lock()  # searches run in threads too

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (number of texts, 256); the zero vector for a text without tokens."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        with self._alone:
            for row, text in enumerate(texts):
                places = self._places_of(words(text[:LONGEST_TEXT]))
                total = np.add.reduce(self._words.take(places, axis=0), axis=0)
                vectors[row] = total / (sqrt(total @ total) + 1e-9)  # it points where the mean does
        return vectors

    def _places_of(self, found: Sequence[str]) -> list[int]:
        """The rows of words in the table of sums, which takes in those that are new."""
        try:
            return [self._places[word] for word in found]
        except KeyError:
            if len(self._places) + len(found) > KEPT_WORDS:
                self._places.clear()
            for word in found:
                if word not in self._places:
                    self._words[len(self._places)] = self._table.rows(self._pieces.ids(word)).sum(axis=0)
                    self._places[word] = len(self._places)
            return [self._places[word] for word in found]


class Table:
    """The one matrix of a safetensors file (8 bytes of header length, JSON header, data), of which rows are read.

    Mapped into memory it would cost up to 16 MB: the kernel brings in sixteen pages for every one that is touched.
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
