"""The simulators by the name of their provider, each imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulators.core import Simulator

PROVIDERS = {
    "elevenlabs": "ElevenLabsSimulator",
    "fal": "FalSimulator",
    "gemini": "GeminiSimulator",
    "openai": "OpenAISimulator",
    "openrouter": "OpenRouterSimulator",
    "replicate": "ReplicateSimulator",
}


def simulator(provider: str) -> type[Simulator]:
    """The class of one; KeyError for a provider that has none."""
    found: type[Simulator] = getattr(import_module(f"tests.simulators.{provider}"), PROVIDERS[provider])
    return found
