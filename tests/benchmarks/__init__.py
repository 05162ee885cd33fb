"""What is measured, and how; every figure in the docs names the command that prints it."""

from __future__ import annotations
