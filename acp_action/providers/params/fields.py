"""From what a file says to what a service is sent: one value of one of the model's own fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from acp_action.catalogue.prices import PRESETS
from acp_action.providers.base import Complaint
from acp_action.providers.params import values
from acp_action.providers.params.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from acp_action.catalogue.models import Param

# What a name usually holds, so that "16/9", 5, "5s" and "1024x768" are understood where a model's own list
# spells them differently.
_USUAL: Final[Mapping[str, Spec]] = {
    "aspect_ratio": Spec("ratio", words=("auto", "custom", "match_input")),
    "resolution_mode": Spec("ratio", words=("auto", "custom", "match_input")),
    "image_size": Spec("size", words=("auto",)),
    "size": Spec("size", words=("auto",)),
    "duration": Spec("seconds"),
}
_STEP_OUTPUT: Final = "{{step_"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model's requests. ``name`` as the service has it; dots lead into objects."""

    name: str
    param: Param
    spec: Spec

    @classmethod
    def of(cls, param: Param) -> Field:
        """The field that a catalogue entry describes."""
        usual = _USUAL.get(param.name) if param.values or param.type in ("int", "float") else None
        return cls(param.name, param, Spec.of(param, usual))

    def complaints(self, name: str, value: Any, param: str) -> Iterator[Complaint]:
        """What is wrong with a value given as ``name``; ``param`` is the key in the file it stands under."""
        if self._holds_urls and _STEP_OUTPUT in str(value):
            yield Complaint(
                f"{name}: takes an https URL, but a step's output is a file here",
                "give the address of the media, or let the step take it with input_from",
                param,
            )
        elif values.is_templated(value):
            return
        elif fault := self._type_fault(value):
            yield Complaint(f"{name}: {values.shown(value)} is {fault[0]}", fault[1], param)
        else:
            yield from self.spec.complaints(name, value, param)

    def encoded(self, value: Any) -> Any:
        """A value that nothing is wrong with, as the service wants it."""
        spec = self.spec
        if self.param.values:
            wanted = spec.canonical(value)
            for choice in self.param.values:
                if spec.canonical(choice) == wanted:
                    return choice
        if spec.form == "size":
            return _size(value)
        encode = _ENCODERS.get(self.param.type)
        return encode(spec, value) if encode else value

    @property
    def _holds_urls(self) -> bool:
        return self.param.type in ("url", "list[url]")

    def _type_fault(self, value: Any) -> tuple[str, str] | None:
        """What no form can tell: addresses, whole seconds, and the members of lists."""
        kind = self.param.type
        if kind == "url" and not _is_address(value):
            return "no https URL", "give the address of the media, such as https://example.com/last.png"
        if kind == "int" and self.spec.form == "seconds":
            read = values.seconds(value)
            if read is not None and not read.is_integer():
                return "not a whole number of seconds", f"write {max(round(read), 1)}"
        if kind.startswith("list[") and isinstance(value, list):
            return self._list_fault(value)
        return None

    def _list_fault(self, value: list[Any]) -> tuple[str, str] | None:
        most = self.param.max_items
        if most is not None and len(value) > most:
            return f"a list of {len(value)}", f"it may have {most} at most"
        check, fault, mend = _MEMBERS.get(self.param.type, (None, "", ""))
        wrong = [values.shown(item) for item in value if check and not check(item)]
        return (f"a list in which {wrong[0]} is {fault}", mend) if wrong else None


def _is_address(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.username and not parts.password


def _size(value: Any) -> Any:
    """The name of a preset, ``auto``, or width and height."""
    name = value.strip().lower() if isinstance(value, str) else ""
    read = values.size(value)
    if name in PRESETS or read is None:
        return name
    return {"width": read[0], "height": read[1]}


def _number(spec: Spec, value: Any) -> Any:
    # A number stays as it is written: 3 is sent as 3.
    return value if isinstance(value, int | float) else spec.read(value)


_MEMBERS: Final[Mapping[str, tuple[Callable[[Any], bool] | None, str, str]]] = {
    "list[str]": (lambda item: isinstance(item, str), "no text", "write texts, in quotes"),
    "list[url]": (_is_address, "no https URL", "give the addresses of the media"),
    "list[object]": (lambda item: isinstance(item, dict), "no mapping", "write key: value pairs"),
}
_ENCODERS: Final[Mapping[str, Callable[[Spec, Any], Any]]] = {
    "str": lambda _, value: values.text(value),
    "int": lambda spec, value: int(spec.read(value)),
    "float": _number,
    "bool": lambda _, value: values.flag(value),
}
