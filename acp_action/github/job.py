"""One job of the action: inputs to plans, plans to results, results to log, outputs, summary and artifact.

Whatever happens on the way, what was finished is on disk, in the outputs and in the summary; that is why
every run that has begun ends in ``_hand_over``.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from acp_action.api.accounts import open_accounts
from acp_action.api.prepare import Wishes, check_keys, keys_of, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.config.cascade import Overrides
from acp_action.engine.cancel import StopSwitch
from acp_action.engine.verdict import Patience
from acp_action.errors import (
    ArtifactError,
    Cancelled,
    ConfigError,
    MissingKeyError,
    UsageError,
)
from acp_action.github.annotations import Annotations, notes_of_problems, notes_of_result
from acp_action.github.commands import Log, Note
from acp_action.github.configs import find_configs, output_names
from acp_action.github.deadline import Deadline
from acp_action.github.desk import Desk
from acp_action.github.groups import GroupedLines
from acp_action.github.inputs import read_inputs
from acp_action.github.outcome import Ended, figures, run_code
from acp_action.github.ownership import hand_over
from acp_action.github.sink import package_logs
from acp_action.report.plan_view import plan_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from acp_action.cli.signals import Signals
    from acp_action.errors import Problem
    from acp_action.github.annotations import Annotations
    from acp_action.github.commands import Log
    from acp_action.github.context import Context
    from acp_action.github.desk import Desk
    from acp_action.github.inputs import Inputs
    from acp_action.plan.model import Plan
    from acp_action.providers.registry import Adapters

_GRACE: Final = 2.0
"""Seconds for an attempt that hears no stop: a cancelled job has ten in all, and reports come after that."""
_UPLOAD_FAILED: Final = 1


class Job:
    """The action's work; made once, run once. ``begun``: when the container started, monotonic seconds."""

    def __init__(
        self,
        context: Context,
        log: Log,
        annotations: Annotations,
        desk: Desk,
        signals: Signals,
        environ: Mapping[str, str],
        begun: float,
    ) -> None:
        self._context = context
        self._log = log
        self._annotations = annotations
        self._desk = desk
        self._signals = signals
        self._environ = environ
        self._begun = begun
        self._providers: Adapters
        # A deadline ends the runs, and their files are handed in then; a signal ends that too.
        self._stop = StopSwitch()
        signals.switch.attach(self._stop.stop)

    def run(self) -> int:
        """Do it; the exit code. Raises an AcpError for what keeps it from starting."""
        inputs = read_inputs(self._environ)
        self._providers = open_accounts({**self._environ, **inputs.keys})
        self._desk.summary = inputs.summary
        os.chdir(self._context.workspace)
        self._annotations.add(*(Note("warning", warning) for warning in inputs.warnings))
        planned = self._planned(inputs)
        if inputs.dry_run:
            return self._show([plan for _, plan in planned])
        ready = [(config, plan, make_ready(plan, self._providers)) for config, plan in planned]
        self._warn([plan for _, plan in planned])
        ended: list[Ended] = []
        try:
            passed = time.monotonic() - self._begun
            within = Deadline(inputs.timeout_minutes, self._stop.stop, passed=passed)
            with within, self._providers.lent():
                for config, plan, folder in ready:
                    if len(ready) > 1:
                        self._log.line(f"Pipeline {config}:")
                    ended.append(self._carried_out(config, plan, folder, inputs))
        except Exception:
            # A bug; what went well before it is handed in before it is told.
            if ended:
                self._hand_over(inputs, ended)
            raise
        finally:
            # Before anything that can fail, and even if the runs did.
            self._release([folder for _, _, folder in ready])
        return self._hand_over(inputs, ended)

    # --- before the first step

    def _planned(self, inputs: Inputs) -> list[tuple[Path, Plan]]:
        """A plan for each file; the problems of all files at once."""
        configs = find_configs(inputs.config, self._context.workspace)
        wishes = _wishes(inputs, self._environ)
        planned: list[tuple[Path, Plan]] = []
        problems: list[Problem] = []
        for config in configs:
            try:
                plan = plan_pipeline(config, wishes, self._providers, need_input=not inputs.dry_run)
            except ConfigError as error:
                problems += error.problems
            else:
                planned.append((config, plan))
        if problems:
            raise ConfigError(problems)
        return _apart(planned, self._context.workspace)

    def _show(self, plans: Sequence[Plan]) -> int:
        for plan in plans:
            with self._grouped(f"Plan of {plan.name}"):
                self._log.lines(plan_text(plan, keys_of(plan, self._providers)))
            try:
                check_keys(plan, self._providers)
            except (MissingKeyError, UsageError) as wrong:
                self._annotations.add(Note("warning", str(wrong)))
        self._warn(plans)
        self._log.line("This was a dry run: nothing was started.")
        self._desk.write({"status": "planned", "steps-total": str(sum(len(plan.steps) for plan in plans))})
        self._desk.summarise(plans=plans)
        return 0

    def _warn(self, plans: Sequence[Plan]) -> None:
        problems = [problem for plan in plans for problem in plan.warnings]
        self._annotations.add(*notes_of_problems(problems, self._context.workspace))

    # --- the runs

    def _carried_out(self, config: Path, plan: Plan, folder: Path, inputs: Inputs) -> Ended:
        listener = GroupedLines(self._log, plan.settings.log_level)
        with package_logs(self._log, plan.settings.log_level):
            try:
                result = carry_out(
                    plan,
                    folder,
                    providers=self._providers,
                    listeners=(listener,),
                    stop=self._stop,
                    patience=Patience(grace=_GRACE),
                    fresh=inputs.fresh,
                    resubmit_doubtful=inputs.resubmit_doubtful,
                )
            finally:
                listener.close()
        return Ended(config, result)

    def _release(self, folders: Sequence[Path]) -> None:
        complaint = hand_over(folders, self._context.workspace)
        if complaint:
            self._annotations.add(Note("warning", complaint))

    # --- after the last

    def _hand_over(self, inputs: Inputs, ended: Sequence[Ended]) -> int:
        code = run_code(ended, self._signals.number, fail_on_error=inputs.fail_on_error)
        self._desk.write(figures(ended, self._context.workspace))
        for one in ended:
            self._annotations.add(*notes_of_result(one.result, workspace=self._context.workspace))
        notes = []
        try:
            self._upload(inputs, ended)
        except ArtifactError as error:
            notes.append(f"The artifact was not uploaded: {error}")
            self._annotations.add(Note("error", notes[0]))
            code = code or _UPLOAD_FAILED
        except Cancelled:
            self._log.line("The artifact was not uploaded: the job was cancelled.")
        self._desk.summarise([one.report for one in ended], notes=notes)
        self._desk.tell_where(ended)
        return 128 + self._signals.number if self._signals.number else code

    def _upload(self, inputs: Inputs, ended: Sequence[Ended]) -> None:
        service = self._context.artifacts
        if not inputs.upload_artifact or self._signals.number:
            return
        if service is None:
            if self._context.in_actions:
                self._annotations.add(Note("warning", _NO_SERVICE))
            return
        from acp_action.github.handin import hand_in

        uploaded = hand_in(
            ended,
            inputs,
            service,
            temp=self._context.temp,
            mask=self._log.mask,
            stop=self._signals.switch,
        )
        self._desk.uploaded(uploaded)

    @contextmanager
    def _grouped(self, title: str) -> Iterator[None]:
        self._log.group(title)
        try:
            yield
        finally:
            self._log.end_group()


