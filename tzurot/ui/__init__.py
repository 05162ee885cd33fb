"""Screens as values: what is shown, without a word about where."""

from __future__ import annotations
