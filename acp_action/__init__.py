"""acp-action: YAML pipelines of AI media steps, run in parallel.

>>> from acp_action import AIPipelineManager
>>> manager = AIPipelineManager(provider="local")

Names are imported when they are first used, so that ``import acp_action`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acp_action.api.asynchronous import AsyncAIPipelineManager
    from acp_action.api.run import PipelineResult
    from acp_action.api.sync import AIPipelineManager
    from acp_action.config.model import PipelineConfig
    from acp_action.engine.cancel import StopSwitch
    from acp_action.engine.result import Status, StepResult
    from acp_action.errors import AcpError, ConfigError, MissingKeyError, OutputError, Problem, UsageError

__version__ = "0.1.0"

__all__ = [
    "AIPipelineManager",
    "AcpError",
    "AsyncAIPipelineManager",
    "ConfigError",
    "MissingKeyError",
    "OutputError",
    "PipelineConfig",
    "PipelineResult",
    "Problem",
    "Status",
    "StepResult",
    "StopSwitch",
    "UsageError",
    "__version__",
]

_HOMES = {
    "AIPipelineManager": "acp_action.api.sync",
    "AcpError": "acp_action.errors",
    "AsyncAIPipelineManager": "acp_action.api.asynchronous",
    "ConfigError": "acp_action.errors",
    "MissingKeyError": "acp_action.errors",
    "OutputError": "acp_action.errors",
    "PipelineConfig": "acp_action.config.model",
    "PipelineResult": "acp_action.api.run",
    "Problem": "acp_action.errors",
    "Status": "acp_action.engine.result",
    "StepResult": "acp_action.engine.result",
    "StopSwitch": "acp_action.engine.cancel",
    "UsageError": "acp_action.errors",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
