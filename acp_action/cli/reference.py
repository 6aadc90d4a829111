"""list-models, schema and init: what can be written into a pipeline file, and a first one to change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acp_action.cli.options import Json
from acp_action.cli.page import show_page
from acp_action.cli.streams import show, show_json
from acp_action.errors import OutputError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.catalogue.models import Model

# Prices below this, in USD, are told for many units at once.
_SMALL, _MANY = 0.0005, 1000


def list_models(
    step_type: Annotated[
        str | None, typer.Option("--type", "-t", metavar="TYPE", help="Only models for this step type.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="NAME", help="Only models of this provider.")
    ] = None,
    as_json: Json = False,
) -> int:
    """List the models and what is known of their price."""
    from acp_action.catalogue.models import catalogue
    from acp_action.catalogue.step_types import STEP_TYPES, canonical_type

    every = catalogue().models()
    _check("step type", step_type and canonical_type(step_type), STEP_TYPES)
    _check("provider with models", provider, {model.provider for model in every})
    models = catalogue().models(step_type) if step_type else every
    chosen = [model for model in models if provider in (None, model.provider)]
    if as_json:
        show_json([_fields(model) for model in chosen])
    else:
        show_page("\n".join(_table(chosen)))
    return 0


def _check(what: str, word: str | None, known: Iterable[str]) -> None:
    choices = sorted(known)
    if word and word not in choices:
        near = did_you_mean(word, choices) or f"give one of {', '.join(choices)}"
        raise UsageError(f"there is no {what} '{word}'; {near}")


def _fields(model: Model) -> dict[str, Any]:
    return {
        "name": model.key,
        "type": model.type,
        "provider": model.provider,
        "title": model.name,
        "aliases": list(model.aliases),
        "makes": model.makes,
        "price_usd": model.price,
        "price_per": model.price_unit,
        "expected_seconds": model.expected_seconds,
        "state": model.state,
        "params": [param.name for param in model.params],
    }


def _table(models: list[Model]) -> list[str]:
    names = max((len(model.key) for model in models), default=0)
    lines: list[str] = []
    last = ""
    for model in sorted(models, key=lambda model: model.type):
        if model.type != last:
            lines += ["", model.type] if lines else [model.type]
            last = model.type
        price = _price(model)
        state = f"  ({model.state})" if model.state in ("retiring", "retired", "not_listed") else ""
        also = f"  also: {', '.join(model.aliases)}" if model.aliases else ""
        lines.append(f"  {model.key:<{names}}  {model.provider:<10}  {price}{state}{also}".rstrip())
    return lines


def _price(model: Model) -> str:
    if model.price is None:
        return "price unknown"
    if not model.price:
        return "free"
    if model.price < _SMALL:
        return f"${model.price * _MANY:g} per {_MANY:,} {model.price_unit}s"
    return f"${model.price:g} per {model.price_unit}"


def schema() -> int:
    """Write the JSON Schema of pipeline files."""
    from acp_action.config.schema import pipeline_schema

    show_json(pipeline_schema())
    return 0


def init(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|-", help="Where to write it; - for standard output.", show_default=False
        ),
    ] = Path("pipeline.yaml"),
) -> int:
    """Write a commented starter pipeline."""
    text = Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")
    if str(file) == "-":
        show(text.rstrip("\n"))
        return 0
    try:
        # Exclusively, so that no moment remains in which another file could be lost.
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError as error:
        raise OutputError(f"{file} is there already; name another file, or remove it") from error
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror or error}; name another file") from error
    command = f'ai-content-pipeline run-chain --config {file} --provider local --input "a lighthouse at dusk"'
    show(f"wrote {file}; try it without keys and without cost:\n  {command}")
    return 0
