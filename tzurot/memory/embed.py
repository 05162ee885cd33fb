"""Static embeddings: the mean of token vectors, from the weights inside the package wordllama.

The package itself is never imported: its `load()` asks a model hub, and its import costs 80 MB. Its table and
tokenizer are read here as they lie on disk (cosine to the package's own vectors: 1.0000).
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
from tokenizers import Tokenizer

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIMENSIONS = 256
SPACE = "wordllama-l2-256.2"  # and the second way of stemming
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
LONGEST_TEXT = 4000
KEPT_ROWS = 2048  # 2 MB, where so many different words are used


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
    """Texts to unit vectors. Loading takes about 50 ms and 25 MB; a text about 20 microseconds."""

    space = SPACE
    dimensions = DIMENSIONS
    slow = False

    def __init__(self) -> None:
        package = find_spec("wordllama")
        if package is None or package.origin is None:
            raise Invalid("embedder.missing", "The package wordllama is not installed.", "Run the install step again.")
        home = Path(package.origin).parent
        self._tokenizer = Tokenizer.from_file(str(home / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # it takes a whole text for one word, and would keep ten thousand of them: 70 MB, and half of the time
        self._tokenizer.model._resize_cache(0)  # noqa: SLF001
        self._table = Table(home / WEIGHTS)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (number of texts, 256); the zero vector for a text without tokens."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            ids = self._tokenizer.encode(text[:LONGEST_TEXT], add_special_tokens=False).ids
            if ids:
                total = self._table.rows(ids).sum(axis=0)  # points where the mean does
                vectors[row] = total / (sqrt(total @ total) + 1e-9)
        return vectors


class Table:
    """The one matrix of a safetensors file (8 bytes of header length, JSON header, data), of which rows are read.

    Mapped into memory it would cost up to 16 MB: the kernel brings in sixteen pages for every one that is touched. The
    rows of words that come again are kept instead, and that is as fast.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)  # for the life of the process
        length = int.from_bytes(os.pread(self._file, 8, 0), "little")
        header = json.loads(os.pread(self._file, length, 8))
        (tensor,) = (value for key, value in header.items() if key != "__metadata__")
        self._kind = np.dtype({"F16": np.float16, "F32": np.float32}[tensor["dtype"]])
        self._columns: int = tensor["shape"][1]
        self._start: int = 8 + length + tensor["data_offsets"][0]

        self._kept = np.empty((KEPT_ROWS, self._columns), np.float32)
        self._places: dict[int, int] = {}
        self._alone = threading.Lock()

    def rows(self, ids: Sequence[int]) -> NDArray[np.float32]:
        if len(ids) > KEPT_ROWS // 4:
            return np.stack([self._read(row) for row in ids])
        with self._alone:  # searches run in threads too
            if len(self._places) + len(ids) > KEPT_ROWS:
                self._places.clear()
            return self._kept[[self._place(row) for row in ids]]

    def _place(self, row: int) -> int:
        place = self._places.get(row)
        if place is None:
            place = self._places[row] = len(self._places)
            self._kept[place] = self._read(row)
        return place

    def _read(self, row: int) -> NDArray[np.float32]:
        size = self._columns * self._kind.itemsize
        return np.frombuffer(os.pread(self._file, size, self._start + row * size), self._kind).astype(np.float32)


def quantise(vector: NDArray[np.float32]) -> tuple[bytes, float]:
    """A unit vector as int8 and the scale that brings it back."""
    scale = float(np.abs(vector).max()) / 127 or 1.0
    return np.round(vector / scale).astype(np.int8).tobytes(), scale
