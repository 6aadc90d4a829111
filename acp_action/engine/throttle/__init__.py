"""What a provider lets through: Throttle decides, Lane shares it between threads, Lanes finds it.

The scheduler asks ``next_opening(now)``; when that is now, it calls ``admit`` and sends, and tells the
ticket's end with one of ``completed``, ``refused`` and ``released``. Time always comes in as a number.
"""

from __future__ import annotations

from acp_action.engine.throttle.lane import Lane, Lanes
from acp_action.engine.throttle.limits import UNCOUNTED, Limits, Ticket
from acp_action.engine.throttle.throttle import Throttle

__all__ = ["UNCOUNTED", "Lane", "Lanes", "Limits", "Throttle", "Ticket"]
