"""One step at a time: what the generate, edit, speak and analyse calls have in common."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from acp_action.api.prepare import check_keys, output_folder, plan_pipeline
from acp_action.api.run import run_step_plan
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.engine.result import StepResult
from acp_action.errors import PlaceTaken, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from acp_action.api.prepare import Wishes
    from acp_action.engine.cancel import StopSwitch
    from acp_action.providers.base import Provider

Media: TypeAlias = str | Path | StepResult
"""An image to work on: a file, an https URL, or the result of a call before."""

_SLUG: Final = re.compile(r"[\W_]+")
_SLUG_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Call:
    """One call: ``verb`` is the method's name, ``text`` the prompt or the text to speak."""

    verb: str
    type: str
    text: str | None = None
    media: Media | None = None
    model: str | None = None
    name: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


class NameBook:
    """The names given in this process, so that no two calls write the same file."""

    def __init__(self) -> None:
        self._given: set[tuple[Path, str]] = set()
        self._lock = threading.Lock()

    def claim(self, folder: Path, wanted: str, left: Collection[str] = ()) -> str:
        """``wanted`` the first time in this folder, then ``wanted_2``, ``wanted_3`` and so on.

        ``left``: names of calls that did not come to their end; those of the wanted ones come first.
        """
        place, own = folder.resolve(), re.compile(rf"{re.escape(wanted)}(_[2-9]|_[1-9][0-9]+)?")
        begun = sorted((name for name in left if own.fullmatch(name)), key=lambda name: (len(name), name))
        with self._lock:
            names = chain(begun, (wanted,), (f"{wanted}_{number}" for number in count(2)))
            name = next(name for name in names if (place, name.casefold()) not in self._given)
            self._given.add((place, name.casefold()))
        return name

    def give_back(self, folder: Path, name: str) -> None:
        """Let the next call that wants this name have it."""
        with self._lock:
            self._given.discard((folder.resolve(), name.casefold()))


_NAMES: Final = NameBook()


def name_for(call: Call) -> str:
    """The name a call has when it is given none: its verb and the first words it was asked with.

    >>> name_for(Call("generate_image", "text_to_image", "A red sports car!"))
    'generate_image_a_red_sports_car'
    """
    words = call.text or (Path(_address(call.media)).stem if call.media is not None else "")
    slug = _SLUG.sub("_", words.lower())[:_SLUG_LENGTH].strip("_")
    return f"{call.verb}_{slug}" if slug else call.verb


def run_call(
    call: Call, wishes: Wishes, providers: Mapping[str, Provider], stop: StopSwitch | None = None
) -> StepResult:
    """Carry one step out; returns when it has ended.

    A call that costs money, and that was stopped or whose process died before it had its result, is gone on
    with by the next one that asks for the same; one that came to its end is forgotten, and made anew.

    Raises ConfigError for a model, a parameter or a file that is wrong, UsageError, MissingKeyError and
    OutputError (PlaceTaken: a call of that name is being made); what fails while it runs is in the result.
    """
    # Late, because it stands on the journal, which previews do without.
    from acp_action.store.call_journal import calls_left

    folder = Path(wishes.overrides.output_dir or "output")
    wishes = replace(wishes, input_text=call.text, workspace=_workspace(call.media, wishes.workspace))
    while True:
        taken = False
        name = call.name or _NAMES.claim(folder, name_for(call), calls_left(folder))
        plan = plan_pipeline({"steps": [_entry(call, name)]}, wishes, providers, need_input=True)
        check_keys(plan, providers)
        try:
            return run_step_plan(plan, output_folder(plan), providers=providers, stop=stop)
        except PlaceTaken:
            # Another process asks for the same at this moment; this one gets a number, as a second call does.
            taken = True
            if call.name:
                raise
        finally:
            if not call.name and not taken and plan.steps[0].stem in calls_left(folder):
                # Something can still come of it: the same call again goes on with it, under its name.
                _NAMES.give_back(folder, name)


def _entry(call: Call, name: str) -> dict[str, Any]:
    kind = STEP_TYPES[call.type]
    params = dict(call.params)
    if call.text is not None:
        # As the run's input, because a prompt that comes as a value is no template.
        params[kind.text_param] = "{{input}}"
    if call.media is not None and kind.media_param:
        params[kind.media_param] = _address(call.media)
    entry: dict[str, Any] = {"name": name, "type": call.type, "params": params}
    return entry if call.model is None else {**entry, "model": call.model}


def _address(media: Media | None) -> str:
    if isinstance(media, StepResult):
        if media.output_path is None:
            raise UsageError(f"'{media.name}' has no output to work on: {media.error or media.status}")
        return str(media.output_path)
    address = str(media)
    return address if "://" in address else str(Path(address).resolve())


def _workspace(media: Media | None, workspace: Path | None) -> Path | None:
    """The folder of the file itself: unlike a pipeline file, the caller may name any file."""
    if media is None or "://" in (address := _address(media)):
        return workspace
    return Path(address).parent
