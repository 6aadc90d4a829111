"""A single call in a process that may be killed; answers as ``child.carried_out`` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acp_action.api.prepare import Wishes
from acp_action.api.single import Call, run_call
from acp_action.config.cascade import Overrides
from tests.oracle.kills import KillPoints
from tests.oracle.paying import paying_providers


def called(wish: dict[str, Any]) -> dict[str, Any]:
    """One call; ``wish``: ``model`` and ``type`` besides what every run has."""
    points = KillPoints(wish["kill_at"])
    providers: dict[str, Any] = dict(paying_providers(Path(wish["state"]), points))
    points.install()
    call = Call("call", wish["type"], "a red car", None, wish["model"], "hero")
    step = run_call(call, Wishes(Overrides(output_dir=wish["folder"])), providers)
    return {
        "code": 0 if step.success else 1,
        "steps": {step.name: step.status.value},
        "reasons": {step.name: step.reason} if step.reason else {},
        "cost": step.cost or 0.0,
        "points": len(points.passed),
    }
