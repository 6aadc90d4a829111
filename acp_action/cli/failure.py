"""What went wrong, for people and for programs, and the exit code it ends with."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from acp_action.cli.streams import show_json, tell
from acp_action.errors import AcpError, ConfigError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acp_action.errors import Problem

INTERRUPTED: Final = 130
_BUG: Final = 1
# Further lines stand under the first, behind "error: ".
_LEVEL: Final = " " * 7
_NUMBERS: Final = {
    "Input should be a valid integer": "it is not a whole number; write digits, as in 4",
    "Input should be a valid number": "it is not a number; write digits, as in 4 or 0.5",
}
# click's UsageError, wherever this version of typer keeps it.
CommandLineError: Final = typer.BadParameter.__bases__[0]


def report_failure(error: BaseException, args: Sequence[str]) -> int:
    """Tell of an error on standard error and, where JSON was asked for, on standard output; the exit code.

    ``args``: the command line, which says whether JSON was asked for.
    """
    document = _as_document(error)
    lines = "--stream" in args
    if lines or _wants_json(args):
        document = {"event": "Error", **document} if lines else document
        _show_safely(document, indent=None if lines else 2)
    from acp_action.cli.page import tell_page

    tell_page(_as_text(error))
    code: int = document["exit_code"]
    return code


def _wants_json(args: Sequence[str]) -> bool:
    words = " ".join(args).replace("=", " ").replace("-f json", "--format json")
    return "--json" in args or (args[:1] == ["report"] and "--format json" in words)


def _show_safely(document: dict[str, Any], indent: int | None) -> None:
    try:
        show_json(document, indent=indent)
    except AcpError as unwritable:
        tell(f"error: {unwritable}")


def _as_text(error: BaseException) -> str:
    if isinstance(error, ConfigError):
        count = len(error.problems)
        return f"{error.render()}\n\n{count} problem{'s' if count > 1 else ''} found; nothing was started"
    if isinstance(error, AcpError):
        return f"error: {error}".replace("\n", f"\n{_LEVEL}")
    if isinstance(error, CommandLineError):
        return f"error: {usage_message(error)}{_help_hint(error)}"
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "interrupted"
    return f"internal error: {type(error).__name__}: {error}\n{_keep_log(error)}"


def _as_document(error: BaseException) -> dict[str, Any]:
    """``success``, ``exit_code`` and ``error`` with its type, message and, for a file, its problems."""
    kind, message, code = type(error).__name__, str(error), _BUG
    if isinstance(error, AcpError):
        code = error.exit_code
    elif isinstance(error, CommandLineError):
        kind, message, code = UsageError.__name__, usage_message(error), UsageError.exit_code
    elif isinstance(error, KeyboardInterrupt | typer.Abort):
        kind, message, code = "Interrupted", "interrupted", INTERRUPTED
    problems = error.problems if isinstance(error, ConfigError) else ()
    told = {"type": kind, "message": message, "problems": [problem_fields(p) for p in problems]}
    return {"success": False, "exit_code": code, "error": told}


def problem_fields(problem: Problem) -> dict[str, Any]:
    """A problem as a flat mapping; ``line`` and ``column`` count from 1, null where there is no place."""
    place = problem.position
    return {
        "severity": problem.severity,
        "file": problem.file,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "where": problem.where,
        "what": problem.what,
        "mend": problem.mend,
        "text": problem.line_text,
    }


def usage_message(error: Any) -> str:
    """What is wrong with the command line, with the nearest option where one is unknown."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is not None and hasattr(error, "possibilities") and context is not None:
        known = [name for param in context.command.params for name in (*param.opts, *param.secondary_opts)]
        near = did_you_mean(option, known)
        return f"there is no option {option}{f'; {near}' if near else ''}"
    if hasattr(error, "param_type") and getattr(error, "param", None) is not None:
        return _missing(error.param)
    message: str = _plain(error.format_message())
    return message


def _missing(param: Any) -> str:
    name = f"{param.opts[0]} {param.metavar or ''}" if param.opts[0].startswith("-") else param.metavar
    about = getattr(param, "help", None)
    told = f": {about[:1].lower()}{about[1:].rstrip('.')}" if about else ""
    return f"{(name or param.name).strip()} is missing{told}"


def _help_hint(error: Any) -> str:
    context = getattr(error, "ctx", None)
    return f"\nsee: {context.command_path} --help" if context is not None else ""


def _keep_log(error: BaseException) -> str:
    import tempfile

    text = _log_text(error)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="acp-action-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(text)
    except OSError:
        return f"This is a bug in acp-action. Please report it with this log:\n{text}"
    return f"This is a bug in acp-action. Please report it with the log in {file.name}"


def _log_text(error: BaseException) -> str:
    import platform
    import traceback

    from acp_action import __version__

    # Values of options stay out: prompts and paths are the user's own.
    options = [word.partition("=")[0] for word in sys.argv[1:] if word.startswith("-")]
    system = f"Python {platform.python_version()}, {platform.platform()}"
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG", "")
    trace = "".join(traceback.format_exception(error))
    return f"acp-action {__version__}, {system}, locale {locale}\noptions: {' '.join(options)}\n\n{trace}"


def _plain(message: str) -> str:
    """The parser's words for a wrong number, in ours."""
    for theirs, ours in _NUMBERS.items():
        if theirs in message:
            return f"{message.partition(theirs)[0]}{ours}"
    return message
