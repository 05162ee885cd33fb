"""Discord as a front: the one floor below the plugins that knows hikari."""

from __future__ import annotations
