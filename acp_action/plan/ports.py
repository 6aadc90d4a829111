"""What step types take, in words and as parameter names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.artifacts import SINGULAR
from acp_action.catalogue.models import catalogue
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.plan.outline import StepSpot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.artifacts import Kind
    from acp_action.catalogue.step_types import StepType
    from acp_action.config.model import NodePath
    from acp_action.plan.outline import Outline

PLURAL: Final = frozenset({"images", "videos"})
ARTICLE: Final = {
    "image": "an image",
    "images": "images",
    "video": "a video",
    "videos": "videos",
    "audio": "audio",
    "text": "a text",
}
TEXT_PARAMS: Final = ("prompt", "text", "question")


def last_texts(outline: Outline) -> list[int | None]:
    """For each top-level entry, the nearest step before it that makes a text."""
    last: int | None = None
    result: list[int | None] = []
    for entry in outline.roots:
        result.append(last)
        if isinstance(entry, StepSpot) and entry.enabled and STEP_TYPES[entry.entry.type].makes == "text":
            last = entry.index
    return result


def takes(spec: StepType) -> str:
    """What a step type takes, in words.

    >>> takes(STEP_TYPES["image_to_video"])
    'an image and a text'
    """
    ports = [ARTICLE[spec.media]] if spec.media else []
    if spec.text != "none":
        ports.append("a text")
    return " and ".join(ports)


def needs_media(spec: StepType, model: str | None) -> bool:
    """Whether a step cannot do without media; one of an unknown model is taken to need what its type takes.

    >>> needs_media(STEP_TYPES["generate_prompt"], "openrouter_chat")
    False
    """
    if spec.media is None or spec.media_needed == "always":
        return spec.media is not None
    found, kind = catalogue().find(model or spec.default_model, spec.name), SINGULAR[spec.media]
    return found is None or any(field.required for field in found.inputs if field.kind == kind)


def instead_of_text(spec: StepType, name: str, made: Kind) -> str:
    """What to do with an output that was put into a text and is none.

    >>> instead_of_text(STEP_TYPES["image_to_video"], "a", "image")
    'use input_from: a'
    """
    if spec.media and SINGULAR[spec.media] == SINGULAR[made]:
        return f"use input_from: {name}"
    if SINGULAR[made] == "image":
        return "let an analyze_image step describe it, and take the output of that"
    return f"take it out: {spec.name} takes {takes(spec)}"


def media_keys(spec: StepType) -> tuple[str, ...]:
    """The parameters that may name a file for the media port."""
    if not spec.media:
        return ()
    one = SINGULAR[spec.media]
    return (one, f"{one}s") if spec.media in PLURAL else (one,)


def names_with_places(names: tuple[str, ...], at: NodePath) -> Iterator[tuple[NodePath, str]]:
    """Each name of a list with its place; a name written alone has no index in the file."""
    for place, name in enumerate(names):
        yield ((*at, place) if len(names) > 1 else at), name
