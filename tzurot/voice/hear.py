"""From a recording to the words that are said in it, by whichever service the host has named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

import orjson

from tzurot.errors import Invalid, ProviderFailed
from tzurot.talk import storable

if TYPE_CHECKING:
    from tzurot.config import Config
    from tzurot.outbound import Outbound

ANSWER_BYTES = 1024 * 1024
LONGEST_TEXT = 8000
TOTAL_S = 60.0
OK = 200
SERVER_FAULT = 500

KEY = ("voice.key", "does not accept the API key", "The host should check voice.transcription_api_key.")
REFUSALS = {
    401: KEY,
    403: KEY,
    402: ("voice.credit", "has no credit left for this", "The host should top it up."),
    404: ("voice.unknown", "does not know the address or the model", "The host should check the section [voice]."),
    413: ("voice.too_large", "does not take so long a recording", "Send a shorter one."),
    429: ("voice.busy", "is busy", "Try again in a minute."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    name: str
    media_type: str
    content: bytes = field(repr=False)


class Transcriber(Protocol):
    async def __call__(self, recording: Recording) -> str:
        """What is said in a recording; empty where nobody says anything.

        Raises:
            ProviderFailed: the service cannot be reached, or does not take it.

        """
        ...


class OpenAiTranscriber:
    """`POST {base_url}/audio/transcriptions`: OpenAI, Groq, and most whisper servers."""

    def __init__(self, outbound: Outbound, *, base_url: str, model: str, api_key: str) -> None:
        self._outbound = outbound
        self._url = f"{base_url}/audio/transcriptions"
        self._host = urlsplit(base_url).netloc.rpartition("@")[2]
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else None

    async def __call__(self, recording: Recording) -> str:
        try:
            answer = await self._outbound.upload(
                self._url,
                fields={"model": self._model, "response_format": "json"},
                file=(recording.name, recording.content, recording.media_type.partition(";")[0]),
                headers=self._headers,
                limit_bytes=ANSWER_BYTES,
                timeout_s=TOTAL_S,
            )
        except Invalid:
            raise self._failed("voice.unreachable", "does not answer", "Try again in a minute.") from None
        if answer.status != OK:
            raise self._refusal(answer.status)
        try:
            text = cast("dict[str, Any]", orjson.loads(answer.content))["text"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            text = None
        if not isinstance(text, str):
            raise self._failed(
                "voice.not_api",
                "answered with something that is no transcription",
                "The host should check voice.transcription_url: it usually ends in /v1.",
            )
        return storable(text).strip()[:LONGEST_TEXT]

    def _refusal(self, status: int) -> ProviderFailed:
        if status >= SERVER_FAULT:
            return self._failed("voice.down", f"failed (HTTP {status})", "Try again in a minute.")
        usual = ("voice.refused", f"did not take the recording (HTTP {status})", "Write it instead.")
        return self._failed(*REFUSALS.get(status, usual))

    def _failed(self, code: str, what: str, remedy: str) -> ProviderFailed:
        return ProviderFailed(code, f"The transcription service at {self._host} {what}.", remedy)


def transcriber_of(config: Config, outbound: Outbound) -> Transcriber | None:
    """The one that is configured, if any is."""
    voice = config.voice
    if not voice.transcription_url:
        return None
    return OpenAiTranscriber(
        outbound,
        base_url=voice.transcription_url,
        model=voice.transcription_model,
        api_key=voice.transcription_api_key.get_secret_value(),
    )
