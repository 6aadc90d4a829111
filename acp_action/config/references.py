"""Templates: ``{{input}}``, ``{{env.NAME}}``, ``{{timestamp}}``, ``{{random}}`` and ``{{step_NAME.output}}``.

There is no expression language: a template is one of these names and nothing else, so that what a model or a
user wrote can never reach more than a value. Text that was filled in is never looked at again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from acp_action.config.text import shown
from acp_action.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acp_action.artifacts import JsonValue

    Subpath: TypeAlias = tuple[str | int, ...]

VARIABLES: Final = ("input", "timestamp", "random", "env.NAME", "step_NAME.output")
"""What may stand between the braces."""

LONGEST_TEXT: Final = 1_000_000
"""Characters that one text may have once it is filled in; no model takes more, and memory is not endless."""

MOST_FAULTS: Final = 20
"""Templates of one text that are complained about; a text with more of them means something else."""

_TEMPLATE: Final = re.compile(
    r"\{\{[ \t]*(?:(?P<plain>input|timestamp|random)|env\.(?P<env>[A-Za-z_][A-Za-z0-9_]*)"
    r"|step_(?P<step>[^{}\r\n]+?)\.output)[ \t]*\}\}"
)
_OPENING: Final = re.compile(r"\{\{(?P<inside>[^{}\r\n]*)(?P<close>\}\})?")
_LOOSE_STEP: Final = re.compile(
    r"(?:steps?[._ ])?(?P<name>\w[\w .-]*?)(?:\.(?:o[utp]+s?|result|path|text|value|url))?"
)


class RenderError(ValueError):
    """A template cannot be filled in; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One template in a text: ``text[start:end]``; ``name`` is that of the step or variable, else empty."""

    kind: Literal["input", "env", "timestamp", "random", "step"]
    name: str
    start: int
    end: int

    def __str__(self) -> str:
        """The template as it is written."""
        inside = {"env": f"env.{self.name}", "step": f"step_{self.name}.output"}.get(self.kind, self.kind)
        return f"{{{{{inside}}}}}"


def find_references(text: str) -> tuple[Reference, ...]:
    """The templates of a text, in order.

    >>> [str(r) for r in find_references("a {{input}} by {{ env.USER }}")]
    ['{{input}}', '{{env.USER}}']
    """
    if "{{" not in text:
        return ()
    return tuple(_reference(match) for match in _TEMPLATE.finditer(text))


def _reference(match: re.Match[str]) -> Reference:
    if match["step"] is not None:
        return Reference("step", match["step"], *match.span())
    if match["env"] is not None:
        return Reference("env", match["env"], *match.span())
    return Reference(match["plain"], "", *match.span())  # type: ignore[arg-type]


def references_in(value: JsonValue) -> Iterator[tuple[Subpath, Reference]]:
    """Every template in the texts of a value, with the path to its text; keys are not looked at."""
    if isinstance(value, str):
        for reference in find_references(value):
            yield (), reference
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            for path, reference in references_in(item):
                yield (key, *path), reference


def template_faults(text: str) -> list[tuple[int, str, str]]:
    """What is wrong with the first templates of a text: offset, what is wrong, how to mend it.

    >>> template_faults("a {{inptu}}")
    [(2, "there is no template variable 'inptu'", "did you mean '{{input}}'?")]
    """
    if "{{" not in text:
        return []
    wrong = (o for o in _OPENING.finditer(text) if not _TEMPLATE.match(text, o.start()))
    return [(opening.start(), *_fault(opening)) for opening in islice(wrong, MOST_FAULTS)]


def _fault(opening: re.Match[str]) -> tuple[str, str]:
    name = opening["inside"].strip()
    if opening.string.startswith("{", opening.start() + 2):
        return "three opening braces in a row", f"a template has two: {_offer()}"
    if not opening["close"]:
        return "the template opened with {{ is not closed", "close it with }}, without braces in between"
    if not name:
        return "the template is empty", f"write one of {_offer()}"
    return f"there is no template variable {shown(name)}", _nearest(name)


def _nearest(name: str) -> str:
    if "|" in name or "(" in name:
        return f"a template holds a name and nothing else: {_offer()}"
    if re.match(r"(?i)\$?env(?:\b|_)", name):
        return "write {{env.NAME}} with the name of an environment variable: letters, digits and _"
    if near := did_you_mean(name, VARIABLES[:3]):
        return near.replace("'", "'{{", 1).replace("'?", "}}'?")
    loose = _LOOSE_STEP.fullmatch(name)
    is_meant = name.startswith("step") or "." in name
    if loose and is_meant and loose["name"] not in ("step_", "step", "steps"):
        return f"for the output of a step write {{{{step_{loose['name']}.output}}}}"
    return f"write one of {_offer()}"


def _offer() -> str:
    return ", ".join(f"{{{{{name}}}}}" for name in VARIABLES)


def render(value: JsonValue, lookup: Callable[[Reference], JsonValue]) -> JsonValue:
    """The value with its templates filled in, lists and mappings included; keys stay as they are.

    A text that is one template and nothing else becomes what ``lookup`` gives, with its type. Elsewhere
    texts, numbers and truth values are written into the text. What was filled in is data: it is not expanded
    again.

    Raises RenderError for a value that is missing, for a list or mapping within a text, and for a text that
    grows beyond ``LONGEST_TEXT``.
    """
    if isinstance(value, str):
        return _render_text(value, lookup)
    if isinstance(value, list):
        return [render(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: render(item, lookup) for key, item in value.items()}
    return value


def _render_text(text: str, lookup: Callable[[Reference], JsonValue]) -> JsonValue:
    references = find_references(text)
    if not references:
        return text
    parts: list[str] = []
    length = done = 0
    for reference in references:
        value = lookup(reference)
        if value is None:
            raise RenderError(f"{reference} has no value")
        if reference.end - reference.start == len(text):
            return value
        parts += text[done : reference.start], _as_text(reference, value)
        length += len(parts[-2]) + len(parts[-1])
        if length > LONGEST_TEXT:
            raise RenderError(f"the text grows beyond {LONGEST_TEXT:,} characters at {reference}")
        done = reference.end
    return "".join([*parts, text[done:]])


def _as_text(reference: Reference, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    kind = "several values" if isinstance(value, list) else "a mapping"
    raise RenderError(f"{reference} holds {kind}, which cannot stand within a text; let it stand alone")
