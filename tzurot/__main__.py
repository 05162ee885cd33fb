"""`python -m tzurot` is `tzurot`."""

from __future__ import annotations

import sys

from tzurot.cli import main

sys.exit(main())
