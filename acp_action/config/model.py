"""The pipeline file as frozen types: PipelineConfig, its settings and its entries."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from acp_action.config.fields import (
    Delay,
    Dollars,
    Flag,
    LogLevel,
    Name,
    Names,
    Params,
    Rate,
    Retries,
    Schedule,
    Seconds,
    Text,
    Word,
    Workers,
    read_limits,
)

NodePath: TypeAlias = tuple[str | int, ...]
"""Where a node stands in the file: keys and list indexes from the top, as written there."""


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateLimit(_Node):
    """What is known of a provider's limits; what is left out is learnt."""

    requests_per_minute: Rate | None = Field(
        None, description="Requests a minute that the account may send.", examples=[60]
    )
    concurrency: Workers | None = Field(
        None, description="Requests that the account may have in flight.", examples=[10]
    )


RateLimits: TypeAlias = Annotated[dict[str, RateLimit], BeforeValidator(read_limits)]


class Settings(_Node):
    """What applies to the whole run. Flags, action inputs and the environment win over it."""

    parallel: Flag | None = Field(
        None, description="Groups run concurrently; false: every step one after another. Default: true."
    )
    schedule: Schedule | None = Field(
        None,
        description="ordered (default): entries run in file order, a group is a barrier. "
        "dataflow: anything starts once its inputs are there.",
    )
    max_workers: Workers | None = Field(
        None, description="How many operations of a group run at once, unless the group says. Default: 4.",
        examples=[4],
    )  # fmt: skip
    rate_limit_delay: Delay | None = Field(
        None,
        description="Least seconds between two requests to one provider. Default: 0.",
        examples=[1],
    )
    rate_limits: RateLimits | None = Field(
        None,
        description="What your accounts may do, by provider. "
        "Default: what the providers tell, and what is learnt from their refusals.",
        examples=[{"fal": {"requests_per_minute": 60, "concurrency": 10}}],
    )
    max_rate_limit_wait: Delay | None = Field(
        None,
        description="Seconds that a step waits in all after refusals for a rate limit. Default: 300.",
        examples=[300],
    )
    fail_fast: Flag | None = Field(
        None, description="After the first failure nothing more starts. Default: true."
    )
    timeout: Seconds | None = Field(
        None, description="Seconds for one operation, its retries included. Default: 300.", examples=[300]
    )
    log_level: LogLevel | None = Field(None, description="Which log lines are shown. Default: INFO.")
    output_dir: Word | None = Field(
        None,
        description="Folder for outputs, below the current one. Default: output.",
        examples=["output"],
    )
    provider: Word | None = Field(
        None, description="Force one provider; local makes free previews. Default: the model's own.",
        examples=["local"],
    )  # fmt: skip


class _Entry(_Node):
    name: Name | None = Field(
        None, description="Unique in the file; outputs are named after it. Default: <type>_<n>."
    )
    enabled: Flag = Field(True, description="false: the entry is skipped.")
    needs: Names = Field((), description="Steps or groups that must be finished before: order only.")
    timeout: Seconds | None = Field(
        None, description="Seconds for one operation, its retries included.", examples=[300]
    )
    # A slot, because a private attribute of pydantic takes as long as validating the rest of an entry.
    __slots__ = ("_place",)

    @property
    def at(self) -> NodePath:
        """Where this entry stands in the file, as written there; () for one that was made in Python."""
        return getattr(self, "_place", ())

    def put_at(self, place: NodePath) -> None:
        """Note where the entry stands; for the loader alone."""
        object.__setattr__(self, "_place", place)


class StepEntry(_Entry):
    """One step as written; ``type`` is canonical (aliases are resolved by the loader)."""

    type: str = Field(description="What the step does.")
    model: Word | None = Field(
        None,
        description="The model; see: ai-content-pipeline list-models. Default: by type.",
        examples=["flux_dev"],
    )
    provider: Word | None = Field(None, description="local for a free preview. Default: the model's own.")
    params: Params = Field(
        default_factory=dict,
        description="What the model is asked for. Texts may hold {{input}}, {{env.NAME}}, {{timestamp}}, "
        "{{random}} and {{step_NAME.output}}.",
        examples=[{"prompt": "{{input}}"}],
    )
    input_from: Names = Field((), description="The steps, or the group, whose outputs this step takes.")
    retry_count: Retries | None = Field(
        None, description="Retries of transient failures after the first attempt. Default: 2."
    )
    max_duplicate_cost: Dollars | None = Field(
        None,
        description="USD up to which a paid request is sent again by itself when nobody knows what became of "
        "it. Default: never.",
        examples=[0.05],
    )


class GroupEntry(_Entry):
    """A ``parallel_group`` as written; ``steps`` may hold groups too."""

    type: Literal["parallel_group"] = Field(description="Runs its steps concurrently.")
    max_workers: Workers | None = Field(
        None, description="How many operations of this group run at once. Default: 4.", examples=[4]
    )
    fail_fast: Flag | None = Field(
        None, description="After the first failure nothing more of this group starts. Default: true."
    )
    steps: tuple[Entry, ...] = Field((), description="The members: steps, or groups in turn.")


def _tag(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "group" if kind == "parallel_group" else "step"


Entry = Annotated[
    Annotated[StepEntry, Tag("step")] | Annotated[GroupEntry, Tag("group")], Discriminator(_tag)
]


class PipelineConfig(_Node):
    """A pipeline file, validated. Names of steps may still be missing: the planner gives them."""

    name: Text | None = Field(None, description="What the pipeline is called.", examples=["Hybrid"])
    description: Text | None = Field(None, description="What it is for.")
    version: Text | None = Field(None, description="Yours to count.")
    settings: Settings = Field(Settings(), description="What applies to the whole run.")
    steps: tuple[Entry, ...] = Field(description="What is done, in file order: steps and parallel groups.")


GroupEntry.model_rebuild()
PipelineConfig.model_rebuild()
