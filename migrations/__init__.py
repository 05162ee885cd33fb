"""The database's schema, step by step; made by `tortoise makemigrations`, run when the process starts."""

from __future__ import annotations
