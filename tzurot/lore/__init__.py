"""Lorebooks: what a world knows, and which of it a conversation calls up. Pure functions over values."""

from __future__ import annotations
