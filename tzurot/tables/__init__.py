"""What is kept: Tortoise tables with their own queries, one module per subject.

Models serve commands and migrations; what the pipeline asks on its way to a reply is plain SQL that returns frozen
values, because ORM objects cost a third of the throughput.
"""

from __future__ import annotations
