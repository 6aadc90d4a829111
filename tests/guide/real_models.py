"""The guide's pipelines whose steps name real models, and the simulated services that carry them out."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.guide.blocks import block, whole
from tests.simulators.named import simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.simulators.core import Simulator

SPEED = 200.0
TEXT = "a lighthouse at dusk"


class Shown(NamedTuple):
    """One of the guide's pipelines: its heading, its steps, and how many orders each service gets."""

    heading: str
    steps: tuple[str, ...]
    orders: Mapping[str, int]

    @property
    def text(self) -> str:
        """The pipeline as the guide has it."""
        return whole(block("yaml", self.heading).text)


SHOWN = (
    Shown(
        "Hybrid Pipelines",
        ("base_image", "video_version", "edited_version", "upscaled_version", "final"),
        {"fal": 4, "gemini": 1},
    ),
    Shown("Multi-Model Comparison", ("flux_result", "imagen_result", "seedream_result"), {"fal": 3}),
    Shown(
        "Parallel Video Creation",
        ("scene_1", "scene_2", "scene_3", "video_1", "video_2", "video_3"),
        {"fal": 6},
    ),
)


@contextmanager
def services(*names: str) -> Iterator[dict[str, Simulator]]:
    """Simulated services by name, two hundred times as fast as the real ones."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulator(name)(speed=SPEED)) for name in names}


def variables(running: Mapping[str, Simulator]) -> dict[str, str]:
    """What points the product at them."""
    return {name: value for sim in running.values() for name, value in sim.environment().items()}


def billed(running: Mapping[str, Simulator]) -> dict[str, int]:
    """How many orders each service would bill."""
    return {name: len(sim.ledger) for name, sim in running.items()}
