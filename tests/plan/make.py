"""Plans from YAML text, for the planner's tests."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

from acp_action.config.cascade import Overrides, resolve_settings
from acp_action.config.load import load_pipeline
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import ConfigError, Problem
from acp_action.plan.make import make_plan

if TYPE_CHECKING:
    from acp_action.plan.model import Plan, Step


def plan_text(text: str, *, overrides: Overrides | None = None, **wishes: Any) -> Plan:
    """The plan of a pipeline text; every model at its own provider, none of which is asked anything."""
    loaded = load_pipeline(YamlSource.from_text(dedent(text), "pipeline.yaml"))
    settings = resolve_settings(loaded.config.settings, overrides or Overrides(), {})
    return make_plan(loaded.config, loaded.source, settings, providers=wishes.pop("providers", {}), **wishes)


def problems_of(text: str, **wishes: Any) -> list[Problem]:
    """What is wrong with a pipeline text; fails when nothing is."""
    try:
        plan_text(text, **wishes)
    except ConfigError as error:
        return list(error.problems)
    raise AssertionError("nothing was found wrong")


def step(plan: Plan, name: str) -> Step:
    """A step by name."""
    return next(s for s in plan.steps if s.name == name)


def names(plan: Plan, indexes: Any) -> list[str]:
    """Names of steps by index."""
    return [plan.steps[i].name for i in indexes]
