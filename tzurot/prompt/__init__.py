"""How a prompt is made of blocks and fitted into a model's window: pure functions over values."""

from __future__ import annotations
