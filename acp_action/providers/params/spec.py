"""What one parameter may be, and what is wrong with a value that is something else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from acp_action.catalogue.prices import PRESETS
from acp_action.errors import did_you_mean
from acp_action.providers.base import Complaint
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from acp_action.catalogue.models import Param

Form = Literal[
    "any", "choice", "flag", "list", "number", "object", "ratio", "seconds", "size", "text", "tier", "whole"
]

_READERS: Final[dict[Form, tuple[Callable[[Any], Any], str, str]]] = {
    "any": (lambda value: value, "anything", ""),
    "choice": (values.text, "a word", "write one word"),
    "flag": (values.flag, "true or false", "write true or false"),
    "list": (lambda value: value if isinstance(value, list | tuple) else None, "a list", "write a list"),
    "number": (values.number, "a number", "write a number, such as 1.5"),
    "object": (
        lambda value: value if isinstance(value, dict) else None,
        "a mapping",
        "write key: value pairs",
    ),
    "ratio": (values.ratio, "a ratio", 'write a ratio from "8:1" to "1:8" in quotes, such as "16:9"'),
    "seconds": (values.seconds, "a number of seconds", "write seconds, such as 2.5"),
    "size": (values.size, "a size", "write width and height, such as 1024x768"),
    "text": (values.text, "a text", "write a text in quotes"),
    "tier": (values.tier, "a resolution", "write 720p or 1080p, or 1K, 2K or 4K"),
    "whole": (values.whole, "a whole number", "write a whole number, in digits alone, as in 755"),
}
"""How each form is read, what it is called, and how to write it."""

# What a parameter of the catalogue has to say, where nothing is known of its name.
_FORMS: Final[Mapping[str, Form]] = {
    "str": "text", "int": "whole", "float": "number", "bool": "flag", "enum": "choice", "int_enum": "choice",
    "url": "text", "bytes_or_file_uri": "text", "object": "object", "enum_or_size": "size",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spec:
    """One parameter: how it is read, and its limits.

    ``low`` and ``high`` are inclusive; for a size they bound both sides, in pixels. ``choices``: the only
    values there are, as the model's own catalogue entry has them, empty for any. ``words``: texts that are
    taken besides what the form reads. ``members``: what a mapping may hold. ``used``: whether the embedded
    provider acts on it. ``misplaced``: how to say it instead, for what is known and yet not taken as a
    parameter.
    """

    form: Form = "any"
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int, ...] = ()
    words: tuple[str, ...] = ()
    members: Mapping[str, Spec] = field(default_factory=dict)
    used: bool = False
    misplaced: str = ""

    @classmethod
    def of(cls, param: Param, common: Spec | None = None, *, used: bool = False) -> Spec:
        """The model's own limits, over what is known of such a name in general."""
        form: Form = "list" if param.type.startswith("list[") else _FORMS.get(param.type, "any")
        base = common or cls(form, used=used)
        if param.values and form != "size":
            if any(base.read(value) is None for value in param.values if value not in base.words):
                base = replace(base, form="choice")  # the model's words are not what the name usually holds
            base = replace(base, choices=param.values, words=())
        low = base.low if param.min is None else param.min
        high = base.high if param.max is None else param.max
        return replace(base, low=low, high=high)

    def read(self, value: Any) -> Any:
        """The value in the form's own type; None for what it does not take, and for its ``words``."""
        return _READERS[self.form][0](value)

    def complaints(self, name: str, value: Any, param: str) -> Iterator[Complaint]:
        """What is wrong with the value; ``param`` is the key in the file that it stands under."""
        if self.misplaced:
            yield Complaint(f"'{name}' is not taken as a parameter here", self.misplaced, param)
        elif self.members and isinstance(value, dict):
            yield from self._member_complaints(name, value, param)
        elif not values.is_templated(value) and (fault := self._fault(value)):
            what, mend = fault
            yield Complaint(f"{name}: {values.shown(value)} is {what}", mend, param)

    def _member_complaints(self, name: str, value: Mapping[str, Any], param: str) -> Iterator[Complaint]:
        for key, member in value.items():
            spec = self.members.get(key)
            if spec is None:
                near = did_you_mean(str(key), self.members) or f"it holds: {', '.join(self.members)}"
                yield Complaint(f"unknown parameter '{name}.{key}'", near, param)
            else:
                yield from spec.complaints(f"{name}.{key}", member, param)

    def _fault(self, value: Any) -> tuple[str, str] | None:
        """What the value is not, and how to mend it; None when it is right."""
        if isinstance(value, str) and value.strip().lower() in self.words:
            return None
        if self.choices:
            known = self.canonical(value) in map(self.canonical, self.choices)
            return None if known else ("not one of the values there are", self._offer(value))
        read = self.read(value)
        if read is None:
            _, noun, mend = _READERS[self.form]
            near = did_you_mean(value, PRESETS) if self.form == "size" and isinstance(value, str) else ""
            return f"not {noun}", near or mend
        return None if self._is_within(read) else ("out of range", f"use {self._limits()}")

    def canonical(self, value: Any) -> Any:
        """The same for every spelling of one value: ``5``, ``"5"`` and ``"5s"`` of a duration are one."""
        read = self.read(value)
        if read is None:
            read = value
        return read.strip().lower() if isinstance(read, str) else read

    def _is_within(self, read: Any) -> bool:
        sides = read if self.form == "size" else (read,)
        bounded = self.form in ("number", "seconds", "size", "whole")
        return not bounded or all(
            (self.low is None or s >= self.low) and (self.high is None or s <= self.high) for s in sides
        )

    def _limits(self) -> str:
        unit = " pixels a side" if self.form == "size" else ""
        if self.high is None:
            return f"{_number(self.low)} and above{unit}"
        most = f"{_number(self.high)}{unit}"
        return f"{_number(self.low)} to {most}" if self.low is not None else f"at most {most}"

    def _offer(self, value: Any) -> str:
        # Of ratios and sizes the nearest spelling is not the nearest value.
        worded = isinstance(value, str) and self.form == "choice"
        near = did_you_mean(value, map(str, self.choices)) if worded else ""
        return near or f"use one of {', '.join(map(str, self.choices))}"


def _number(value: float | None) -> str:
    """As a person would write it: all digits of a whole number."""
    return str(int(value)) if value is not None and float(value).is_integer() else f"{value:g}"
