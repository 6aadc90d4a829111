"""What the simulators have in common whose answer to an order is the result itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulators.answers import BadInputError
from tests.simulators.core import Simulator

if TYPE_CHECKING:
    from tests.simulators.core import Route
    from tests.simulators.wire import Call, Reply

# What comes of values that have another type than they should.
_TRIPPED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class DirectSimulator(Simulator):
    """To be subclassed: ``order_text`` says what an order asks, and may trip over it, as the answers may."""

    def order_text(self, call: Call) -> str:
        """The prompt of an order."""
        raise NotImplementedError

    def text_of(self, call: Call) -> str:
        try:
            return str(self.order_text(call)) if call.method == "POST" else ""
        except (BadInputError, *_TRIPPED):
            return ""

    def _handle(self, call: Call, found: tuple[Route, tuple[str, ...]] | None) -> Reply:
        """A request of which a part has an unexpected type is a bad one, not the end of the connection."""
        try:
            return super()._handle(call, found)
        except BadInputError as error:
            return self.invalid(error.param, str(error))
        except _TRIPPED as error:
            return self.error(400, f"Invalid request: {error!r}")
