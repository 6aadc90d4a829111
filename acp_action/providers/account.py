"""What the trusted side hands to an adapter: the key, the addresses, and what they may be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One account at one provider.

    ``key``: empty when there is none; such an adapter checks and plans, but cannot run. ``urls``: base
    addresses without a slash at the end, by role (``api``, for fal also ``rest``); roles that are missing are
    the provider's own. ``variable`` and ``action_input``: where the key comes from, for messages.
    ``plain_http``: whether addresses may be http beyond this machine. ``private_media``: whether media may
    come from loopback and private addresses. ``faults``: what is wrong with what was given for it, one
    complaint each; such an account is not used.
    """

    provider: str
    key: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""
    action_input: str = ""
    plain_http: bool = False
    private_media: bool = False
    faults: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Tells accounts apart without telling the key; empty without one."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12] if self.key else ""
