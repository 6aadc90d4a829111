"""The model catalogue: what each model is called, takes, makes and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import Kind


@dataclass(frozen=True, slots=True)
class Param:
    """A request field: ``type`` is one of str, int, float, bool, enum, url, object or list[...]."""

    name: str
    type: str
    required: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """One model for one step type (canonical). ``key`` is unique with ``type``; prices in USD.

    ``entry`` is the catalogue's whole record, for adapters.
    """

    key: str
    name: str
    type: str
    provider: str
    aliases: tuple[str, ...]
    makes: Kind
    inputs: tuple[Param, ...]
    params: tuple[Param, ...]
    price: float | None
    price_unit: str
    expected_seconds: float | None
    state: str
    entry: Mapping[str, Any]
