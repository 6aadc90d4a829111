"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from acp_action.errors import UsageError

_LARGEST_INPUT: Final = 1_000_000
"""Characters; no model takes more, and a path given by mistake is noticed before it fills the memory."""

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write JSON, and nothing else, to standard output.")
]
Fresh: TypeAlias = Annotated[
    bool, typer.Option("--fresh", help="Make everything anew, also what an earlier run paid for.")
]
ResubmitDoubtful: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--resubmit-doubtful",
        help="Send paid requests of an earlier run again of which nobody knows what became.",
    ),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
OutputDir: TypeAlias = Annotated[
    str | None, typer.Option("--output-dir", "-o", metavar="DIR", help="Where files go (default: output).")
]
OutputFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write it (default: standard output)."),
]
ProviderName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--provider", metavar="NAME", help="Force one provider; 'local' makes previews without keys or cost."
    ),
]
Timeout: TypeAlias = Annotated[
    float | None, typer.Option("--timeout", metavar="SECONDS", help="The most one operation may take.")
]
LogLevel: TypeAlias = Annotated[
    str | None, typer.Option("--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.")
]
ModelName: TypeAlias = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME", help="See list-models (default: by type).")
]
Params: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter of the model; may be repeated."),
]


def read_input(value: str | None) -> str | None:
    """The run's input: the text itself, a file's content for ``@file``, standard input for ``-``.

    ``@@text`` stands for a text that begins with one ``@``. Raises UsageError.
    """
    if value is None:
        return None
    if value == "-":
        return _decoded(sys.stdin.buffer.read(4 * _LARGEST_INPUT + 1), "standard input")
    if value.startswith("@@"):
        return _checked(value[1:], "--input")
    if value.startswith("@"):
        return _from_file(Path(value[1:]))
    return _checked(value, "--input")


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(4 * _LARGEST_INPUT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        mend = "check the path, or write @@ for a text that begins with @"
        raise UsageError(f"cannot read the input file '{path}': {reason}; {mend}") from error
    return _decoded(content, f"the input file '{path}'")


def _decoded(content: bytes, source: str) -> str:
    try:
        # Editors on Windows put a mark first, and editors everywhere put a line end last.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not UTF-8 text: byte {error.start + 1}; save it as UTF-8") from error
    return _checked(text.removesuffix("\n").removesuffix("\r"), source)


def _checked(text: str, source: str) -> str:
    if len(text) > _LARGEST_INPUT:
        raise UsageError(f"{source} has {len(text):,} characters; the input may have {_LARGEST_INPUT:,}")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise UsageError(f"{source} is not valid UTF-8; check the terminal's encoding, or use --input @file")
    return text


def read_params(pairs: list[str] | None) -> dict[str, object]:
    """``NAME=VALUE`` pairs as parameters; values are read as JSON where they are JSON, else as text.

    Raises UsageError.
    """
    import json

    params: dict[str, object] = {}
    for pair in pairs or ():
        name, found, value = pair.partition("=")
        if not found or not name:
            raise UsageError(f"--param is '{pair}'; write NAME=VALUE")
        if name in params:
            raise UsageError(f"--param {name} is given twice; give it once")
        try:
            params[name] = json.loads(value, parse_constant=_refuse)
        except ValueError:
            params[name] = value
    return params


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def read_numbers(written: str | None) -> tuple[int, ...]:
    """Numbers of workers as ``--max-workers`` has them: ``4`` or ``1,2,4``, each once. Raises UsageError."""
    words = [word.strip() for word in (written or "").split(",") if word.strip()]
    if written is not None and (not words or not all(w.isascii() and w.isdigit() for w in words)):
        raise UsageError(f"--max-workers is '{written}'; write whole numbers, as in 4 or 1,2,4,8")
    return tuple(dict.fromkeys(int(word) for word in words))
