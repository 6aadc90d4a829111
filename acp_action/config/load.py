"""From a file, a mapping or a config to a checked PipelineConfig, or to everything that is wrong with it."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from acp_action.config.canonical import Canonical
from acp_action.config.draft import find_doubts
from acp_action.config.mapping_source import MappingSource
from acp_action.config.model import GroupEntry, PipelineConfig
from acp_action.config.wording import worded
from acp_action.config.yaml_source import MAX_BYTES, YamlSource
from acp_action.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from acp_action.config.model import NodePath, StepEntry
    from acp_action.config.sources import Source
    from acp_action.config.spellings import Level
    from acp_action.errors import Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked config, and the source that knows the place of each of its nodes.

    ``doubtful``: of a draft whose edges nobody can be sure of, the entries about which nothing can be said;
    None when the edges are certain.
    """

    config: PipelineConfig
    source: Source
    doubtful: frozenset[NodePath] | None = None


def load_pipeline(
    config: str | Path | Mapping[str, Any] | PipelineConfig | Source, *, max_bytes: int = MAX_BYTES
) -> Loaded:
    """Load and check a pipeline: the path of a file, a mapping, or what was loaded before.

    ``max_bytes``: the biggest file that is read. Names that steps refer to, models and edges are checked when
    it is planned.

    Raises ConfigError with all problems, in file order; UsageError for a file that cannot be read.
    """
    with collector_paused():
        source = _source_of(config, max_bytes)
        if not source.is_complete:
            raise ConfigError(source.problems)
        canonical = Canonical(source)
        checked, problems, faulty = _validated(canonical, source)
        problems = told_once(source.problems, [*problems, *canonical.problems])
        problems = [p for p in problems if not source.is_damaged(p.position)] + source.problems
        if problems or checked is None:
            raise ConfigError(in_file_order(problems), _draft(canonical, source, faulty))
        return Loaded(checked, source)


def _draft(canonical: Canonical, source: Source, faulty: Sequence[ErrorDetails]) -> Loaded | None:
    """What is left without the faulty keys, None when that is not enough to say anything about it."""
    doubts = find_doubts(canonical, source, faulty)
    if doubts is None:
        return None
    checked, _, left = _validated(canonical, source)
    if checked is None or left:
        return None
    return Loaded(checked, source, frozenset(doubts.entries) if doubts.about_edges else None)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Look for no garbage: loading makes many objects and no cycles, and looking takes a sixth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by place, each once; those without a place come first."""
    return sorted(
        dict.fromkeys(problems), key=lambda p: (p.position.line, p.position.column) if p.position else (0, 0)
    )


def told_once(known: Iterable[Problem], more: Iterable[Problem]) -> list[Problem]:
    """Those of ``more`` that stand at other places: who comes later says no more about a faulty value."""
    places = {problem.position for problem in known if problem.position is not None}
    return [problem for problem in more if problem.position not in places]


def _source_of(config: str | Path | Mapping[str, Any] | PipelineConfig | Source, max_bytes: int) -> Source:
    if isinstance(config, YamlSource | MappingSource):
        return config
    if isinstance(config, PipelineConfig):
        return MappingSource(config.model_dump(exclude_unset=True))
    if isinstance(config, Mapping):
        return MappingSource(dict(config))
    if not isinstance(config, str | PathLike):
        raise UsageError(f"a pipeline is a path, a mapping or a PipelineConfig, not {config!r:.60}")
    return YamlSource.from_path(config, max_bytes)


def _validated(
    canonical: Canonical, source: Source
) -> tuple[PipelineConfig | None, list[Problem], list[ErrorDetails]]:
    """The config, or what is wrong with it: as problems, and as the validator says it."""
    if canonical.config is None:
        return None, [], []
    try:
        checked = PipelineConfig.model_validate(canonical.config)
    except ValidationError as invalid:
        faulty = invalid.errors(include_url=False)
        return None, [_problem(error, canonical, source) for error in faulty], faulty
    for entry, written in _pairs(checked.steps, canonical.config["steps"]):
        entry.put_at(canonical.at(written))
    return checked, [], []


def _pairs(
    entries: Sequence[StepEntry | GroupEntry], written: Sequence[dict[str, Any]]
) -> Iterator[tuple[StepEntry | GroupEntry, dict[str, Any]]]:
    for entry, raw in zip(entries, written, strict=True):
        yield entry, raw
        if isinstance(entry, GroupEntry):
            yield from _pairs(entry.steps, raw["steps"])


def _problem(error: ErrorDetails, canonical: Canonical, source: Source) -> Problem:
    path, level = _place(error["loc"], canonical)
    what, mend = worded(error, level)
    return source.problem(path, what, mend, key=error["type"] == "extra_forbidden")


def _place(loc: tuple[str | int, ...], canonical: Canonical) -> tuple[NodePath, Level]:
    """The path in the file for a place in the canonical form, where each index is followed by a kind."""
    node: Any = canonical.config
    path: NodePath = ()
    level: Level = "settings" if loc[:1] == ("settings",) and len(loc) > 1 else "pipeline"
    if loc[:2] == ("settings", "rate_limits") and len(loc) > 3:
        level = "limit"
    while len(loc) > 2 and loc[0] == "steps":
        node = node["steps"][loc[1]]
        path = canonical.at(node)
        level = "group" if loc[2] == "group" else "step"
        loc = loc[3:]
    # A single name is validated as a list of one, but it was written without an index.
    if loc and isinstance(loc[-1], int) and not isinstance(node.get(loc[0]), list):
        loc = loc[:1]
    return (*path, *loc), level
