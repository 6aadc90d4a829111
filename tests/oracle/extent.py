"""How much of the long runs is made: a part that fits the gate, or with ORACLE=all everything."""

from __future__ import annotations

import os

EVERYTHING = os.environ.get("ORACLE") == "all"
