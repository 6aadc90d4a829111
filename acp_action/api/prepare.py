"""From what a caller asked for to a plan that can be carried out, or to every reason why it cannot."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.config.cascade import Overrides, resolve_settings
from acp_action.config.environment import allowed_environment, largest_pipeline
from acp_action.config.load import Loaded, in_file_order, load_pipeline, told_once
from acp_action.config.yaml_source import MAX_BYTES
from acp_action.errors import ConfigError, MissingKeyError, OutputError, UsageError, did_you_mean
from acp_action.plan.make import make_plan, problems_of_steps
from acp_action.providers.keys import key_needs, require_providers
from acp_action.providers.registry import LOCAL, REGISTRY, adapters
from acp_action.store.preflight import foresee, preflight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acp_action.config.model import PipelineConfig
    from acp_action.errors import Problem
    from acp_action.plan.model import Plan
    from acp_action.providers.base import Provider
    from acp_action.providers.keys import KeyNeed


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the trusted side asks of a run besides the pipeline itself.

    ``only``: names of steps or groups; they and what they need are carried out. ``allow_env``: variables that
    templates may read. ``workspace``: the folder that media files named in the pipeline stand in, None for
    the current one. ``environ``: the process environment, handed in by tests.
    """

    overrides: Overrides = field(default_factory=Overrides)
    input_text: str | None = None
    only: Sequence[str] = ()
    allow_env: Sequence[str] = ()
    workspace: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def plan_pipeline(
    config: str | Path | Mapping[str, Any] | PipelineConfig,
    wishes: Wishes,
    providers: Mapping[str, Provider] | None = None,
    *,
    need_input: bool = False,
) -> Plan:
    """Load, check and plan; nothing is written and no key is asked for.

    ``config``: a path, a mapping, or a config. ``need_input``: whether a step that uses the
    run's input is an error when there is none. Raises ConfigError or UsageError with all problems.
    """
    _check_provider(wishes.overrides.provider)
    if not isinstance(wishes.input_text, str | None):
        raise UsageError(f"input_text is {wishes.input_text!r:.60}; give a text")
    try:
        loaded = load_pipeline(config, max_bytes=largest_pipeline(wishes.environ, MAX_BYTES))
    except ConfigError as error:
        if not isinstance(error.draft, Loaded):
            raise
        more = _problems_of_plan(error.draft, wishes, providers, need_input=need_input)
        more = told_once(error.problems, more)
        raise ConfigError(in_file_order([*error.problems, *more])) from error
    return _plan(loaded, wishes, providers, need_input=need_input)


def _problems_of_plan(
    draft: Loaded, wishes: Wishes, providers: Mapping[str, Provider] | None, *, need_input: bool
) -> Sequence[Problem]:
    if draft.doubtful is not None:
        return problems_of_steps(
            draft.config,
            draft.source,
            resolve_settings(draft.config.settings, wishes.overrides, wishes.environ),
            draft.doubtful,
            providers=adapters() if providers is None else providers,
            env=allowed_environment(wishes.allow_env, wishes.environ),
            workspace=wishes.workspace,
        )
    try:
        _plan(draft, wishes, providers, need_input=need_input)
    except ConfigError as error:
        return error.problems
    return ()


def _plan(
    loaded: Loaded, wishes: Wishes, providers: Mapping[str, Provider] | None, *, need_input: bool
) -> Plan:
    settings = resolve_settings(loaded.config.settings, wishes.overrides, wishes.environ)
    return make_plan(
        loaded.config,
        loaded.source,
        settings,
        providers=adapters() if providers is None else providers,
        input_text=wishes.input_text,
        env=allowed_environment(wishes.allow_env, wishes.environ),
        workspace=wishes.workspace,
        only=wishes.only,
        need_input=need_input,
    )


def _check_provider(name: str | None) -> None:
    if name is not None and name not in REGISTRY:
        near = did_you_mean(name, REGISTRY) or f"give one of {', '.join(REGISTRY)}"
        raise UsageError(f"there is no provider '{name}'; {near}")


def check_keys(plan: Plan, providers: Mapping[str, Provider]) -> None:
    """Raise MissingKeyError or UsageError, for all providers at once, when a step's cannot be called."""
    require_providers(_needed(plan), providers)


def keys_of(plan: Plan, providers: Mapping[str, Provider]) -> tuple[KeyNeed, ...]:
    """The keys that a run of this plan needs, and whether they are there."""
    return key_needs(_needed(plan), providers)


def _needed(plan: Plan) -> dict[str, list[str]]:
    """Provider names to the names of the steps that call them."""
    needed: dict[str, list[str]] = {}
    for step in plan.steps:
        if step.enabled:
            needed.setdefault(step.provider, []).append(step.name)
    return needed


def output_folder(plan: Plan, workspace: Path | None = None, *, dry: bool = False) -> Path:
    """The folder that outputs go to, made if need be. Raises OutputError.

    A folder that the pipeline file names must lie within the workspace: the file is not trusted to choose.
    ``dry``: look only, make and write nothing.
    """
    _check_names(step.stem for step in plan.steps)
    named_by_file = plan.settings.origins.get("output_dir") == "file"
    look = foresee if dry else preflight
    return look(
        Path(plan.settings.output_dir),
        stems={step.stem for step in plan.steps},
        within=(workspace or Path.cwd()) if named_by_file else None,
    )


def _check_names(stems: Iterable[str]) -> None:
    """Only where somebody turned UTF-8 off; every letter of a name can be written elsewhere."""
    encoding = sys.getfilesystemencoding()
    if encoding == "utf-8":
        return
    for stem in stems:
        try:
            stem.encode(encoding)
        except UnicodeEncodeError:
            mend = "rename the step, or set PYTHONUTF8=1"
            raise OutputError(
                f"no file can be called {stem!a}: names here are in {encoding}; {mend}"
            ) from None


def make_ready(
    plan: Plan, providers: Mapping[str, Provider], workspace: Path | None = None, *, dry: bool = False
) -> Path:
    """Check keys, the output folder and its journal before the first paid call; gives the folder.

    ``dry``: look only, make and write nothing. Raises MissingKeyError, UsageError or OutputError; what is
    wrong with the folder is told along with what is wrong with the keys.
    """
    try:
        check_keys(plan, providers)
    except (MissingKeyError, UsageError) as wrong:
        try:
            output_folder(plan, workspace, dry=dry)
        except OutputError as unusable:
            raise type(wrong)(f"{wrong}\n{unusable}") from unusable
        raise
    folder = output_folder(plan, workspace, dry=dry)
    if any(step.enabled and step.provider != LOCAL for step in plan.steps):
        from acp_action.store.journal import look

        look(folder)
    return folder
