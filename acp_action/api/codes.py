"""The exit code of a run: a function of how it ended and of the signal that ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acp_action.engine.result import Status

if TYPE_CHECKING:
    from acp_action.api.run import PipelineResult

# Why a provider takes nothing more from an account, where nothing is wrong with the run.
_LIMITS = ("credit", "day")


def exit_code(result: PipelineResult, signal_number: int = 0) -> int:
    """0 when all is done and written, 1 when a step failed, 3 when a limit ended the run, 128 + signal.

    3 too when nothing is wrong but that paid requests are in doubt, or that an account's credit or quota of
    the day is used up: what to do about these is for a person.

    The table in docs/exit-codes.md says what to do about each.
    """
    if signal_number and result.stopped:
        return 128 + signal_number
    bad = [step for step in result if step.status.bad]
    if any(step.status is not Status.DOUBT and step.closed not in _LIMITS for step in bad):
        return 1
    if bad or result.stopped:
        return 3
    return 0 if result.success and not result.unwritten else 1
