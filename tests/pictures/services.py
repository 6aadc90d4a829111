"""The services of the run that the pictures show: simulated, with prices and times as real ones have."""

from __future__ import annotations

import io
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from acp_action.providers.local.picture import draw_backdrop
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.fal import FalSimulator
from tests.simulators.gemini import GeminiSimulator
from tests.simulators.latency import Latency
from tests.simulators.limits import SlidingWindow
from tests.simulators.media import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.answers import Question

# Times are drawn for each prompt by itself, so that every run has the same ones. With this seed the line of
# one scene is written two seconds before the next one, which is when the terminal is looked at.
SEED: Final = 1428
SPREAD: Final = 0.15
# The hero and four scenes; the last two scenes have to wait. They are told to in whole seconds, rounded up
# from about half of one, so that a moment more or less changes nothing.
ORDERS, SECONDS = 5, 11.5
LINES: Final = {
    "forest": "Nothing to hear but the trees: a cabin for those who want to be found by nobody.",
    "snow": "First tracks from your own door, and a stove that is warm when you are back.",
    "desert": "Where the road ends the evening begins, all of it yours.",
    "lake": "Swim before breakfast, and again when the sun goes down.",
    "night": "Switch off the light and count: no town for forty miles.",
    "rain": "The best sound in the world is rain on somebody else's roof.",
}


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Within, the services can be called; gives the variables that lead there."""
    with ExitStack() as stack:
        running = (
            FalSimulator(
                seed=SEED,
                latency=_latency(("fal-ai/flux/schnell", 5.0), ("fal-ai/luma-photon/flash/modify", 8.0)),
                limits=[SlidingWindow(ORDERS, SECONDS)],
                make=painted,
            ),
            GeminiSimulator(seed=SEED, latency=Latency(3.0, SPREAD), say=said),
            ElevenLabsSimulator(seed=SEED, latency=Latency(8.0, SPREAD)),
        )
        variables: dict[str, str] = {}
        for each in running:
            variables |= stack.enter_context(each).environment()
        yield variables


def _latency(*means: tuple[str, float]) -> dict[str, Latency]:
    return {endpoint: Latency(mean, SPREAD) for endpoint, mean in means}


@lru_cache
def painted(form: str, text: str, size: tuple[int, int], seconds: float) -> bytes:
    """A file as a service makes it: pictures are those of the embedded provider, without their caption."""
    if form not in ("png", "jpeg"):
        return sample(form, text, size, seconds)
    into = io.BytesIO()
    draw_backdrop(text, 0, size)[0].save(into, form)
    return into.getvalue()


def said(asked: Question) -> str:
    """A line that an analysis answers with, by the last word of what it is asked for."""
    return LINES[asked.text.split()[-1]]
