"""generate-image, image-to-video and analyze-image: one step, straight from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acp_action.cli.options import (
    Json,
    ModelName,
    OutputDir,
    Params,
    ProviderName,
    Quiet,
    Timeout,
    read_input,
    read_params,
)
from acp_action.cli.streams import show, show_json
from acp_action.errors import UsageError

if TYPE_CHECKING:
    from acp_action.engine.result import StepResult

Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The file's name (default: from the prompt).")
]
Image = Annotated[Path, typer.Argument(metavar="IMAGE", help="An image file.", show_default=False)]


def generate_image(
    prompt: Annotated[
        str, typer.Argument(metavar="PROMPT|@FILE|-", help="What to show.", show_default=False)
    ],
    model: ModelName = None,
    param: Params = None,
    name: Name = None,
    output_dir: OutputDir = None,
    provider: ProviderName = None,
    timeout: Timeout = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Make an image of what a prompt says."""
    call = {"prompt": read_input(prompt), "model": model, "name": name}
    return _carry_out("generate_image", call, param, (provider, output_dir, timeout), as_json, quiet)


def image_to_video(
    image: Image,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT|@FILE|-", help="What happens.")
    ] = None,
    model: ModelName = None,
    param: Params = None,
    name: Name = None,
    output_dir: OutputDir = None,
    provider: ProviderName = None,
    timeout: Timeout = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Make a video that begins with an image."""
    call = {"image": image, "prompt": read_input(prompt), "model": model, "name": name}
    return _carry_out("image_to_video", call, param, (provider, output_dir, timeout), as_json, quiet)


def analyze_image(
    image: Image,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT|@FILE|-", help="What to ask.")
    ] = None,
    model: ModelName = None,
    param: Params = None,
    name: Name = None,
    output_dir: OutputDir = None,
    provider: ProviderName = None,
    timeout: Timeout = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Say what there is to see in an image."""
    call = {"image": image, "prompt": read_input(prompt), "model": model, "name": name}
    return _carry_out("analyze_image", call, param, (provider, output_dir, timeout), as_json, quiet)


def _carry_out(
    verb: str,
    call: dict[str, Any],
    param: list[str] | None,
    where: tuple[str | None, str | None, float | None],
    as_json: bool,
    quiet: bool,
) -> int:
    params = read_params(param)
    for taken in {*call, "stop"} & set(params):
        raise UsageError(f"--param {taken}: {taken} has its own place on the command line, see --help")
    from acp_action.api.sync import AIPipelineManager
    from acp_action.cli.display import logging_to_stderr
    from acp_action.cli.signals import Signals

    provider, output_dir, timeout = where
    level = "ERROR" if quiet else "INFO"
    manager = AIPipelineManager(provider=provider, output_dir=output_dir, timeout=timeout, log_level=level)
    with Signals() as signals, logging_to_stderr(level):
        step = getattr(manager, verb)(**call, **params, stop=signals.switch)
        code = 0 if step.success else 128 + signals.number if signals.number else 1
    _show_step(step, code, as_json=as_json, quiet=quiet)
    return code


def _show_step(step: StepResult, code: int, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        show_json(_fields(step, code))
    elif step.success and not quiet:
        show(step.text if step.text is not None else str(step.output_path))


def _fields(step: StepResult, code: int) -> dict[str, Any]:
    files = step.output.files if step.output else ()
    return {
        "success": step.success,
        "exit_code": code,
        "status": str(step.status),
        "error": {"type": "StepFailed", "message": step.error, "problems": []} if step.error else None,
        "output_path": str(step.output_path) if step.output_path else None,
        "text": step.text,
        "files": [{"path": str(f.path), "bytes": f.bytes, "sha256": f.sha256, **f.facts} for f in files],
        "model": step.model,
        "provider": step.provider,
        "duration": step.duration,
        "cost": step.cost,
        "seed": step.seed,
        "params": dict(step.params),
        "metadata": dict(step.metadata),
    }
