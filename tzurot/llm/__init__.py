"""Language models: any OpenAI-compatible server, asked over HTTP."""

from __future__ import annotations
