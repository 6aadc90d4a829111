"""From what is written to the one form that is validated: aliases resolved, names unique, texts kept."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from acp_action.catalogue.step_types import ALIASES, GROUP_TYPE, STEP_TYPES, canonical_type
from acp_action.config.fields import described
from acp_action.config.params import ParamReader
from acp_action.config.scalars import written
from acp_action.config.spellings import STEP_TYPE_SPELLINGS
from acp_action.config.text import shown
from acp_action.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acp_action.config.model import NodePath
    from acp_action.config.sources import Source
    from acp_action.errors import Problem

STEP_TYPE_NAMES: Final = (*STEP_TYPES, *ALIASES, GROUP_TYPE)
_CANONICAL_TYPES: Final = {name: canonical_type(name) for name in STEP_TYPE_NAMES}
_FOREIGN_FOLDERS: Final = ("..", ".git", ".github")


class Canonical:
    """The canonical form of a source: ``config`` (None if there is none), ``problems``, places of entries.

    What is left out of ``config`` has a problem; all else is left to validation.
    """

    def __init__(self, source: Source) -> None:
        self.problems: list[Problem] = []
        # Whether an entry was left out, or its type or name guessed: then what it feeds is guesswork too.
        self.guessed = False
        # Entries whose type is not known.
        self.doubtful: set[NodePath] = set()
        self._source = source
        self._params = ParamReader(source, self.problems)
        self._at: dict[int, NodePath] = {}
        self._names: dict[str, NodePath] = {}
        self.config = self._config(source.value)

    def at(self, entry: dict[str, Any]) -> NodePath:
        """Where an entry of ``config`` is written."""
        return self._at[id(entry)]

    @property
    def places(self) -> Iterable[NodePath]:
        """Where all entries of ``config`` are written."""
        return self._at.values()

    def _config(self, raw: Any) -> dict[str, Any] | None:
        if not isinstance(raw, dict):
            self._refuse_root(raw)
            return None
        config = _given(raw)
        for key in ("name", "description"):
            if key in config:
                self._params.check_cut((key,))
        if "settings" in config:
            config["settings"] = self._settings(config["settings"])
        config["steps"] = self._entries(raw.get("steps"), ("steps",), "the pipeline")
        return config

    def _refuse_root(self, raw: Any) -> None:
        if raw is None:
            self._error((), "the pipeline is empty", "write steps: with a list of steps below it")
        elif isinstance(raw, list):
            self._error((), "a list stands at the top", "write steps: above it")
        else:
            self._error((), f"expected a pipeline, not {described(raw)}", "write steps: with a list below it")

    def _settings(self, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict):
            what = f"expected settings, not {described(raw)}"
            self._error(("settings",), what, "write key: value lines below it")
            return {}
        settings = _given(raw)
        folder = settings.get("output_dir")
        if isinstance(folder, str) and not self._source.trusted and _is_elsewhere(folder):
            self._error(
                ("settings", "output_dir"),
                f"a file may only name a folder below the current one, not {shown(folder)}",
                "give it with --output-dir",
            )
        return settings

    # --- entries

    def _entries(self, raw: Any, at: NodePath, owner: str) -> list[dict[str, Any]]:
        if isinstance(raw, list) and raw:
            entries = [self._entry(item, (*at, number)) for number, item in enumerate(raw)]
            return [entry for entry in entries if entry is not None]
        if raw is None or raw == []:
            self._error(at, f"{owner} has no steps", "write at least one: - type: text_to_image")
        else:
            what = f"expected a list of steps, not {described(raw)}"
            self._error(at, what, "begin each step with a dash: - type: …")
        return []

    def _entry(self, raw: Any, at: NodePath) -> dict[str, Any] | None:
        if not isinstance(raw, dict):
            self.guessed = True
            name = raw if isinstance(raw, str) and raw in _CANONICAL_TYPES else "…"
            mend = f"write - type: {name} and its other keys below"
            self._error(at, f"expected a step, not {described(raw)}", mend)
            return None
        entry = _given(raw)
        self._at[id(entry)] = at
        self._claim_name(entry.get("name"), at)
        entry["type"] = self._type(entry, at)
        if entry["type"] == GROUP_TYPE:
            self._read_group(entry, at)
        elif isinstance(entry.get("params"), dict):
            entry["params"] = self._params.read(entry["params"], (*at, "params"))
        return entry

    def _claim_name(self, name: Any, at: NodePath) -> None:
        if name is None or isinstance(name, list | dict):
            return
        path = (*at, "name")
        first = self._names.setdefault(written(name), path)
        if first is path:
            return
        place = self._source.locate(first)
        where = f"in line {place.line}, column {place.column}" if place else "further up"
        self.guessed = True
        what = f"the name {shown(written(name))} is taken already, {where}"
        self._error(path, what, "give each step and group a name of its own")

    def _type(self, entry: dict[str, Any], at: NodePath) -> str:
        """The canonical type; where it is wrong, the one that gives the fewest follow-up problems."""
        name = entry.get("type")
        likely = GROUP_TYPE if "steps" in entry else next(iter(STEP_TYPES))
        if not isinstance(name, str) or name not in _CANONICAL_TYPES:
            self.guessed = True
            self.doubtful.add(at)
        if name is None:
            choices = GROUP_TYPE if likely == GROUP_TYPE else f"with one of {', '.join(STEP_TYPES)}"
            self._error(at, "there is no type", f"add type: {choices}")
            return likely
        if isinstance(name, str) and name in _CANONICAL_TYPES:
            return _CANONICAL_TYPES[name]
        near = STEP_TYPE_SPELLINGS.get(name.lower()) if isinstance(name, str) else None
        mend = f"did you mean '{near}'?" if near else did_you_mean(str(name), STEP_TYPE_NAMES)
        mend = mend or f"write one of {', '.join([*STEP_TYPES, GROUP_TYPE])}"
        self._error((*at, "type"), f"there is no step type {described(name)}", mend)
        return GROUP_TYPE if f"'{GROUP_TYPE}'" in mend else likely

    def _read_group(self, entry: dict[str, Any], at: NodePath) -> None:
        path = (*at, "steps")
        params = entry.pop("params", None)
        raw = entry.get("steps")
        if isinstance(params, dict):
            raw, path = self._older_spelling(params, raw, at)
        elif params is not None:
            self._error((*at, "params"), "a group has no params", "they belong to its steps", key=True)
        entry["steps"] = self._entries(raw, path, "the group")

    def _older_spelling(self, params: dict[str, Any], raw: Any, at: NodePath) -> tuple[Any, NodePath]:
        """The steps of a group that may write them as ``params: {parallel_steps: […]}``."""
        for key in params:
            if key != "parallel_steps":
                what = f"unknown key {shown(key)} in the params of a group"
                mend = "params belong to the steps of the group"
                self._error((*at, "params", key), what, mend, key=True)
        if params.get("parallel_steps") is None:
            return raw, (*at, "steps")
        path = (*at, "params", "parallel_steps")
        if raw is not None:
            self._error(path, "the group has steps and parallel_steps", "keep steps", key=True)
        return params["parallel_steps"], path

    def _error(self, path: NodePath, what: str, mend: str, *, key: bool = False) -> None:
        self.problems.append(self._source.problem(path, what, mend, key=key))


def _given(raw: dict[str, Any]) -> dict[str, Any]:
    """A copy without the keys that have no value: they count as not given."""
    if None not in raw.values():
        return raw.copy()
    return {key: value for key, value in raw.items() if value is not None}


def _is_elsewhere(folder: str) -> bool:
    path = PurePosixPath(folder.replace("\\", "/"))
    parts = {part.lower() for part in path.parts}
    return path.is_absolute() or folder.startswith("~") or not parts.isdisjoint(_FOREIGN_FOLDERS)
