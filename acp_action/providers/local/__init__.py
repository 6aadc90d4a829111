"""The embedded provider ``local``: pictures, videos, speech and measurements made on this machine."""

from __future__ import annotations

from acp_action.providers.local.provider import LocalProvider

__all__ = ["LocalProvider"]
