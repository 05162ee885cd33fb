"""Errors as people on Discord read them: what happened, what to do, and the reference to quote."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hikari

    from tzurot.errors import TzurotError

LIMIT = 1900


def notice(error: TzurotError, reference: str = "") -> str:
    quoted = f" `{reference}`" if reference else ""
    return f"⚠️ {str(error)[:LIMIT]}{quoted}"


def reason(error: hikari.ClientHTTPResponseError) -> str:
    """Why Discord refused, as the end of a sentence."""
    return f"{error.message.rstrip('.') or error.status}."
