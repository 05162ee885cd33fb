"""What people can tune: every setting declared once, and how the value that holds is found."""

from __future__ import annotations
