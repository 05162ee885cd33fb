"""Fuzz targets: a few thousand inputs run with the tests, `make fuzz` runs as many as are wanted."""

from __future__ import annotations
