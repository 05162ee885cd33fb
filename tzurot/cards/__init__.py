"""Character cards: pure values and the readers of their files."""

from __future__ import annotations
