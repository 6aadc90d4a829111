"""What the tests of the loader share: the problems of a text, short and as people see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acp_action.config.load import load_pipeline
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.config.model import PipelineConfig
    from acp_action.errors import Problem

STEP = "{type: text_to_image, params: {prompt: a cat}}"


def config_of(given: str | Mapping[str, Any]) -> PipelineConfig:
    """The config of a YAML text or a mapping that is right."""
    return load_pipeline(YamlSource.from_text(given) if isinstance(given, str) else given).config


def problems_of(given: str | Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that is wrong with a YAML text or a mapping, in order; nothing when it loads."""
    try:
        config_of(given)
    except ConfigError as error:
        return error.problems
    return ()


def told(given: str | Mapping[str, Any]) -> list[str]:
    """The problems as one line each, without the name of the file."""
    return [str(problem).removeprefix("pipeline:").strip() for problem in problems_of(given)]


def step_with(lines: str) -> str:
    """A pipeline with one step that has these lines, indented as they are, from line 3 on."""
    return f"steps:\n  - type: text_to_image\n{lines}\n"
