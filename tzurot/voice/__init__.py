"""Hearing: from recordings to words."""

from __future__ import annotations
