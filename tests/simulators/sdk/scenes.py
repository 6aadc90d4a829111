"""What the SDKs are made to do: by provider and name, a simulator and what goes wrong in it.

A name is a function of ``drive_<provider>.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from tests.simulators.certificates import tls
from tests.simulators.fal import FalSimulator
from tests.simulators.latency import Latency
from tests.simulators.replicate import ReplicateSimulator
from tests.simulators.sdk.proof import Proof, host, prove

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulators.core import Simulator


@dataclass(frozen=True)
class Scene:
    """``make``: the simulator. ``faults``: scripted ones. ``environment``: variables that the SDK reads."""

    make: Callable[[], Simulator]
    faults: tuple[str, ...] = ()
    environment: Callable[[Simulator], dict[str, str]] = field(default=lambda sim: {})


def _fal(seconds: float = 0.15, *faults: str) -> Scene:
    def hosts(sim: Simulator) -> dict[str, str]:
        return {"FAL_RUN_HOST": host(sim, "run"), "FAL_QUEUE_RUN_HOST": host(sim)}

    # The client speaks https only.
    return Scene(lambda: FalSimulator(latency=Latency(seconds, sigma=0), tls=tls()), faults, hosts)


def _replicate(seconds: float = 0.15, *faults: str, boot: float = 0.1) -> Scene:
    return Scene(lambda: ReplicateSimulator(latency=Latency(seconds, sigma=0), boot=boot), faults)


SCENES: dict[str, Mapping[str, Scene]] = {
    "fal": {
        "generation": _fal(),
        "video": _fal(0.05),
        "poll": _fal(30),
        "cancel": _fal(30),
        "cancel_late": _fal(0.05),
        "upload": _fal(),
        "upload_initiate": _fal(),
        "direct": _fal(0.05),
        "refusal": _fal(0.05, "P7.refused"),
    },
    "replicate": {
        "generation": _replicate(),
        "brief_wait": _replicate(0.4, boot=3),
        "version": _replicate(0.05),
        "poll": _replicate(0.3),
        "cancel": _replicate(30),
        "deployment": _replicate(30),
        "upload": _replicate(0.05),
        "inline": _replicate(0.05),
        "refusal": _replicate(0.05, "P7.refused"),
        "throttled": _replicate(0.05, "P3.pace"),
    },
}


@cache
def play(provider: str, call: str) -> Proof:
    """One scene, played once in a process."""
    scene = SCENES[provider][call]
    with scene.make() as sim:
        for fault in scene.faults:
            sim.script(fault)
        return prove(sim, call, scene.environment(sim))
