"""Texts that are compared letter by letter; run pytest with UPDATE_GOLDEN=1 to write them anew, then look."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def check(name: str, text: str) -> None:
    """The text is the one in ``tests/golden/<name>``."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
