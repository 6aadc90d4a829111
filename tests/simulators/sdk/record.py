"""Writes down what the SDKs put on the wire: python -m tests.simulators.sdk.record [PROVIDER …]."""

from __future__ import annotations

import json
import sys

from tests.simulators.recorded import FOLDER
from tests.simulators.sdk.scenes import SCENES, play


def main(providers: list[str]) -> None:
    """All scenes of these providers, of all when none is named."""
    FOLDER.mkdir(exist_ok=True)
    for provider in providers or SCENES:
        calls = {call: play(provider, call).requests for call in SCENES[provider]}
        text = json.dumps(calls, indent=1, sort_keys=True, ensure_ascii=False)
        (FOLDER / f"{provider}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
