"""The program: all commands, and ``main``, the one place where what happened becomes an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from acp_action.cli.failure import report_failure
from acp_action.cli.streams import flush_streams, prepare_streams, show
from acp_action.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM: Final = "ai-content-pipeline"

# Where each command lives, and its line in the help: a command is imported and its options are built only
# when it is called, which takes a tenth off the time of --help. A test holds the lines to the docstrings.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "run-chain": ("run_chain:run_chain", "Run a pipeline file."),
    "plan": ("inspect:plan", "Show what a pipeline file would do."),
    "validate": ("inspect:validate", "Check pipeline files and show every problem."),
    "simulate": ("simulate:simulate", "Foresee time, requests and cost on a virtual clock."),
    "what-if": ("what_if:what_if", "Play a run again with other workers, schedule or limits."),
    "compare": ("compare:compare", "Set two runs side by side: time, cost and every step."),
    "doctor": ("doctor:doctor", "Check keys, services, disk and ffmpeg without paying."),
    "report": ("inspect:report", "Show the report of a run, in any form."),
    "list-models": ("reference:list_models", "List the models and what is known of their price."),
    "schema": ("reference:schema", "Write the JSON Schema of pipeline files."),
    "init": ("reference:init", "Write a commented starter pipeline."),
    "generate-image": ("media:generate_image", "Make an image of what a prompt says."),
    "image-to-video": ("media:image_to_video", "Make a video that begins with an image."),
    "analyze-image": ("media:analyze_image", "Say what there is to see in an image."),
}
_CONTEXT: Final = {"help_option_names": ["--help", "-h"], "max_content_width": 100}
# Boxes of columns cut long options on a terminal of 80 columns, and take twice the time.
_PLAIN: Final = None


def build_command(name: str) -> Any:
    """The command of this name with all its options."""
    module, _, function = COMMANDS[name][0].partition(":")
    single = typer.Typer(add_completion=False, context_settings=_CONTEXT, rich_markup_mode=_PLAIN)
    single.command(name)(getattr(import_module(f"acp_action.cli.{module}"), function))
    return typer.main.get_command(single)


class _Commands(TyperGroup):
    """The group of commands: light ones for the help, whole ones to be called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, *rest = args
        if name in COMMANDS:
            return name, build_command(name), rest
        if name.startswith("-"):
            return super().resolve_command(ctx, args)
        near = did_you_mean(name, COMMANDS) or f"see: {PROGRAM} --help"
        raise UsageError(f"there is no command '{name}'; {near}")


app = typer.Typer(
    cls=_Commands,
    help="Run YAML pipelines of AI media steps in parallel.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=_PLAIN,
    epilog=f"Begin with: {PROGRAM} init",
    context_settings=_CONTEXT,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from acp_action import __version__

        show(f"acp-action {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        raise UsageError(f"no command given; see: {PROGRAM} --help")


def main(args: Sequence[str] | None = None) -> int:
    """Carry out one command line; the exit code. Never raises for what a user did."""
    words = sys.argv[1:] if args is None else list(args)
    prepare_streams()
    try:
        outcome = typer.main.get_command(app).main(args=words, prog_name=PROGRAM, standalone_mode=False)
        code = outcome if isinstance(outcome, int) else 0
    except SystemExit as exit_:
        # typer's own way out when the reader of its help has gone.
        code = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - the last line of defence turns everything into a message
        code = report_failure(error, words)
    return code if flush_streams() else code or 1
