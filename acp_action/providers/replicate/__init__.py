"""The adapter of Replicate: predictions."""

from __future__ import annotations

from acp_action.providers.replicate.provider import ReplicateProvider

__all__ = ["ReplicateProvider"]
