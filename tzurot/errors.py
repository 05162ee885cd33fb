"""What can go wrong, as people are told it.

TzurotError
+-- Refused          the asker may not
+-- NotFound         there is no such thing
+-- Invalid          what was given cannot be used
+-- ProviderFailed   the language model's side failed
+-- StoreDown        the database cannot be reached or used
+-- CannotSpeak      the place will not take the reply
+-- TooBusy          ask again a little later

Anything else that is raised is a bug: it is logged with the turn's reference, and the person sees one plain
sentence with that same reference.
"""

from __future__ import annotations


class TzurotError(Exception):
    """One sentence that says what happened, and a remedy that says what to do about it.

    `code` is a stable dotted name (`llm.timeout`), the key of a later catalogue of translations;
    `retry_after_s` is how many seconds until trying again makes sense, where that is known.
    """

    def __init__(self, code: str, sentence: str, remedy: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(code, sentence, remedy)
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        """What happened and what to do, as one line."""
        return f"{self.sentence} {self.remedy}".strip()


class Refused(TzurotError): ...


class NotFound(TzurotError): ...


class Invalid(TzurotError): ...


class ProviderFailed(TzurotError): ...


class StoreDown(TzurotError): ...


class CannotSpeak(TzurotError): ...


class TooBusy(TzurotError): ...


def bug() -> TzurotError:
    """What a person is told when something happened that no error above stands for."""
    return TzurotError(
        "bug", "Something went wrong inside the bot.", "Please tell its host, with the time it happened."
    )
