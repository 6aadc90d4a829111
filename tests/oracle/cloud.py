"""All services at once, simulated, and the pipelines that are run against them."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from tests.simulators.media import sample
from tests.simulators.named import PROVIDERS, simulator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from tests.simulators.core import Simulator
    from tests.simulators.ledger import Bill

SPEED = 2000.0


class Cloud:
    """The simulators of all providers, or of those named; a context.

    ``steps``: the names of the pipeline's steps; each prompt says which step it is of.
    """

    def __init__(self, providers: Sequence[str] = tuple(PROVIDERS), **options: Any) -> None:
        self._options = {"seed": 7, "speed": SPEED, **options}
        self._providers = providers
        self._stack = ExitStack()
        self.sims: dict[str, Simulator] = {}

    def __enter__(self) -> Self:
        for name in self._providers:
            self.sims[name] = self._stack.enter_context(simulator(name)(**self._options))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def __getitem__(self, provider: str) -> Simulator:
        return self.sims[provider]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead to them all."""
        return {
            "ACP_ALLOW_PRIVATE_MEDIA": "1",
            **{k: v for sim in self.sims.values() for k, v in sim.environment().items()},
        }

    @property
    def keys(self) -> list[str]:
        """What must not be seen anywhere."""
        return [sim.key for sim in self.sims.values()]

    def bills(self) -> list[Bill]:
        """All bills that stand."""
        return [bill for sim in self.sims.values() for bill in sim.ledger.bills]

    def billed(self) -> Counter[str]:
        """How often each step stands on a bill."""
        return Counter(step_of(bill.text) for bill in self.bills())

    def orders(self) -> Counter[str]:
        """How often each step was ordered, whatever became of it."""
        return Counter(step_of(call.text) for sim in self.sims.values() for call in sim.calls("order"))

    def faults(self) -> Counter[str]:
        """What went wrong, by provider and name."""
        return Counter(
            f"{name} {call.fault}" for name, sim in self.sims.items() for call in sim.requests if call.fault
        )

    def chaos(self, seed: int, rate: float) -> None:
        """Let a share of all calls go wrong."""
        for sim in self.sims.values():
            sim.chaos(seed, rate)

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        for sim in self.sims.values():
            sim.calm()


def step_of(text: str) -> str:
    """The step that a prompt is of: each names it between angles."""
    return text.partition("<")[2].partition(">")[0] or text


_SETTINGS = "settings: {timeout: 100000, schedule: dataflow, fail_fast: false}\n"
_FORMS = {
    "fal": "type: text_to_image, model: flux_dev, params: {{prompt: {0}, image_size: 64x64}}",
    "replicate": "type: text_to_image, model: seedream3, params: {{prompt: {0}, width: 512, height: 512}}",
    "gemini": "type: analyze_image, model: gemini_describe, params: {{image: start.png, prompt: {0}}}",
    "picture": "type: text_to_image, model: gemini_image, params: {{prompt: {0}}}",
    "elevenlabs": "type: text_to_speech, model: elevenlabs, params: {{text: {0}}}",
    "openai": "type: text_to_image, model: openai_image, params: {{prompt: {0}}}",
    "openrouter": "type: generate_prompt, model: openrouter_chat, params: {{prompt: {0}}}",
}
"""A step of each service, with its prompt to be filled in."""


def batch(counts: dict[str, int], *, more: str = "", settings: str = _SETTINGS) -> str:
    """A pipeline with a group of so many steps of each form, which know nothing of each other."""
    names = [(form, f"{form}_{n}") for form, count in counts.items() for n in range(1, count + 1)]
    steps = "".join(f"      - {a_step(form, name)}\n" for form, name in names)
    return (
        f"{settings}steps:\n  - type: parallel_group\n    name: batch\n    fail_fast: false\n    steps:\n"
        f"{steps}{more}"
    )


def a_step(form: str, name: str) -> str:
    """A step of a form, whose prompt says its name."""
    asked = _FORMS[form].format('"make <' + name + '>, {{input}}"')
    return f"{{name: {name}, {asked}}}"


def steps_at_once(steps: Sequence[str], timeout: float = 100_000) -> str:
    """A pipeline of steps that do not need each other."""
    settings = _SETTINGS.replace("100000", str(timeout))
    return f"{settings}steps:\n" + "".join(f"  - {step}\n" for step in steps)


MIXED = batch(
    {"fal": 6, "replicate": 3, "gemini": 3, "picture": 1, "elevenlabs": 3, "openai": 2, "openrouter": 2}
)
"""Twenty steps at all services."""

HYBRID = f"""
name: Hybrid Pipeline
{_SETTINGS}
steps:
  - {{name: base_image, type: text_to_image, model: flux_dev,
      params: {{prompt: "make <base_image>, {{{{input}}}}", image_size: 64x64}}}}
  - type: parallel_group
    name: variations
    fail_fast: false
    steps:
      - {{name: video_version, type: image_to_video, model: kling_2_6_pro, input_from: base_image,
          params: {{prompt: "make <video_version>"}}}}
      - {{name: edited_version, type: image_to_image, model: photon_flash, input_from: base_image,
          params: {{prompt: "make <edited_version>"}}}}
      - {{name: upscaled_version, type: image_to_image, model: clarity_upscaler, input_from: base_image,
          params: {{prompt: "make <upscaled_version>"}}}}
  - {{name: final, type: analyze_image, model: gemini_detailed, input_from: edited_version,
      params: {{prompt: "look at <final>"}}}}
"""
"""The guide's hybrid pipeline; its prompts say which step they are of."""

CHAOTIC = batch(
    {"fal": 3, "replicate": 2, "gemini": 2, "picture": 1, "elevenlabs": 2, "openai": 1, "openrouter": 1},
    more="""
  - {name: clip, type: image_to_video, model: kling_2_6_pro, input_from: fal_1,
     params: {prompt: "make <clip>"}}
  - {name: told, type: text_to_speech, model: elevenlabs,
     params: {text: "say <told>: {{step_gemini_1.output}}"}}
""",
)
"""Fourteen steps at all services, some of which need others."""


def written(folder: Path, text: str) -> Path:
    """The pipeline as a file, and the picture it starts from."""
    (folder / "start.png").write_bytes(sample("png", "start"))
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    return path
