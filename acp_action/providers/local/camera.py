"""How a camera moves over a still picture: which part of it every frame shows."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

ZOOM: Final = 1.1
"""How much larger than the frame the picture is kept: the reach of every move."""
_PAN: Final = 1.06


class View(NamedTuple):
    """The part that a frame shows.

    ``zoom``: 1 for all of it. ``x``, ``y``: its place, as shares (0 to 1) of the room there is.
    """

    zoom: float
    x: float
    y: float


# The middle lies low, because captions stand at the foot of a picture and shall stay in sight.
MOVES: Final[dict[str, tuple[View, View]]] = {
    "zoom in": (View(1.0, 0.5, 0.7), View(ZOOM, 0.5, 0.7)),
    "zoom out": (View(ZOOM, 0.5, 0.7), View(1.0, 0.5, 0.7)),
    "pan left": (View(_PAN, 1.0, 0.8), View(_PAN, 0.0, 0.8)),
    "pan right": (View(_PAN, 0.0, 0.8), View(_PAN, 1.0, 0.8)),
    "tilt up": (View(_PAN, 0.5, 1.0), View(_PAN, 0.5, 0.0)),
    "tilt down": (View(_PAN, 0.5, 0.0), View(_PAN, 0.5, 1.0)),
    "drift": (View(1.02, 0.3, 0.9), View(ZOOM, 0.6, 0.7)),
    "still": (View(1.0, 0.5, 0.5), View(1.0, 0.5, 0.5)),
}
"""Where each move begins and ends."""

_WORDS: Final = (
    (r"zoom(?:s|ing)?[ -]?out|pull(?:s|ing)? (?:back|out)|dolly out", "zoom out"),
    (r"zoom|push(?:es|ing)? in|dolly in|close[ -]up", "zoom in"),
    (r"(?:pan|track|truck)(?:s|ning|ing)? (?:to the )?left", "pan left"),
    (
        r"pan(?:s|ning)?\b|track(?:s|ing)? shot|(?:pan|track|truck)(?:s|ning|ing)? (?:to the )?right",
        "pan right",
    ),
    (r"tilt(?:s|ing)? down|crane down", "tilt down"),
    (r"tilt|crane|rising", "tilt up"),
    (r"static|still shot|locked[ -]off|fixed camera|no movement", "still"),
)
_MATCHERS: Final = tuple((re.compile(rf"\b(?:{pattern})"), move) for pattern, move in _WORDS)
_ANY: Final = ("zoom in", "zoom out", "drift", "pan right", "zoom in", "pan left")


def move_for(prompt: str, number: int, *, fixed: bool = False) -> str:
    """The move a prompt asks for, else one by ``number``; ``fixed``: the camera was asked to stand."""
    if fixed:
        return "still"
    text = prompt.lower()
    named = (move for matcher, move in _MATCHERS if matcher.search(text))
    return next(named, _ANY[number % len(_ANY)])


def view_at(move: str, place: float) -> View:
    """The view at a place in time, 0 for the first frame and 1 for the last; starts and stops gently."""
    eased = place * place * (3 - 2 * place)
    first, last = MOVES[move]
    zoom, x, y = (a + (b - a) * eased for a, b in zip(first, last, strict=True))
    return View(zoom, x, y)


def box_of(view: View, width: float, height: float) -> Box:
    """The view as left, top, right, bottom within a picture of this size, to fractions of a pixel."""
    wide, tall = width / view.zoom, height / view.zoom
    left, top = (width - wide) * view.x, (height - tall) * view.y
    return left, top, min(left + wide, width), min(top + tall, height)
