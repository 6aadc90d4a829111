"""What the models that write prompts for videos are told to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

STYLES: Final[Mapping[str, str]] = {
    "cinematic": "as a film is shot: considered camera moves, depth of field, motivated light, a mood",
    "realistic": "as it would really happen: natural motion and light, plausible physics, a steady camera",
    "artistic": "as a work of art: bold shapes and colours, unusual movement, an expressive medium or manner",
    "dramatic": "with tension: strong contrasts, decisive movement, a build-up and a turn",
}
"""How each style is put to the model, by its name in the catalogue."""

LENGTHS: Final[Mapping[str, str]] = {
    "short": "one sentence of at most 25 words",
    "medium": "two or three sentences, 40 to 80 words in all",
    "long": "one paragraph of 100 to 160 words",
}
"""How long the prompt shall be, by its name in the catalogue."""

_TASK: Final = """\
You write prompts for models that make a video of a few seconds from one image.
Look at the image and write one prompt: say what moves and how, how the camera moves, and what light and \
mood there are. Keep to what the image shows; do not describe it at length, and bring in no new scene or cut.
Write it {style}.
Length: {length}.
Answer with the prompt alone: no title, no quotation marks, no remarks."""
_UNASKED: Final = "Write the prompt for this image."


def instructions(style: str, length: str) -> str:
    """The words of the system, for a style and a length of the catalogue."""
    return _TASK.format(style=STYLES[style], length=LENGTHS[length])


def wish(text: str | None) -> str:
    """The words of the user, beside the image."""
    text = (text or "").strip()
    return f"{_UNASKED} The video shall show this: {text}" if text else _UNASKED
