"""A run's log around the run: it begins before anything does, and goes when the reports are there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from acp_action.report.planned import plan_values
from acp_action.store.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acp_action.engine.paid import Books, Journal
    from acp_action.engine.paper import StepPaper
    from acp_action.plan.model import Plan


@contextmanager
def logged(plan: Plan, folder: Path) -> Iterator[RunLog]:
    """A log for a run of the plan; it stays unless ``close`` is called in here."""
    log = RunLog(folder, plan, plan_values(plan))
    try:
        yield log
    except BaseException as error:
        log.broke(error)
        raise
    finally:
        log.close(keep=True)


def watched(books: Books | None, log: RunLog) -> Books | None:
    """The same books; the log knows of each step where its page is."""
    return books._replace(journal=_Watched(books.journal, log)) if books is not None else None


class _Watched:
    """A journal that tells which pages are looked at; satisfies ``engine.paid.Journal``."""

    def __init__(self, journal: Journal, log: RunLog) -> None:
        self._journal = journal
        self._log = log

    @property
    def made_before(self) -> frozenset[str]:
        """As the journal says."""
        return self._journal.made_before

    def trail(self, step: str, key: str) -> StepPaper:
        """As the journal has it."""
        self._log.asked(step, key)
        return self._journal.trail(step, key)
