"""The second front: one person, one terminal, the same pipeline."""

from __future__ import annotations
