"""Discord's errors, by the numbers it documents."""

from __future__ import annotations

from typing import Any

SENTENCES = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (404, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30007: (400, "Maximum number of webhooks reached (15)"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
}


class Refusal(Exception):
    """An error that Discord would answer with."""

    def __init__(
        self, code: int, *, status: int = 0, message: str = "", errors: Any = None, malformed: bool = False
    ) -> None:
        known = SENTENCES.get(code, (400, "General error"))
        self.code = code
        self.status = status or known[0]
        self.sentence = message or known[1]
        self.errors = errors
        self.malformed = malformed  # no state of the world could have made this request right
        super().__init__(f"{self.code}: {self.sentence}")

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.sentence, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def bad_field(field: str, code: str, sentence: str, *, malformed: bool = True) -> Refusal:
    """50035 with Discord's nested shape: which field, and why."""
    errors: Any = {"_errors": [{"code": code, "message": sentence}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return Refusal(50035, errors=errors, malformed=malformed)
