"""Which model answers: the configured one, else a server on this machine, else the small model of the extra `local`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tzurot.errors import Invalid
from tzurot.llm.chat import Route
from tzurot.llm.local import SMALL_CONTEXT, SMALL_MODEL, LocalModel, find_server, small_model_file

if TYPE_CHECKING:
    from pathlib import Path

    from tzurot.config import Config
    from tzurot.outbound import Outbound

SMALL_REPLY_TOKENS = 120
SMALL_TEMPERATURE = 0.6
SMALL_SAMPLERS = {"repeat_penalty": 1.2, "min_p": 0.1}  # it loops without
FILE_CONTEXT = 8192
FILE_REPLY_TOKENS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The route (None where there is no model), what to say of it, and what to close at the end."""

    route: Route | None
    said: str
    served: LocalModel | None = None


async def choose(
    config: Config, outbound: Outbound, *, model: str = "", file: Path | None = None, small: bool
) -> Chosen:
    """Find the model to talk to.

    `file` is a GGUF file to serve; `small` allows the small model where nothing else is found.

    Raises:
        Invalid: a model file cannot be served, or nobody here has the `model` that was named.

    """
    if file is not None:
        return await _serve(config, file, file.stem, FILE_CONTEXT, FILE_REPLY_TOKENS, "")
    if config.llm_base_url:
        route = configured(config, model or config.llm.model)
        return Chosen(route=route, said=f"{route.model or 'the server’s own model'} at {route.host}")
    found = await find_server(outbound, model or config.llm.model)
    if found is not None:
        route = _with_limits(config, found.base_url, found.model, config.llm.context_tokens, config.llm.reply_tokens)
        return Chosen(route=route, said=f"{found.model}, found at {found.name} on this machine")
    if model.casefold() not in SMALL_MODEL.casefold():
        raise Invalid(
            "llm.model_unknown",
            f"No server on this machine has a model called “{model}”.",
            "Name one that Ollama, llama.cpp or LM Studio runs here, a .gguf file, or `qwen`; or set llm.base_url.",
        )
    weights = small_model_file() if small else None
    if weights is None:
        return Chosen(route=None, said="no model: none is configured, and no local server was found")
    warning = (
        ". It has 135 million parameters and only shows that everything works: for a real conversation run"
        " `make play MODEL=qwen`, start Ollama, or set llm.base_url in config.toml"
    )
    chosen = await _serve(config, weights, SMALL_MODEL, SMALL_CONTEXT, SMALL_REPLY_TOKENS, warning)
    assert chosen.route is not None
    return replace(chosen, route=replace(chosen.route, temperature=SMALL_TEMPERATURE, samplers=SMALL_SAMPLERS))


def configured(config: Config, model: str) -> Route:
    return _with_limits(
        config, config.llm_base_url, model, config.llm.context_tokens, config.llm.reply_tokens, config.llm_key
    )


async def _serve(config: Config, file: Path, name: str, context: int, reply_tokens: int, warning: str) -> Chosen:
    served = await LocalModel.start(file, name, context)
    route = _with_limits(config, served.found.base_url, name, context, reply_tokens)
    return Chosen(route=route, said=f"{name}, run by this process{warning}", served=served)


def _with_limits(
    config: Config, base_url: str, model: str, context: int, reply_tokens: int, api_key: str = ""
) -> Route:
    return Route(
        base_url=base_url,
        model=model,
        api_key=api_key,
        temperature=config.llm.temperature,
        context_tokens=context,
        reply_tokens=reply_tokens,
        attempts=config.llm.attempts,
        first_token_s=config.llm.first_token_s,
        stall_s=config.llm.stall_s,
        total_s=config.llm.total_s,
        reply_limit_bytes=config.llm.reply_limit_bytes,
    )
