"""ElevenLabs: speech from texts."""

from __future__ import annotations

from acp_action.providers.elevenlabs.provider import ElevenLabsProvider

__all__ = ["ElevenLabsProvider"]
