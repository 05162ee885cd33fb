"""Tzurot: a Discord bot through which people talk with AI characters that remember them."""

from __future__ import annotations

import os
import sys

__version__ = "0.1.0"

# Read once by numpy's BLAS and by OpenMP when they load, so set before anything else. A second BLAS thread makes a
# 10,000-row search sixty times slower on a busy machine, and spinning OpenMP threads starve the event loop.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # noqa: TID251
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # noqa: TID251

# httpx loads its own command line, and with it 8 MB of rich and pygments, wherever those are installed. A module that
# is None cannot be imported, which httpx is prepared for.
sys.modules.setdefault("httpx._main", None)  # pyright: ignore[reportArgumentType]
