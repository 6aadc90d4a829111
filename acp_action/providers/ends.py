"""How a job ends that made nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from acp_action.errors import ProviderError


class CancelledThere(FatalError):  # noqa: N818 - a state, not a fault
    """The job was cancelled, or never began in time: it made nothing, and may be ordered anew."""


class Ended(Exception):  # noqa: N818 - a state, not a fault
    """A job has ended and made nothing; ``error`` says why."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(str(error))
        self.error = error
