"""The pipeline file as frozen types: PipelineConfig, its settings and its entries."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PrivateAttr, Tag

NodePath: TypeAlias = tuple[str | int, ...]
"""Where a node stands in the file: keys and list indexes from the top, as written there."""

PositiveInt = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Delay = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(_Node):
    """``settings``: what applies to the whole run; None means not said in the file."""

    parallel: bool | None = None
    schedule: Literal["ordered", "dataflow"] | None = None
    max_workers: PositiveInt | None = None
    rate_limit_delay: Delay | None = None
    fail_fast: bool | None = None
    timeout: Seconds | None = None
    log_level: LogLevel | None = None
    output_dir: str | None = None
    provider: str | None = None


class _Entry(_Node):
    name: str | None = None
    enabled: bool = True
    needs: tuple[str, ...] = ()
    timeout: Seconds | None = None
    _at: NodePath = PrivateAttr(default=())

    @property
    def at(self) -> NodePath:
        """Where this entry stands in the file, as written there."""
        return self._at


class StepEntry(_Entry):
    """One step as written; ``type`` is canonical (aliases are resolved by the loader)."""

    type: str
    model: str | None = None
    provider: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    input_from: tuple[str, ...] = ()
    retry_count: Annotated[int, Field(ge=0)] | None = None


class GroupEntry(_Entry):
    """A ``parallel_group`` as written; ``steps`` may hold groups too."""

    type: Literal["parallel_group"]
    max_workers: PositiveInt | None = None
    fail_fast: bool | None = None
    steps: tuple[Entry, ...] = ()


def _tag(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "group" if kind == "parallel_group" else "step"


Entry = Annotated[
    Annotated[StepEntry, Tag("step")] | Annotated[GroupEntry, Tag("group")], Discriminator(_tag)
]


class PipelineConfig(_Node):
    """A pipeline file, validated. Names of steps may still be missing: the planner gives them."""

    name: str | None = None
    description: str | None = None
    version: str | None = None
    settings: Settings = Settings()
    steps: tuple[Entry, ...]


GroupEntry.model_rebuild()
PipelineConfig.model_rebuild()
