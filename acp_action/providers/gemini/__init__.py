"""Gemini: questions about images, and images from prompts."""

from __future__ import annotations

from acp_action.providers.gemini.provider import GeminiProvider

__all__ = ["GeminiProvider"]
