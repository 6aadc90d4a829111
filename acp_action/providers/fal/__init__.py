"""The adapter of fal: jobs in a queue."""

from __future__ import annotations

from acp_action.providers.fal.provider import FalProvider

__all__ = ["FalProvider"]
