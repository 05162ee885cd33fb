"""Long-term memory: what was said between a persona and a character, found again when it matters."""

from __future__ import annotations
