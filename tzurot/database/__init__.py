"""Postgres: the embedded server, the one pool, migrations."""

from __future__ import annotations
