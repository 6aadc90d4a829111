"""What the step leaves for the job: outputs, summary, and the last lines of the log."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from acp_action.github.commands import Note
from acp_action.github.files import append_summary, write_output
from acp_action.redaction import redact
from acp_action.report.escape import md_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.errors import Problem
    from acp_action.github.annotations import Annotations
    from acp_action.github.artifacts import Uploaded
    from acp_action.github.commands import Log
    from acp_action.github.context import Context
    from acp_action.github.outcome import Ended
    from acp_action.plan.model import Plan
    from acp_action.report.model import RunReport

_BACKTICKS: Final = re.compile("`+")
_LONGEST_PLAN: Final = 200_000
"""Characters of a plan in the summary; the log has all of it."""


class Desk:
    """Hands things in; a command file that cannot be written costs a warning, never a result.

    ``summary``: whether one is wanted; until the inputs are read, it is.
    """

    def __init__(self, context: Context, log: Log, annotations: Annotations) -> None:
        self._context = context
        self._log = log
        self._annotations = annotations
        self._artifact: tuple[str, str] | None = None
        self._warned: set[str] = set()
        self.summary = True

    def write(self, values: Mapping[str, str]) -> None:
        """Set outputs of the step, each as soon as it is known."""
        for name, value in values.items():
            self._warn_once(
                "outputs",
                write_output(
                    self._context.output_file, name, redact(value), token=lambda: secrets.token_hex(16)
                ),
            )

    def uploaded(self, artifact: Uploaded) -> None:
        """Tell of the artifact, in the log, the outputs and, later, the summary."""
        page = self._context.run_url
        url = f"{page}/artifacts/{artifact.id}" if page else ""
        self._artifact = artifact.name, url
        self.write({"artifact-id": artifact.id, "artifact-url": url, "artifact-digest": artifact.digest})
        self._log.line(f"Artifact {artifact.name}: {artifact.bytes:,} bytes {url}".rstrip())

    def summarise(
        self,
        reports: Sequence[RunReport] = (),
        *,
        problems: Sequence[Problem] = (),
        notes: Sequence[str] = (),
        plans: Sequence[Plan] = (),
    ) -> None:
        """Write the job summary, where one is wanted."""
        if not self.summary:
            return
        # Late, as in the main: it is not needed for the log's first line.
        from acp_action.github.summary import ArtifactLink, render_summary

        if plans:
            text = plan_summary(plans)
        else:
            link = ArtifactLink(*self._artifact) if self._artifact else None
            text = render_summary(reports, artifact=link, problems=problems, notes=notes)
        self._warn_once("summary", append_summary(self._context.summary_file, redact(text)))

    def tell_where(self, ended: Sequence[Ended]) -> None:
        """The last lines: what was made, and where it is."""
        for one in ended:
            report, folder = one.report, one.result.output_dir
            root = self._context.workspace.resolve()
            shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
            count = sum(len(step.files) for step in report.steps)
            files = "1 file" if count == 1 else f"{count} files"
            self._log.line(
                f"{report.pipeline}: {report.status}, {files} in {shown} (report.html, manifest.json)"
            )

    def _warn_once(self, what: str, why: str) -> None:
        """Tell why a command file could not be written; outside of Actions nobody expects one."""
        if why and self._context.in_actions and what not in self._warned:
            self._warned.add(what)
            self._annotations.add(Note("warning", f"cannot hand in the step's {what}: {why}"))


def plan_summary(plans: Sequence[Plan]) -> str:
    """The plans of a dry run as Markdown."""
    from acp_action.report.plan_view import plan_text

    parts = []
    for plan in plans:
        text = redact(plan_text(plan))
        cut = text[:_LONGEST_PLAN] + ("\n… (the log has all of it)" if len(text) > _LONGEST_PLAN else "")
        # Nothing within a code block is markup, so long as its fence does not occur in it.
        fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(cut)), default=0))
        parts.append(
            f"## Plan of {md_code(plan.name)}\n\n"
            f"A dry run: {len(plan.steps)} steps were checked, nothing was started.\n\n"
            f"{fence}text\n{cut}\n{fence}\n"
        )
    return "\n".join(parts)
