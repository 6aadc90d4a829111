"""What is told between the start of an attempt and its end: by the attempt itself, or that time passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.engine.record import progressed
from acp_action.events import TimePassed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acp_action.engine.admission import Admission
    from acp_action.engine.crew import Crew
    from acp_action.engine.outcome import Message, Word
    from acp_action.events import Event
    from acp_action.plan.model import Step

SILENCE: Final = 15.0
"""Seconds without a message, while something runs, after which those who listen are told of the time."""


class News:
    """Passes on what running attempts tell; on the scheduler's thread, so that all is told in order."""

    def __init__(
        self,
        steps: Sequence[Step],
        groups: Sequence[str],
        admission: Admission,
        emit: Callable[[Event], None],
    ) -> None:
        """``groups``: the names by index, that of the top level last."""
        self._steps = steps
        self._groups = groups
        self._admission = admission
        self._emit = emit
        self._silent = 0.0

    def collect(self, crew: Crew, patience: float | None) -> list[Message]:
        """What the crew hands back; waits no longer than ``patience`` seconds (None: as long as it takes)."""
        if not self._admission.running:
            return crew.collect(patience)
        wait = SILENCE if patience is None or patience > SILENCE else patience
        messages = crew.collect(wait)
        if messages:
            self._silent = 0.0
            return messages
        # Counted in waits, not on the clock, which would be read for every message there is.
        self._silent += wait
        if self._silent >= SILENCE:
            self._silent = 0.0
            admission = self._admission
            self._emit(TimePassed(admission.clock.now() - admission.begin, len(admission.running)))
        return messages

    def pass_on(self, word: Word) -> None:
        """Tell what an attempt told; nothing of one that was given up, whose step has its end already."""
        admission, step = self._admission, self._steps[word.step]
        track = admission.tracks.get(word.step)
        if track is None or not track.running or track.attempt != word.attempt:
            return
        if not track.announced:
            # Of a bundle, whose starts are told when they have happened.
            track.announced = True
            admission.announce(word.step, word.attempt, track.desk, word.at)
        self._emit(progressed(step, self._groups[step.group], word.at - admission.begin, word))
