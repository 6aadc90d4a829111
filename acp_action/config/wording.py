"""From the validator's complaints to ours: one table, so that nobody meets the validator's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acp_action.config.fields import CUSTOM, described
from acp_action.config.model import GroupEntry, PipelineConfig, RateLimit, Settings, StepEntry
from acp_action.config.spellings import mend_key
from acp_action.config.text import shown
from acp_action.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from acp_action.config.spellings import Level

_MODELS: Final[dict[Level, type[BaseModel]]] = {
    "pipeline": PipelineConfig,
    "settings": Settings,
    "limit": RateLimit,
    "step": StepEntry,
    "group": GroupEntry,
}


def worded(error: ErrorDetails, level: Level) -> tuple[str, str]:
    """What is wrong, and how to mend it."""
    return _TABLE.get(error["type"], _other)(error, level)


def _custom(error: ErrorDetails, _level: Level) -> tuple[str, str]:
    return _context(error)["what"], _context(error)["mend"]


def _unknown_key(error: ErrorDetails, level: Level) -> tuple[str, str]:
    key = str(error["loc"][-1])
    return f"unknown key {shown(key)}", mend_key(key, level, _MODELS[level].model_fields)


def _too_small(error: ErrorDetails, _level: Level) -> tuple[str, str]:
    context = _context(error)
    mend = f"write {context['ge']:g} or more" if "ge" in context else f"write more than {context['gt']:g}"
    return f"{described(error['input'])} is too small", mend


def _too_big(error: ErrorDetails, _level: Level) -> tuple[str, str]:
    return f"{described(error['input'])} is too big", f"write at most {_context(error)['le']}"


def _no_choice(error: ErrorDetails, _level: Level) -> tuple[str, str]:
    choices = _context(error)["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    value = error["input"]
    mend = did_you_mean(value, choices) if isinstance(value, str) else ""
    return f"{described(value)} is not known here", mend or f"write one of {', '.join(choices)}"


def _other(error: ErrorDetails, _level: Level) -> tuple[str, str]:
    return f"{described(error['input'])} does not fit here", "see: ai-content-pipeline schema"


def _context(error: ErrorDetails) -> dict[str, Any]:
    return error.get("ctx", {})


_TABLE: Final[dict[str, Callable[[ErrorDetails, Level], tuple[str, str]]]] = {
    CUSTOM: _custom,
    "extra_forbidden": _unknown_key,
    "greater_than": _too_small,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_big,
    "literal_error": _no_choice,
}
