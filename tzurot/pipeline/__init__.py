"""One message on its way from a place to an answer in it."""

from __future__ import annotations
