"""The adapters with one call put on the wire what the official packages do for the same call.

Method, path, key and content are compared, each in one spelling: Gemini takes names of fields in two. The
google-genai package was told to use ``v1beta``, as ours does; by itself it asks for ``v1``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.providers.elevenlabs import ElevenLabsProvider
from acp_action.providers.gemini import GeminiProvider, provider
from acp_action.providers.openai import OpenAIProvider
from acp_action.providers.openrouter import OpenRouterProvider
from tests.providers.calling import an_account, attempted, requested
from tests.simulators import recorded as recordings
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.gemini import GeminiSimulator
from tests.simulators.openai import OpenAISimulator
from tests.simulators.openrouter import OpenRouterSimulator
from tests.simulators.recorded import compared, normalised, recorded, recorded_as

if TYPE_CHECKING:
    from acp_action.providers.remote import Remote
    from tests.simulators.core import Simulator

SIMULATORS: dict[str, tuple[type[Simulator], type[Remote]]] = {
    "gemini": (GeminiSimulator, GeminiProvider),
    "openrouter": (OpenRouterSimulator, OpenRouterProvider),
    "elevenlabs": (ElevenLabsSimulator, ElevenLabsProvider),
    "openai": (OpenAISimulator, OpenAIProvider),
}
PICTURE = Path(recordings.__file__).parent / "sdk" / "picture.png"
VIDEO_PROMPT = {"system": "Write one video prompt.", "temperature": 0.1, "max_tokens": 400, "seed": 3}
SCHEMA = {"type": "OBJECT", "properties": {"label": {"type": "STRING"}}}
VOICED = {"stability": 0.5, "similarity_boost": 0.75, "style": 0.2, "speed": 1.0, "use_speaker_boost": True}
# Service and name of the call; then the step that comes to the same: type, model, text, pictures, params.
CALLS: list[tuple[str, str, str, str, str | None, int, dict[str, Any]]] = [
    ("gemini", "description", "analyze_image", "gemini_describe", None, 1, {}),
    ("gemini", "question", "analyze_image", "gemini_qa", "What is in this picture?", 1,
     {"temperature": 0.2, "maxOutputTokens": 300, "seed": 7}),
    ("gemini", "structured", "analyze_image", "gemini_qa", "Name it.", 1,
     {"generationConfig": {"responseMimeType": "application/json", "responseSchema": SCHEMA}}),
    ("gemini", "generation", "text_to_image", "gemini_image", "a paper boat", 0,
     {"aspect_ratio": "16:9", "seed": 7}),
    ("openrouter", "chat", "generate_prompt", "openrouter_chat", "What is a dolly?", 0, {}),
    ("openrouter", "generation", "generate_prompt", "openrouter_chat", "slow dolly in", 1, VIDEO_PROMPT),
    ("elevenlabs", "generation", "text_to_speech", "elevenlabs", "Hello there.", 0,
     {"seed": 7, "output_format": "mp3_44100_128", "voice_settings": VOICED}),
    ("elevenlabs", "samples", "text_to_speech", "elevenlabs", "Hello.", 0, {"output_format": "pcm_16000"}),
    ("openai", "generation", "text_to_image", "openai_image", "a paper boat", 0,
     {"aspect_ratio": "16:9", "quality": "low", "output_format": "png"}),
    ("openai", "upload", "image_to_image", "openai_image_edit", "make it blue", 1, {"size": "1024x1024"}),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=[f"{service}-{name}" for service, name, *_ in CALLS])
def test_an_order_is_that_of_the_official_package(tmp_path: Path, call: Any) -> None:
    """The same step, the same request."""
    service, name, step_type, model, text, pictures, params = call
    simulator, adapter = SIMULATORS[service]
    request = requested(tmp_path, step_type, text, *[PICTURE] * pictures, model=model)
    with simulator(speed=100_000) as sim:
        assert attempted(adapter(an_account(sim)), request._replace(params=params)).outcome == "made"
        ours = normalised(sim, sim.calls("order")[0])
    assert compared(ours) == compared(recorded_as(service, name, "order"))


def test_an_upload_is_that_of_the_official_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start, bytes, and the order that names the file; the address for the bytes is taken as it is given."""
    monkeypatch.setattr(provider, "INLINE_BYTES", 10)
    request = requested(tmp_path, "analyze_image", "What is in this picture?", PICTURE, model="gemini_qa")
    with GeminiSimulator(speed=100_000) as sim:
        attempted(GeminiProvider(an_account(sim)), request._replace(step="a"))
        ours = [compared(normalised(sim, call)) for call in sim.requests]
    theirs = [compared(request) for request in recorded("gemini", "upload")]
    # Ours sends the key with the bytes too, to the same host; the address alone would do.
    assert ours[1].pop("auth") == {"x-goog-api-key": "{key}"}
    assert theirs[1].pop("auth") == {}
    assert ours == theirs


def test_sound_is_fetched_again_as_by_the_official_package(tmp_path: Path) -> None:
    """From the account's history, by the id that came with the order."""
    with ElevenLabsSimulator(speed=100_000) as sim:
        sim.script("N7.short", when="order")
        attempted(ElevenLabsProvider(an_account(sim)), requested(tmp_path, "text_to_speech", "Hello there."))
        ours = normalised(sim, sim.calls("audio")[0])
    assert compared(ours) == compared(recorded_as("elevenlabs", "history", "audio"))


def test_a_voice_is_looked_for_as_by_the_official_package(tmp_path: Path) -> None:
    """By name, among all voices of the account."""
    with ElevenLabsSimulator(speed=100_000) as sim:
        wanted = requested(tmp_path, "text_to_speech", "Hello there.", voice="Nobody")
        attempted(ElevenLabsProvider(an_account(sim)), wanted)
        ours = normalised(sim, sim.calls("voices")[0])
    theirs = next(call for call in recorded("elevenlabs", "voices") if "search" in call["query"])
    assert compared(ours) == compared(theirs)
    assert ours["query"]["search"] == "Nobody"
