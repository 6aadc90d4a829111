"""OpenRouter: prompts for videos from images, and chat with any model."""

from __future__ import annotations

from acp_action.providers.openrouter.provider import OpenRouterProvider

__all__ = ["OpenRouterProvider"]
