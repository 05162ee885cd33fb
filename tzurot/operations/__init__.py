"""What whoever hosts the bot does with it."""

from __future__ import annotations
