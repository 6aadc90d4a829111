"""The JSON Schema of a pipeline file, generated from the models: what editors check and complete with."""

from __future__ import annotations

import json
from typing import Any, Final

from acp_action.catalogue.step_types import ALIASES, GROUP_TYPE, STEP_TYPES, StepType
from acp_action.config.model import PipelineConfig

SCHEMA_ID: Final = "urn:acp-action:schema:pipeline"
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_DEFAULTS: Final[dict[str, Any]] = {
    "parallel": True,
    "schedule": "ordered",
    "max_workers": 4,
    "rate_limit_delay": 0,
    "max_rate_limit_wait": 300,
    "fail_fast": True,
    "timeout": 300,
    "log_level": "INFO",
    "output_dir": "output",
}
_HEADLINE: Final = "AI media steps and parallel groups. Check a file: ai-content-pipeline validate FILE"
_TITLES: Final = {
    "StepEntry": {"title": "Step", "description": "One step; its output is named after it."},
    "GroupEntry": {"title": "Parallel group", "description": "Steps that run concurrently."},
    "Settings": {"title": "Settings"},
    "RateLimit": {"title": "Rate limit", "description": "What is known of a provider's limits."},
}
_ARTICLES: Final = {"image": "an image", "images": "images", "video": "a video", "videos": "videos",
                    "audio": "audio", "text": "a text"}  # fmt: skip


def pipeline_schema() -> dict[str, Any]:
    """The schema, draft 2020-12. It knows the form of a file; names, models and edges it does not."""
    schema = _tidied(PipelineConfig.model_json_schema())
    definitions = {name: _titled(name, model) for name, model in schema.pop("$defs").items()}
    _complete_settings(definitions["Settings"])
    _complete_step(definitions["StepEntry"])
    _complete_group(definitions["GroupEntry"])
    definitions["Entry"] = _entry()
    schema["properties"]["steps"] |= {"items": {"$ref": "#/$defs/Entry"}, "minItems": 1}
    schema["properties"]["settings"].pop("default")
    schema |= {"description": _HEADLINE, "$defs": definitions}
    return {"$schema": DRAFT, "$id": SCHEMA_ID, "title": "Pipeline of AI media steps", **schema}


def schema_text() -> str:
    """The schema as the checked-in file holds it."""
    return json.dumps(pipeline_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidied(node: Any) -> Any:
    """The generated schema without noise: automatic titles, defaults of null, choices between x and null."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _tidied(value) for key, value in node.items() if not _is_noise(key, value)}
    choices = [choice for choice in kept.pop("anyOf", []) if choice != {"type": "null"}]
    return {**choices[0], **kept} if choices else kept


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in (None, [], {}))


def _titled(name: str, model: dict[str, Any]) -> dict[str, Any]:
    return {**model, **_TITLES[name]}


def _complete_settings(settings: dict[str, Any]) -> None:
    for name, default in _DEFAULTS.items():
        settings["properties"][name]["default"] = default


def _complete_step(step: dict[str, Any]) -> None:
    properties = step["properties"]
    properties["type"] = {"description": properties["type"]["description"], "oneOf": _step_types()}
    properties["needs"] = _names(properties["needs"])
    properties["input_from"] = _names(properties["input_from"])
    properties["params"]["properties"] = {
        "prompt": {"type": "string", "description": "The text for the model.", "examples": ["{{input}}"]},
        "seed": {"type": "integer", "description": "Makes a result repeatable, where the model can."},
        "aspect_ratio": {"type": "string", "description": "Width to height.", "examples": ["16:9"]},
    }


def _step_types() -> list[dict[str, Any]]:
    known = [{"const": t.name, "description": _described(t)} for t in STEP_TYPES.values()]
    older = [{"const": alias, "description": f"The same as {name}."} for alias, name in ALIASES.items()]
    return known + older


def _described(step_type: StepType) -> str:
    takes = [_ARTICLES[step_type.media]] if step_type.media else []
    takes += {"required": ["a text"], "optional": ["a text, if given"], "none": []}[step_type.text]
    makes = f"Makes {_ARTICLES[step_type.makes]} from {' and '.join(takes)}."
    return f"{makes} Default model: {step_type.default_model}."


def _names(field: dict[str, Any]) -> dict[str, Any]:
    description = field.pop("description")
    return {"description": description, "anyOf": [{"type": "string"}, field]}


def _complete_group(group: dict[str, Any]) -> None:
    properties = group["properties"]
    members = {"type": "array", "items": {"$ref": "#/$defs/Entry"}, "minItems": 1}
    older = {"type": "object", "properties": {"parallel_steps": members}, "additionalProperties": False}
    properties["needs"] = _names(properties["needs"])
    properties["max_workers"]["default"] = _DEFAULTS["max_workers"]
    properties["fail_fast"]["default"] = _DEFAULTS["fail_fast"]
    properties["steps"] |= members
    properties["params"] = {
        **older,
        "required": ["parallel_steps"],
        "description": "An older way to write the steps of the group.",
    }
    group["oneOf"] = [{"required": ["steps"]}, {"required": ["params"]}]


def _entry() -> dict[str, Any]:
    """A step or a group, told apart by the type, so that an editor names the fault of the right one."""
    is_group = {"properties": {"type": {"const": GROUP_TYPE}}, "required": ["type"]}
    return {
        "if": is_group,
        "then": {"$ref": "#/$defs/GroupEntry"},
        "else": {"$ref": "#/$defs/StepEntry"},
    }
