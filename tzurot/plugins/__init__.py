"""Slash commands, one module per group; none knows another. `serve` makes them all."""

from __future__ import annotations