_NO_SERVICE: Final = (
    "this runner offers no artifact service, so the files stay in the workspace; "
    "add a step with actions/upload-artifact, or set upload-artifact: false"
)


def _wishes(inputs: Inputs, environ: Mapping[str, str]) -> Wishes:
    overrides = Overrides(
        parallel=inputs.parallel,
        max_workers=inputs.max_workers,
        provider=inputs.provider,
        output_dir=inputs.output_dir,
        log_level=inputs.log_level,
        door="input {}",
    )
    return Wishes(overrides, inputs.input, allow_env=inputs.allow_env, environ=environ)


def _apart(planned: list[tuple[Path, Plan]], workspace: Path) -> list[tuple[Path, Plan]]:
    """Several pipelines get a folder each; every folder lies in the workspace, or nobody would find it."""
    root = workspace.resolve()
    names = output_names([config for config, _ in planned]) if len(planned) > 1 else ("",) * len(planned)
    found = []
    for (config, plan), name in zip(planned, names, strict=True):
        folder = root / plan.settings.output_dir / name
        if not folder.resolve().is_relative_to(root):
            raise UsageError(
                f"input 'output-dir': {plan.settings.output_dir!r} lies outside of the workspace, where no "
                "later step finds it; name a folder in the workspace"
            )
        shown = os.path.relpath(folder, root)
        found.append((config, replace(plan, settings=replace(plan.settings, output_dir=shown))))
    return found
