"""What a run shows, and where: a board or log lines on standard error, results on standard output."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acp_action.cli.page import columns, show_page, tell_page
from acp_action.cli.streams import StandardError, show_json
from acp_action.events import event_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from acp_action.api.run import PipelineResult
    from acp_action.events import Event, Listener
    from acp_action.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Display:
    """``as_json``: one JSON document. ``stream``: one JSON event a line. ``quiet``: errors only."""

    as_json: bool = False
    stream: bool = False
    quiet: bool = False

    def warn(self, plan: Plan) -> None:
        """Tell what stops nothing but should be known."""
        if not self.quiet:
            for problem in plan.warnings:
                tell_page(f"[WARNING] {problem}")

    @contextmanager
    def listening(self, plan: Plan) -> Iterator[tuple[Listener, ...]]:
        """The listeners for a run of this plan; what they show is complete when the context ends."""
        listeners: list[Listener] = [_event_line] if self.stream else []
        level = "ERROR" if self.quiet else plan.settings.log_level
        with logging_to_stderr(level):
            if self._is_live():
                from acp_action.progress.board import board_of
                from acp_action.progress.live import LiveBoard

                with LiveBoard(board_of(plan), os.environ) as board:
                    yield (*listeners, board)
            else:
                from acp_action.progress.log import LogLines

                yield (*listeners, LogLines(level))

    def _is_live(self) -> bool:
        from acp_action.progress.terminal import wants_live

        return not self.quiet and not self.stream and wants_live(os.environ)

    def document(self, value: Mapping[str, Any]) -> None:
        """Show a document: in full for ``--json``, as the last line for ``--stream``."""
        show_json(value, indent=None if self.stream else 2)

    def result(self, result: PipelineResult, code: int) -> None:
        """Show how a run ended."""
        if self.as_json or self.stream:
            lead = {"event": "Result"} if self.stream else {}
            self.document({**lead, **_result_document(result, code)})
        elif not self.quiet:
            from acp_action.cli.summary import LIGHTS, summary

            # The display stands right above it.
            gap = "\n" if columns() and self._is_live() else ""
            show_page(f"{gap}{summary(result)}", LIGHTS)


def _event_line(event: Event) -> None:
    show_json(event_fields(event), indent=None)


def _result_document(result: PipelineResult, code: int) -> dict[str, Any]:
    return {
        "success": result.success,
        "exit_code": code,
        "output_dir": str(result.output_dir),
        "report": result.report.to_dict(),
    }


def logging_to_stderr(level: str) -> AbstractContextManager[None]:
    """Send what the package logs, from a level on, to standard error as the guide shows it."""
    from acp_action.progress.log import package_logs_to

    sink = logging.StreamHandler(StandardError())
    sink.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    return package_logs_to(sink, level)
