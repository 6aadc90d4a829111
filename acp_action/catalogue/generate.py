"""Writes models.json from models.yaml: ``python -m acp_action.catalogue.generate [--check]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import yaml

SOURCE: Final = Path(__file__).with_name("models.yaml")
TARGET: Final = Path(__file__).with_name("models.json")
_EMBEDDED: Final[dict[str, Any]] = {
    "aliases": [],
    "inputs": [],
    "params": [],
    "price": {"amount": 0, "unit": "USD", "per": "request", "source": "embedded"},
    "status": {"state": "listed"},
}


def compile_catalogue(text: str) -> str:
    """The catalogue's JSON, one model a line so that a change shows as a change of that model."""
    facts = yaml.safe_load(text)
    models = [*facts["models"], *facts["extras"], *({**_EMBEDDED, **m} for m in facts["embedded"])]
    head = f'"as_of":{_compact(facts["meta"]["as_of"])},"schemas":{_compact(facts["schemas"])}'
    lines = ",\n".join(_compact(m) for m in models)
    return f'{{{head},"models":[\n{lines}\n]}}\n'


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def main(arguments: list[str]) -> None:
    """Write the file; with ``--check``, end with a message when it is not what would be written."""
    wanted = compile_catalogue(SOURCE.read_text(encoding="utf-8"))
    if "--check" not in arguments:
        TARGET.write_text(wanted, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != wanted:
        raise SystemExit(f"{TARGET.name} is stale; run: python -m acp_action.catalogue.generate")


if __name__ == "__main__":
    main(sys.argv[1:])
