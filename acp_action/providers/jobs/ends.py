"""How a job ends that made nothing, and how a request is turned down for one of its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from acp_action.errors import FatalError

if TYPE_CHECKING:
    from acp_action.errors import ProviderError
    from acp_action.providers.params.resolve import Fields


class CancelledThere(FatalError):  # noqa: N818 - a state, not a fault
    """The job was cancelled, or never began in time: it made nothing, and may be ordered anew.

    ``free``: it provably cost nothing.
    """

    def __init__(self, message: str, *, free: bool = False) -> None:
        super().__init__(message)
        self.free = free


class FieldError(FatalError):
    """The model does not accept a field of the request; ``field`` as the service calls it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class Ended(Exception):  # noqa: N818 - a state, not a fault
    """A job has ended and made nothing; ``error`` says why.

    ``then``: what a later run may do with the same step. ``anew``: order again, nothing was billed or all is
    lost; ``never``: say the same, it may have been billed; ``ask``: ask this job again, which costs nothing.
    """

    def __init__(self, error: ProviderError, then: Literal["anew", "never", "ask"] = "anew") -> None:
        super().__init__(str(error))
        self.error = error
        self.then = then


def named(error: ProviderError, fields: Fields) -> ProviderError:
    """A rejected field by the name that the file has for it."""
    if not isinstance(error, FieldError) or not error.field:
        return error
    param = fields.param_of(error.field)
    sent = f" (sent as {error.field})" if param and param != error.field else ""
    return FieldError(f"params.{param or error.field}{sent}: {error}", error.field)
