"""The language model's client against real servers: what it hears, what it tries again, and how it words failures."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from llm_wire import KEY, Asked, ask, outbound, plain, raw_server, route, says

from tests.loopback.llm import Empty, HalfStream, Html, Huge, Never, ScriptedLLM, Slow, Status, Text
from tzurot.llm.chat import Usage
from tzurot.llm.client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STREAM = (
    'data: {"model":"m","choices":[{"delta":{"content":"Grüße, "}}]}\n\n'
    ": a comment that keeps the line open\n\n"
    'data:{"choices":[{"delta":{"content":"凛 🎏"},"finish_reason":"stop"}]}\n\n'
    'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}\n\n'
    "data: [DONE]\n\n"
).encode()


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with outbound() as made:
        yield Client(made)


def all_of(asked: Asked) -> tuple[str, str, Usage]:
    assert asked.answer is not None, asked.error
    return asked.answer.text, asked.answer.finish, asked.answer.usage


async def test_a_stream_cut_at_any_byte_is_the_same_answer(client: Client) -> None:
    whole = ("Grüße, 凛 🎏", "stop", Usage(prompt_tokens=9, reply_tokens=4))
    cuts = [says(STREAM[:at], STREAM[at:]) for at in range(len(STREAM))]
    async with raw_server(*cuts, says(STREAM)) as url:
        for at in range(len(STREAM)):
            asked = await ask(client, route(url))
            assert all_of(asked) == whole, at
            assert "".join(piece.text for piece in asked.pieces) == whole[0]


async def test_lines_may_end_as_on_windows(client: Client) -> None:
    crlf = STREAM.replace(b"\n", b"\r\n")
    async with raw_server(says(crlf), says(*(crlf[at : at + 1] for at in range(len(crlf))))) as url:
        for _ in range(2):
            assert (await ask(client, route(url))).text == "Grüße, 凛 🎏"


async def test_a_stream_that_names_its_end_needs_no_last_word(client: Client) -> None:
    """Some servers send the finish reason and close; without either the answer was cut off."""
    finished, unfinished = STREAM.partition(b'data: {"choices":[],')[0], STREAM.partition(b"data:{")[0]
    async with raw_server(says(finished), says(unfinished)) as url:
        assert (await ask(client, route(url))).text == "Grüße, 凛 🎏"
        assert (await ask(client, route(url))).code == "llm.cut_off"


async def test_a_server_that_does_not_stream_is_heard_too(client: Client) -> None:
    body = (
        '{"model":"m","choices":[{"message":{"content":"Grüße"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9}}'
    )
    async with raw_server(plain("200 OK", "application/json; charset=utf-8", body.encode())) as url:
        assert all_of(await ask(client, route(url))) == ("Grüße", "stop", Usage(prompt_tokens=9))


async def test_thoughts_words_end_and_bill_arrive(client: Client, llm: ScriptedLLM) -> None:
    llm.say(Text("Mind the step, sailor, it is wet.", reasoning="They greet me.", finish="length"))
    asked = await ask(client, route(llm.base_url))
    assert asked.answer is not None
    assert (asked.text, asked.answer.reasoning) == ("Mind the step, sailor, it is wet.", "They greet me.")
    assert (asked.answer.finish, asked.answer.model) == ("length", "scripted")
    assert asked.answer.usage.prompt_tokens > 0
    assert [attempt.outcome for attempt in asked.answer.attempts] == ["ok"]
    (came,) = llm.requests
    assert came.headers["Authorization"] == f"Bearer {KEY}"
    assert (came.body["model"], came.body["stream"]) == ("scripted", True)


async def test_without_a_key_no_authorisation_is_sent(client: Client, llm: ScriptedLLM) -> None:
    assert (await ask(client, route(llm.base_url, api_key=""))).text == "I heard: hello"
    assert "Authorization" not in llm.requests[0].headers


# Trying again


async def test_what_may_pass_is_tried_again_as_often_as_allowed(client: Client, llm: ScriptedLLM) -> None:
    llm.say(Status(503), Status(429), "There you are.")
    asked = await ask(client, route(llm.base_url, attempts=3))
    assert asked.text == "There you are."
    assert asked.outcomes == ["llm.down", "llm.busy"]
    assert asked.answer is not None
    assert [one.outcome for one in asked.answer.attempts] == ["llm.down", "llm.busy", "ok"]
    assert all(one.took_ms > 0 for one in asked.answer.attempts)
    assert asked.restarts == 2


async def test_at_the_last_attempt_the_failure_stands(client: Client, llm: ScriptedLLM) -> None:
    llm.say(*[Status(500)] * 5)
    asked = await ask(client, route(llm.base_url, attempts=2))
    assert (asked.code, asked.outcomes, len(llm.requests)) == ("llm.down", ["llm.down"] * 2, 2)


async def test_a_busy_server_says_how_long_to_wait(client: Client, llm: ScriptedLLM) -> None:
    """Of itself the client waits 0.4 to 1.4 seconds before a second attempt."""
    llm.say(Status(429, {"Retry-After": "1.6"}), "Now.", Status(429, {"Retry-After": "0"}), "At once.")
    began = monotonic()
    assert (await ask(client, route(llm.base_url, attempts=2))).text == "Now."
    waited = monotonic() - began
    assert (await ask(client, route(llm.base_url, attempts=2))).text == "At once."
    assert 1.6 <= waited < 4


async def test_a_wait_beyond_the_deadline_is_not_begun(client: Client, llm: ScriptedLLM) -> None:
    llm.say(Status(429, {"Retry-After": "20"}), "Too late.")
    asked = await ask(client, route(llm.base_url, attempts=2, total_s=10))
    assert (asked.code, len(llm.requests)) == ("llm.busy", 1)
    assert asked.error is not None
    assert asked.error.retry_after_s == 20


@pytest.mark.parametrize("header", ["soon", "-5", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_strange_wait_is_no_harm(client: Client, llm: ScriptedLLM, header: str) -> None:
    llm.say(Status(429, {"Retry-After": header}), "Now.")
    assert (await ask(client, route(llm.base_url, attempts=2))).text == "Now."


async def test_what_was_shown_is_not_said_again(client: Client, llm: ScriptedLLM) -> None:
    llm.say(HalfStream("Once upon a time there was"), "Never asked for.")
    asked = await ask(client, route(llm.base_url, attempts=3), may_restart=False)
    assert (asked.code, asked.restarts, len(llm.requests)) == ("llm.cut_off", 1, 1)
    assert "".join(piece.text for piece in asked.pieces).startswith("Once upon")


async def test_what_was_not_shown_is_taken_back_and_asked_for_again(client: Client, llm: ScriptedLLM) -> None:
    llm.say(HalfStream("Once upon a time there was"), Empty(), "There.")
    asked = await ask(client, route(llm.base_url, attempts=3))
    assert "".join(piece.text for piece in asked.pieces) == asked.text == "There."
    assert asked.outcomes == ["llm.cut_off", "llm.empty"]


# Deadlines


@pytest.mark.parametrize("headers", ["sent", "withheld"])
async def test_the_first_word_is_waited_for_only_so_long(client: Client, llm: ScriptedLLM, headers: str) -> None:
    llm.say(Never("sent" if headers == "sent" else "withheld"))
    began = monotonic()
    asked = await ask(client, route(llm.base_url, first_token_s=0.2))
    assert (asked.code, asked.outcomes) == ("llm.timeout", ["llm.timeout"])
    assert 0.2 <= monotonic() - began < 2


async def test_between_words_only_a_shorter_pause_is_allowed(client: Client, llm: ScriptedLLM) -> None:
    llm.say(
        Text("one two three four five six", tokens_per_chunk=1, between_chunks_s=0.05),
        Text("a b", tokens_per_chunk=1, between_chunks_s=5),
    )
    assert (await ask(client, route(llm.base_url, first_token_s=0.2, stall_s=0.2))).text.endswith("six")
    began = monotonic()
    stalled = await ask(client, route(llm.base_url, first_token_s=4, stall_s=0.2), may_restart=False)
    assert (stalled.code, stalled.pieces[0].text) == ("llm.timeout", "a")
    assert monotonic() - began < 2


async def test_a_comment_every_now_and_then_is_no_first_word(client: Client) -> None:
    async def mumble(writer: asyncio.StreamWriter) -> None:
        await says(b": PROCESSING\n\n")(writer)
        while not writer.is_closing():
            writer.write(b": PROCESSING\n\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw_server(mumble) as url:
        assert (await ask(client, route(url, first_token_s=0.3))).code == "llm.timeout"


async def test_all_attempts_together_have_one_end(client: Client, llm: ScriptedLLM) -> None:
    llm.say(*[Slow("late", 0.3)] * 9)
    began = monotonic()
    asked = await ask(client, route(llm.base_url, attempts=9, first_token_s=0.25, total_s=0.6))
    assert asked.code == "llm.timeout"
    assert monotonic() - began < 2
    assert 1 <= len(llm.requests) <= 3


# Failures in words


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "llm.refused", "refused the request (HTTP 400): scripted 400"),
        (401, "llm.key", "does not accept the API key"),
        (402, "llm.credit", "has no credit left"),
        (403, "llm.key", "does not accept the API key"),
        (404, "llm.model_unknown", "does not know the model “scripted”"),
        (408, "llm.down", "failed (HTTP 408)"),
        (413, "llm.refused", "refused the request (HTTP 413): scripted 413"),
        (425, "llm.down", "failed (HTTP 425)"),
        (429, "llm.busy", "is busy"),
        (500, "llm.down", "failed (HTTP 500)"),
        (502, "llm.down", "failed (HTTP 502)"),
        (503, "llm.down", "failed (HTTP 503)"),
        (302, "llm.refused", "refused the request (HTTP 302)"),
    ],
)
async def test_each_refusal_has_its_sentence(
    client: Client, llm: ScriptedLLM, status: int, code: str, words: str
) -> None:
    llm.say(Status(status))
    asked = await ask(client, route(llm.base_url))
    assert (asked.code, asked.outcomes) == (code, [code])
    assert words in str(asked.error)
    assert asked.error is not None
    assert asked.error.remedy
    assert KEY not in f"{asked.error!r}{asked.error}"


async def test_only_what_may_pass_is_worth_another_try(client: Client, llm: ScriptedLLM) -> None:
    for status in (400, 401, 402, 403, 404, 413):
        llm.say(Status(status))
        assert (await ask(client, route(llm.base_url, attempts=3))).error is not None
    assert len(llm.requests) == 6


@pytest.mark.parametrize("body", ["oops", "", {"detail": "x"}, {"error": "plain"}, ["list"], "x" * 100_000])
async def test_a_refusal_whose_body_is_anything_is_still_a_sentence(
    client: Client, llm: ScriptedLLM, body: object
) -> None:
    llm.say(Status(400, body=body), Status(500, body=body))
    for code in ("llm.refused", "llm.down"):
        asked = await ask(client, route(llm.base_url))
        assert asked.code == code
        assert len(str(asked.error)) < 500


async def test_what_is_no_model_is_told_from_one(client: Client, llm: ScriptedLLM) -> None:
    llm.say(Html())
    assert (await ask(client, route(llm.base_url))).code == "llm.not_api"
    async with raw_server(plain("200 OK", "text/plain", b"hello"), plain("200 OK", "application/json", b"[]")) as url:
        assert [(await ask(client, route(url))).code for _ in range(2)] == ["llm.not_api"] * 2


async def test_an_error_in_the_middle_of_a_stream_is_the_servers_own(client: Client) -> None:
    broken = STREAM.partition(b"data:{")[0] + b'data: {"error":{"message":"Provider disconnected"}}\n\n'
    async with raw_server(says(broken)) as url:
        asked = await ask(client, route(url))
    assert asked.code == "llm.error"
    assert "Provider disconnected" in str(asked.error)
    assert [piece.text for piece in asked.pieces] == ["Grüße, "]  # what came before it, in the same packet, was heard


async def test_nobody_there_silence_and_a_hung_up_line_are_told_apart(client: Client) -> None:
    async with raw_server(says()) as url:
        pass
    assert (await ask(client, route(url))).code == "llm.unreachable"
    async with raw_server(says(head=b"")) as url:
        assert (await ask(client, route(url))).code in {"llm.unreachable", "llm.cut_off"}
    async with raw_server(says(), says(STREAM[:20])) as url:
        assert [(await ask(client, route(url))).code for _ in range(2)] == ["llm.empty", "llm.cut_off"]


async def test_an_answer_without_end_is_dropped(client: Client, llm: ScriptedLLM) -> None:
    llm.say(Huge(100))
    asked = await ask(client, route(llm.base_url, attempts=3, reply_limit_bytes=16 * 1024))
    assert asked.code == "llm.too_much"
    assert len(llm.requests) == 1
    assert sum(len(piece.text) for piece in asked.pieces) < 40 * 16 * 1024


async def test_neither_one_line_nor_one_document_may_grow_without_end(client: Client) -> None:
    flood = b"x" * 100_000

    async def pour(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(flood)
            await writer.drain()

    async def one_line(writer: asyncio.StreamWriter) -> None:
        await says(b"data: ")(writer)
        await pour(writer)

    async def one_document(writer: asyncio.StreamWriter) -> None:
        await says(head=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")(writer)
        await pour(writer)

    async def refusal(writer: asyncio.StreamWriter) -> None:
        await says(head=b"HTTP/1.1 400 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")(writer)
        await pour(writer)

    async with raw_server(one_line, one_document, refusal) as url:
        codes = [(await ask(client, route(url, reply_limit_bytes=4096))).code for _ in range(3)]
    assert codes == ["llm.too_much", "llm.too_much", "llm.refused"]
