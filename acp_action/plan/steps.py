"""From a spot in the outline and its inputs to a Step: model, provider, limits, file name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acp_action.catalogue.models import catalogue
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.errors import did_you_mean
from acp_action.plan.model import Step
from acp_action.plan.ports import TEXT_PARAMS
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from acp_action.catalogue.models import Model
    from acp_action.config.cascade import Effective
    from acp_action.config.model import NodePath
    from acp_action.plan.findings import Findings
    from acp_action.plan.inputs import Inputs
    from acp_action.plan.outline import Outline, StepSpot
    from acp_action.providers.base import Provider, Source

DEFAULT_RETRIES = 2
# So many models are named in place of a retired one.
_ADVISED = 4
_FROM_FILE = ("file", "default")


class StepMaker:
    """Makes the steps of one plan; problems go to ``findings``."""

    def __init__(
        self, outline: Outline, findings: Findings, settings: Effective, providers: Mapping[str, Provider]
    ) -> None:
        self._outline = outline
        self._findings = findings
        self._settings = settings
        self._providers = providers
        self._models: dict[tuple[str, str | None], Model | None] = {}
        self._forced = settings.provider if settings.origins.get("provider") not in _FROM_FILE else None

    def make(
        self, inputs: Sequence[Inputs], stems: Mapping[str, str], without: Collection[NodePath] = ()
    ) -> tuple[Step, ...]:
        """The steps, in plan order; those with a problem are left out, and so are those at ``without``.

        ``stems``: file names by step name.
        """
        made = (
            self._make(spot, taken, stems[spot.name])
            for spot, taken in zip(self._outline.steps, inputs, strict=True)
            if spot.at not in without
        )
        return tuple(step for step in made if step is not None)

    def _make(self, spot: StepSpot, inputs: Inputs, stem: str) -> Step | None:
        model = self._model(spot)
        if model is None:
            return None
        provider = self._provider(spot, model)
        preview = provider == LOCAL and model.provider != LOCAL
        if not preview and model.state in ("retired", "retiring"):
            self._warn_retired(spot, model)
        expected = self._ask_provider(spot, inputs, model, provider, preview=preview)
        groups = self._outline.groups
        text_param = next((p for p in TEXT_PARAMS if p in inputs.params), None)
        return Step(
            index=spot.index,
            name=spot.name,
            type=spot.entry.type,
            model=model,
            provider=provider,
            preview=preview,
            params={key: value for key, value in inputs.params.items() if key != text_param},
            text=None if text_param is None else _written(inputs.params[text_param]),
            text_param=text_param or STEP_TYPES[spot.entry.type].text_param,
            templated=inputs.templated,
            media=tuple(inputs.media),
            text_from=inputs.text_from,
            references=inputs.references,
            data=self._steps(inputs.data),
            group=spot.group,
            number=spot.number,
            total=len(groups[spot.group].members) if spot.group >= 0 else 0,
            timeout=self._timeout(spot),
            retries=DEFAULT_RETRIES if spot.entry.retry_count is None else spot.entry.retry_count,
            expected=expected,
            enabled=spot.enabled,
            stem=stem,
            at=spot.at,
            position=self._findings.source.locate(spot.at),
            max_duplicate_cost=spot.entry.max_duplicate_cost,
        )

    def _model(self, spot: StepSpot) -> Model | None:
        key = (spot.entry.type, spot.entry.model)
        if key not in self._models:
            name = spot.entry.model or STEP_TYPES[spot.entry.type].default_model
            self._models[key] = catalogue().find(name, spot.entry.type)
        model = self._models[key]
        if model is None and spot.entry.model is not None:
            near = catalogue().nearest(spot.entry.model, spot.entry.type)
            self._findings.error(
                (*spot.at, "model"),
                f"there is no model '{spot.entry.model}' for {spot.entry.type}",
                near or f"see: ai-content-pipeline list-models --type {spot.entry.type}",
            )
        return model

    def _provider(self, spot: StepSpot, model: Model) -> str:
        chosen = self._forced or spot.entry.provider or self._settings.provider or model.provider
        allowed = (model.provider, LOCAL)
        if chosen in allowed:
            return chosen
        at = (*spot.at, "provider") if spot.entry.provider else ("settings", "provider")
        known = sorted({*self._providers, *(every.provider for every in catalogue().models())})
        if chosen not in known:
            # The same for all steps that it is said of, so it is told once.
            near = did_you_mean(chosen, known) or f"write one of {', '.join(known)}"
            self._findings.error(at, f"there is no provider '{chosen}'", near)
            return model.provider
        near = did_you_mean(chosen, allowed)
        self._findings.error(
            at, f"model '{model.key}' runs at {model.provider}, not at '{chosen}'",
            near or f"write {' or '.join(dict.fromkeys(allowed))}, or leave it out",
        )  # fmt: skip
        return model.provider

    def _ask_provider(
        self, spot: StepSpot, inputs: Inputs, model: Model, name: str, *, preview: bool
    ) -> float | None:
        provider = self._providers.get(name)
        if provider is None:
            return model.expected_seconds
        for complaint in provider.check(spot.entry.type, model, inputs.params, preview=preview):
            at = (*spot.at, "params")
            if complaint.param is not None:
                at = (*at, *(() if complaint.param not in spot.entry.params else (complaint.param,)))
            key = complaint.what.startswith(("unknown", "there is no"))
            # The place says which parameter it is; the provider's words do too, for other readers.
            what = complaint.what.removeprefix(f"{complaint.param}: ")
            self._findings.error(at, what, complaint.mend, key=key)
        if name == LOCAL:
            self._refuse_urls(spot, inputs.media)
        return provider.expected_seconds(spot.entry.type, model, inputs.params)

    def _refuse_urls(self, spot: StepSpot, media: Sequence[int | Source]) -> None:
        for source in media:
            if not isinstance(source, int) and source.url is not None:
                self._findings.error(
                    (*spot.at, "params"),
                    "the embedded provider fetches nothing from the network",
                    "name a file of the workspace instead of the URL",
                )

    def _warn_retired(self, spot: StepSpot, model: Model) -> None:
        # The catalogue's advice names endpoints, and only keys of models can be written into the file.
        alive = [m.key for m in catalogue().models(spot.entry.type)
                 if m.provider == model.provider and m.state == "listed"]  # fmt: skip
        others = f", such as {', '.join(alive[:_ADVISED])}" if alive else ""
        self._findings.warning(
            (*spot.at, "model"),
            f"model '{model.key}' is {model.state}",
            f"its provider may refuse it; choose another one{others}",
        )

    def _timeout(self, spot: StepSpot) -> float:
        if spot.entry.timeout is not None:
            return spot.entry.timeout
        group = spot.group
        while group >= 0:
            own = self._outline.groups[group].entry.timeout
            if own is not None:
                return own
            group = self._outline.groups[group].parent
        return self._settings.timeout

    def _steps(self, nodes: Sequence[int]) -> tuple[int, ...]:
        count = len(self._outline.steps)
        flat: dict[int, None] = {}
        for node in nodes:
            for step in (node,) if node < count else self._outline.groups[node - count].steps:
                flat[step] = None
        return tuple(flat)


def _written(value: Any) -> str:
    """A text as written: YAML numbers and booleans stand for their own spelling."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
