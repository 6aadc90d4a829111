"""The params of a step: texts stay as they were written, templates are checked, nothing is cut in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acp_action.config.fields import described
from acp_action.config.references import template_faults
from acp_action.config.scalars import written

if TYPE_CHECKING:
    from acp_action.config.model import NodePath
    from acp_action.config.sources import Source
    from acp_action.errors import Problem

PROSE: Final = frozenset(
    {"prompt", "negative_prompt", "text", "question", "style", "caption", "title", "script", "lyrics",
     "message", "instructions", "system_prompt", "previous_text", "next_text", "voice_description",
     "description"}
)  # fmt: skip
"""Params that hold a text for people or models: what looks like a number or a truth value is still a text."""

_NEEDED: Final = frozenset({"prompt", "text", "question"})


class ParamReader:
    """Reads params of many steps; problems go to ``problems``."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self._source = source
        self._problems = problems

    def read(self, params: dict[str, Any], at: NodePath) -> dict[str, Any]:
        """The params that are given, with their texts as written; the same mapping if all of them are."""
        changed: dict[str, Any] | None = None
        for key, value in params.items():
            if key in PROSE:
                text = self._prose(value, (*at, key))
                if text is not value:
                    changed = changed or dict(params)
                    changed[key] = text
            elif value is None:
                changed = changed or dict(params)
                del changed[key]
            else:
                self._check_templates(value, (*at, key))
        return params if changed is None else changed

    def _prose(self, value: Any, at: NodePath) -> Any:
        """A text as written, with complaints about what is none."""
        self.check_cut(at)
        if isinstance(value, str):
            if not value.strip() and at[-1] in _NEEDED:
                self._empty(at)
            self._check_templates(value, at)
            return value
        is_text = isinstance(value, int | float) and not isinstance(value, bool)
        # In a file true is what somebody wrote; in Python it is a mistake.
        if is_text or (isinstance(value, bool) and not self._source.trusted):
            return written(value)
        if value is None:
            self._empty(at)
        else:
            self._error(at, f"expected a text, not {described(value)}", "write one in quotes")
        return value

    def check_cut(self, at: NodePath) -> None:
        """Complain about a comment that ends an unquoted text: it may have been meant as a part of it."""
        cut = self._source.cut_at(at)
        if cut is not None:
            what = "' #' begins a comment and ends the text before it"
            mend = "quote the text, or move the comment to a line of its own"
            self._problems.append(self._source.problem(at, what, mend, at=cut))

    def _check_templates(self, value: Any, at: NodePath) -> None:
        if isinstance(value, str):
            if "{{" in value:
                for offset, what, mend in template_faults(value):
                    self._problems.append(self._source.problem(at, what, mend, offset=offset))
        elif isinstance(value, list):
            for number, item in enumerate(value):
                self._check_templates(item, (*at, number))
        elif isinstance(value, dict):
            for key, item in value.items():
                self._check_templates(item, (*at, key))

    def _empty(self, at: NodePath) -> None:
        # Where a comment took all of it, that has been said.
        if self._source.cut_at(at) is None:
            self._error(at, "the text is empty", "write one, or leave the key out")

    def _error(self, at: NodePath, what: str, mend: str) -> None:
        self._problems.append(self._source.problem(at, what, mend))
