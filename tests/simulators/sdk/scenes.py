"""What the SDKs are made to do: by provider and name, a simulator and what goes wrong in it.

A name is a function of ``drive_<provider>.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

from tests.simulators.certificates import tls
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.fal import FalSimulator
from tests.simulators.gemini import GeminiSimulator
from tests.simulators.latency import Latency
from tests.simulators.openai import OpenAISimulator
from tests.simulators.openrouter import OpenRouterSimulator
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


def _gemini(*faults: str) -> Scene:
    make = partial(GeminiSimulator, latency=Latency(0.05, sigma=0), processing=0.3)
    return Scene(make, faults)


def _openrouter(*faults: str) -> Scene:
    return Scene(partial(OpenRouterSimulator, latency=Latency(0.05, sigma=0)), faults)


def _elevenlabs(*faults: str) -> Scene:
    make = partial(ElevenLabsSimulator, concurrency=5, latency=Latency(0.05, sigma=0))
    return Scene(make, faults)


def _openai(*faults: str) -> Scene:
    return Scene(partial(OpenAISimulator, latency=Latency(0.05, sigma=0)), faults)


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
    "gemini": {
        "description": _gemini(),
        "question": _gemini(),
        "structured": _gemini(),
        "own_version": _gemini(),
        "generation": _gemini(),
        "stream": _gemini(),
        "upload": _gemini(),
        "poll": _gemini(),
        "models": _gemini(),
        "blocked": _gemini("P7.blocked"),
        "throttled": _gemini("P3.day"),
        "bad_key": _gemini(),
    },
    "openrouter": {
        "generation": _openrouter(),
        "chat": _openrouter(),
        "structured": _openrouter(),
        "stream": _openrouter(),
        "cancel": _openrouter(),
        "reads": _openrouter(),
        "refused": _openrouter("P4.credit"),
        "broken_stream": _openrouter("P8.half"),
    },
    "elevenlabs": {
        "generation": _elevenlabs(),
        "plain": _elevenlabs(),
        "samples": _elevenlabs(),
        "stream": _elevenlabs(),
        "cancel": _elevenlabs(),
        "timestamps": _elevenlabs(),
        "history": _elevenlabs(),
        "voices": _elevenlabs(),
        "account": _elevenlabs(),
        "sound": _elevenlabs(),
        "upload": _elevenlabs(),
        "refused": _elevenlabs("P3.concurrency"),
    },
    "openai": {
        "generation": _openai(),
        "several": _openai(),
        "upload": _openai(),
        "upload_several": _openai(),
        "stream": _openai(),
        "models": _openai(),
        "refused": _openai("P7.blocked"),
        "repeated": _openai("P1.milliseconds"),
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
