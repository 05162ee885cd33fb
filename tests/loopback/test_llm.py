"""The scripted language model: what it says, and every way in which it fails."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.loopback.llm import Empty, HalfStream, Html, Huge, Never, Nothing, ScriptedLLM, Slow, Status, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HELLO = {"model": "scripted/one", "messages": [{"role": "user", "content": "hello"}]}
STREAMED = HELLO | {"stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def ask(http: aiohttp.ClientSession, llm: ScriptedLLM, body: dict[str, Any]) -> tuple[int, str]:
    async with http.post(f"{llm.base_url}/chat/completions", json=body) as answer:
        return answer.status, await answer.text()


def words(stream: str) -> str:
    """The text of a stream's events."""
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    deltas = [choice["delta"] for event in events for choice in event["choices"]]
    return "".join(delta.get("content", "") for delta in deltas)


async def test_it_answers_what_was_scripted_then_the_default(llm: ScriptedLLM, http: aiohttp.ClientSession) -> None:
    llm.say("Good evening.", Text("Hm.", reasoning="They greet me.", finish="length"))
    _, first = await ask(http, llm, HELLO)
    assert json.loads(first)["choices"][0]["message"]["content"] == "Good evening."
    _, second = await ask(http, llm, HELLO)
    choice = json.loads(second)["choices"][0]
    assert (choice["finish_reason"], choice["message"]["reasoning"]) == ("length", "They greet me.")
    _, third = await ask(http, llm, HELLO)
    assert json.loads(third)["choices"][0]["message"]["content"] == "I heard: hello"
    assert llm.requests[0].prompt == "hello"
    assert llm.requests[0].received_ns < llm.requests[0].finished_ns <= llm.requests[1].received_ns


async def test_a_stream_carries_the_words_and_the_bill(llm: ScriptedLLM, http: aiohttp.ClientSession) -> None:
    llm.say(Text("one two three four five", tokens_per_chunk=2, reasoning="hm"))
    _, stream = await ask(http, llm, STREAMED)
    assert words(stream) == "one two three four five"
    assert '"usage"' in stream
    assert stream.rstrip().endswith("data: [DONE]")


async def test_providers_fail_in_their_ways(llm: ScriptedLLM, http: aiohttp.ClientSession) -> None:
    llm.say(Status(429, {"Retry-After": "1"}), Html(), Empty(), Slow("late", 0.05), Huge(1.5))
    async with http.post(f"{llm.base_url}/chat/completions", json=HELLO) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert "<h1>" in (await ask(http, llm, HELLO))[1]
    assert json.loads((await ask(http, llm, HELLO))[1])["choices"][0]["message"]["content"] == ""
    await ask(http, llm, HELLO)
    slow = llm.requests[-1]
    assert slow.finished_ns - slow.received_ns >= 50_000_000
    assert len((await ask(http, llm, STREAMED))[1]) >= 1_500_000


@pytest.mark.parametrize("answer", [Nothing(), HalfStream("Once upon a time")])
async def test_connections_are_cut(llm: ScriptedLLM, http: aiohttp.ClientSession, answer: Any) -> None:
    llm.say(answer)
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(http, llm, STREAMED)


async def test_silence_ends_when_the_client_or_the_server_does(llm: ScriptedLLM, http: aiohttp.ClientSession) -> None:
    llm.say(Never(), Never(headers="sent"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await ask(http, llm, STREAMED)
    waiting = asyncio.ensure_future(ask(http, llm, STREAMED))
    await llm.asked(2)
    await llm.stop()
    with pytest.raises(aiohttp.ClientError):
        await waiting


async def test_models_are_listed(llm: ScriptedLLM, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{llm.base_url}/models") as answer:
        assert [one["id"] for one in (await answer.json())["data"]] == ["scripted/one", "scripted/two"]
