"""OpenAI: images from prompts, and changed images."""

from __future__ import annotations

from acp_action.providers.openai.provider import OpenAIProvider

__all__ = ["OpenAIProvider"]
