"""What is kept: plain SQL that returns frozen values, one module per subject.

`schema` declares the tables for migrations. Nothing asks through its models: ORM objects cost a third of the
throughput.
"""

from __future__ import annotations
