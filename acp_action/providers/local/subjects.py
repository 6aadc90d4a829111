"""What stands in a picture: a few plain silhouettes for words that storyboards are full of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFilter

from acp_action.providers.local.colors import Rgb, by_word, mixed, words_of
from acp_action.providers.local.scenery import HORIZON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acp_action.providers.local.palettes import Palette


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in units of the subject: x from -1 to 1 around its middle, y from 0 (foot) upwards."""

    draw: ImageDraw.ImageDraw
    x: float
    y: float
    unit: float

    def polygon(self, points: Sequence[tuple[float, float]], color: Rgb) -> None:
        self.draw.polygon([(self.x + x * self.unit, self.y - y * self.unit) for x, y in points], fill=color)

    def disc(self, x: float, y: float, wide: float, tall: float, color: Rgb) -> None:
        left, top = self.x + (x - wide) * self.unit, self.y - (y + tall) * self.unit
        self.draw.ellipse((left, top, left + 2 * wide * self.unit, top + 2 * tall * self.unit), fill=color)

    def ring(self, x: float, y: float, radius: float, thick: float, color: Rgb) -> None:
        box = (self.x + (x - radius) * self.unit, self.y - (y + radius) * self.unit,
               self.x + (x + radius) * self.unit, self.y - (y - radius) * self.unit)  # fmt: skip
        self.draw.ellipse(box, outline=color, width=max(1, round(thick * self.unit)))

    def line(self, points: Sequence[tuple[float, float]], thick: float, color: Rgb) -> None:
        places = [(self.x + x * self.unit, self.y - y * self.unit) for x, y in points]
        self.draw.line(places, fill=color, width=max(1, round(thick * self.unit)), joint="curve")

    def box(
        self, left: float, bottom: float, right: float, top: float, color: Rgb, soft: float = 0.0
    ) -> None:
        corners = (self.x + left * self.unit, self.y - top * self.unit,
                   self.x + right * self.unit, self.y - bottom * self.unit)  # fmt: skip
        self.draw.rounded_rectangle(corners, soft * self.unit, fill=color)


def draw_subject(picture: Image.Image, prompt: str, palette: Palette) -> None:
    """Put the first known thing that the prompt names onto the ground; nothing when it names none."""
    name = next((_WORDS[word] for word in words_of(prompt) if word in _WORDS), None)
    if name is None:
        return
    width, height = picture.size
    unit = min(width * 0.3, height * 0.27)
    afloat = name in ("ship", "fish", "bird", "rocket")
    foot = height * (HORIZON + (0.1 if not afloat else 0.07))
    if not afloat:
        _draw_shadow(picture, (width / 2, foot), unit, palette.near)
    _SUBJECTS[name](_Pen(ImageDraw.Draw(picture), width / 2, foot, unit), palette)


def _draw_shadow(picture: Image.Image, foot: tuple[float, float], unit: float, color: Rgb) -> None:
    wide, tall = round(unit * 2.5), round(unit * 0.4)
    mask = Image.new("L", (wide // 4, max(tall // 4, 4)))
    ImageDraw.Draw(mask).ellipse((wide * 0.03, tall * 0.05, wide * 0.22, tall * 0.2), fill=150)
    mask = mask.filter(ImageFilter.GaussianBlur(tall / 36)).resize((wide, tall), Image.Resampling.BILINEAR)
    picture.paste(mixed(color, (0, 0, 0), 0.5), (round(foot[0] - wide / 2), round(foot[1] - tall / 2)), mask)


def _draw_car(pen: _Pen, palette: Palette) -> None:
    body, dark = palette.accent, mixed(palette.accent, palette.near, 0.75)
    glass = mixed(palette.low, (255, 255, 255), 0.3)
    pen.polygon([(-0.62, 0.42), (-0.34, 0.72), (0.22, 0.72), (0.56, 0.44)], body)
    pen.polygon([(-0.5, 0.44), (-0.3, 0.65), (-0.08, 0.65), (-0.08, 0.44)], glass)
    pen.polygon([(-0.02, 0.44), (-0.02, 0.65), (0.18, 0.65), (0.44, 0.44)], glass)
    pen.polygon([(-1.0, 0.2), (-0.98, 0.42), (-0.7, 0.47), (0.55, 0.47), (0.94, 0.36), (1.0, 0.2)], body)
    pen.polygon([(-1.0, 0.14), (-1.0, 0.24), (1.0, 0.24), (1.0, 0.14)], dark)
    for x in (-0.58, 0.58):
        pen.disc(x, 0.18, 0.21, 0.21, (28, 28, 34))
        pen.disc(x, 0.18, 0.11, 0.11, (200, 203, 210))
    pen.disc(0.92, 0.34, 0.05, 0.04, (255, 244, 200))


def _draw_wheels(pen: _Pen, radius: float, thick: float, color: Rgb) -> None:
    for x in (-0.58, 0.58):
        pen.ring(x, radius, radius, thick, color)
        pen.disc(x, radius, 0.05, 0.05, color)


def _draw_bicycle(pen: _Pen, palette: Palette) -> None:
    frame, dark = palette.accent, mixed(palette.near, (20, 20, 24), 0.5)
    _draw_wheels(pen, 0.36, 0.045, dark)
    pen.line([(-0.58, 0.36), (-0.05, 0.34), (0.4, 0.78), (-0.24, 0.76), (-0.58, 0.36)], 0.055, frame)
    pen.line([(-0.05, 0.34), (-0.3, 0.92)], 0.055, frame)
    pen.line([(0.58, 0.36), (0.38, 0.98), (0.22, 1.0)], 0.055, frame)
    pen.box(-0.44, 0.9, -0.16, 0.97, dark, 0.03)
    pen.disc(-0.05, 0.34, 0.09, 0.09, dark)


def _draw_motorcycle(pen: _Pen, palette: Palette) -> None:
    body, dark = palette.accent, mixed(palette.near, (20, 20, 24), 0.6)
    _draw_wheels(pen, 0.32, 0.11, dark)
    pen.line([(-0.58, 0.32), (0.1, 0.34), (0.36, 0.62)], 0.08, dark)
    pen.line([(0.58, 0.32), (0.34, 0.8), (0.14, 0.92)], 0.06, dark)
    pen.box(-0.2, 0.22, 0.22, 0.5, (120, 122, 132), 0.08)
    pen.polygon([(-0.95, 0.6), (-0.3, 0.52), (0.02, 0.56), (-0.02, 0.64), (-0.4, 0.66), (-0.9, 0.72)], dark)
    pen.polygon([(-0.12, 0.52), (-0.06, 0.74), (0.2, 0.8), (0.42, 0.7), (0.4, 0.56), (0.2, 0.5)], body)
    pen.polygon([(0.34, 0.6), (0.36, 0.84), (0.52, 0.72), (0.5, 0.58)], body)
    pen.disc(0.52, 0.68, 0.06, 0.07, (255, 244, 200))


def _draw_cat(pen: _Pen, palette: Palette) -> None:
    fur, eye = palette.accent, mixed(palette.near, (10, 10, 14), 0.6)
    pen.line([(0.3, 0.1), (0.66, 0.12), (0.74, 0.42), (0.62, 0.66)], 0.11, fur)
    pen.disc(0.62, 0.66, 0.055, 0.055, fur)
    pen.disc(0.0, 0.32, 0.42, 0.36, fur)
    pen.polygon([(-0.42, 0.0), (-0.36, 0.5), (0.36, 0.5), (0.42, 0.0)], fur)
    pen.disc(0.0, 0.86, 0.34, 0.29, fur)
    for side in (-1, 1):
        pen.polygon([(side * 0.33, 0.9), (side * 0.33, 1.3), (side * 0.05, 1.1)], fur)
        pen.disc(side * 0.13, 0.9, 0.055, 0.075, eye)
        pen.line([(side * 0.08, 0.77), (side * 0.4, 0.8)], 0.015, eye)
    pen.polygon([(-0.04, 0.8), (0.04, 0.8), (0.0, 0.75)], eye)


def _draw_dog(pen: _Pen, palette: Palette) -> None:
    fur, dark = palette.accent, mixed(palette.accent, palette.near, 0.6)
    pen.line([(-0.6, 0.6), (-0.82, 0.92)], 0.09, fur)
    pen.box(-0.66, 0.36, 0.46, 0.74, fur, 0.18)
    for x in (-0.56, -0.34, 0.16, 0.34):
        pen.box(x - 0.07, 0.0, x + 0.07, 0.5, fur, 0.05)
    pen.polygon([(0.2, 0.6), (0.3, 1.0), (0.62, 1.0), (0.52, 0.6)], fur)
    pen.disc(0.48, 1.02, 0.24, 0.2, fur)
    pen.box(0.5, 0.88, 0.86, 1.06, fur, 0.08)
    pen.disc(0.84, 1.02, 0.05, 0.045, dark)
    pen.disc(0.32, 0.98, 0.11, 0.22, dark)
    pen.disc(0.54, 1.08, 0.035, 0.035, dark)


def _draw_bird(pen: _Pen, palette: Palette) -> None:
    body, dark = palette.accent, mixed(palette.accent, palette.near, 0.45)
    pen.polygon([(-1.0, 0.86), (-0.42, 0.72), (-0.62, 0.96)], dark)
    pen.disc(0.0, 0.8, 0.52, 0.2, body)
    pen.disc(0.46, 0.92, 0.17, 0.15, body)
    pen.polygon([(0.6, 0.96), (0.84, 0.9), (0.6, 0.86)], (245, 170, 60))
    pen.polygon([(-0.24, 0.84), (0.24, 0.84), (-0.12, 1.44), (-0.4, 1.5)], dark)
    pen.disc(0.5, 0.95, 0.03, 0.03, (20, 20, 24))


def _draw_fish(pen: _Pen, palette: Palette) -> None:
    body, dark = palette.accent, mixed(palette.accent, palette.near, 0.35)
    pen.polygon([(-0.5, 0.4), (-0.98, 0.72), (-0.98, 0.08)], dark)
    pen.polygon([(-0.1, 0.62), (0.12, 0.86), (0.36, 0.62)], dark)
    pen.disc(0.1, 0.4, 0.68, 0.3, body)
    pen.disc(0.52, 0.46, 0.07, 0.07, (255, 255, 255))
    pen.disc(0.54, 0.46, 0.035, 0.035, (20, 20, 24))
    pen.polygon([(0.14, 0.42), (-0.14, 0.52), (-0.14, 0.3)], dark)


def _draw_ship(pen: _Pen, palette: Palette) -> None:
    hull, sail = mixed(palette.accent, palette.near, 0.3), mixed(palette.disc, (255, 255, 255), 0.5)
    pen.line([(0.0, 0.2), (0.0, 1.36)], 0.04, palette.near)
    pen.polygon([(0.05, 1.3), (0.05, 0.34), (0.72, 0.34)], sail)
    pen.polygon([(-0.05, 1.1), (-0.05, 0.34), (-0.5, 0.34)], mixed(sail, palette.accent, 0.75))
    pen.polygon([(-0.85, 0.26), (0.95, 0.26), (0.62, -0.04), (-0.6, -0.04)], hull)


def _draw_house(pen: _Pen, palette: Palette) -> None:
    wall, roof = mixed(palette.disc, palette.accent, 0.12), mixed(palette.accent, palette.near, 0.15)
    pen.box(-0.6, 0.0, 0.6, 0.62, wall)
    pen.box(0.3, 0.7, 0.46, 1.12, palette.near)
    pen.polygon([(-0.76, 0.6), (0.0, 1.14), (0.76, 0.6)], roof)
    pen.box(-0.12, 0.0, 0.12, 0.38, palette.near)
    for x in (-0.4, 0.4):
        pen.box(x - 0.11, 0.22, x + 0.11, 0.44, mixed(palette.low, (255, 214, 120), 0.85))


def _draw_lighthouse(pen: _Pen, palette: Palette) -> None:
    wall, band = mixed(palette.disc, (255, 255, 255), 0.5), palette.accent
    pen.polygon([(0.0, 1.36), (4.5, 2.0), (4.5, 0.75)], mixed(palette.low, (255, 246, 205), 0.55))
    pen.polygon([(-0.8, 0.0), (-0.4, 0.14), (0.3, 0.16), (0.85, 0.0)], palette.near)
    pen.polygon([(-0.26, 0.1), (-0.16, 1.22), (0.16, 1.22), (0.26, 0.1)], wall)
    for low in (0.3, 0.74):
        wide, narrow = 0.26 - 0.0893 * (low - 0.1), 0.26 - 0.0893 * (low + 0.12)
        pen.polygon([(-wide, low), (-narrow, low + 0.22), (narrow, low + 0.22), (wide, low)], band)
    pen.box(-0.22, 1.22, 0.22, 1.27, palette.near)
    pen.box(-0.12, 1.27, 0.12, 1.45, (255, 240, 180))
    pen.polygon([(-0.18, 1.45), (0.0, 1.62), (0.18, 1.45)], band)


def _draw_tree(pen: _Pen, palette: Palette) -> None:
    leaf, trunk = palette.accent, mixed((92, 60, 40), palette.near, 0.3)
    pen.polygon([(-0.1, 0.0), (-0.06, 0.6), (0.06, 0.6), (0.1, 0.0)], trunk)
    for x, y, radius in ((-0.28, 0.72, 0.3), (0.28, 0.74, 0.3), (0.0, 0.68, 0.34), (0.0, 1.02, 0.36)):
        pen.disc(x, y, radius, radius, mixed(leaf, palette.near, 0.12 * (x < 0)))


def _draw_person(pen: _Pen, palette: Palette) -> None:
    cloth, skin = palette.accent, mixed((214, 160, 122), palette.low, 0.15)
    pen.box(-0.13, 0.8, 0.13, 1.0, skin, 0.05)
    pen.disc(0.0, 1.12, 0.2, 0.24, skin)
    pen.disc(0.0, 1.22, 0.22, 0.19, mixed(palette.near, (30, 20, 16), 0.5))
    pen.disc(0.0, 1.08, 0.17, 0.17, skin)
    pen.disc(0.0, 0.5, 0.44, 0.38, cloth)
    pen.box(-0.44, 0.0, 0.44, 0.52, cloth, 0.06)


def _draw_rocket(pen: _Pen, palette: Palette) -> None:
    hull, fin = mixed(palette.disc, (255, 255, 255), 0.5), palette.accent
    pen.polygon([(-0.14, 0.16), (0.0, -0.3), (0.14, 0.16)], (255, 170, 60))
    for side in (-1, 1):
        pen.polygon([(side * 0.2, 0.56), (side * 0.46, 0.12), (side * 0.18, 0.22)], fin)
    pen.polygon([(-0.2, 0.16), (-0.26, 0.7), (-0.16, 1.1), (0.16, 1.1), (0.26, 0.7), (0.2, 0.16)], hull)
    pen.polygon([(-0.165, 1.09), (0.0, 1.44), (0.165, 1.09)], fin)
    pen.disc(0.0, 0.78, 0.1, 0.1, mixed(palette.top, (90, 190, 230), 0.7))


_SUBJECTS: Final[Mapping[str, Callable[[_Pen, Palette], None]]] = {
    "car": _draw_car, "bicycle": _draw_bicycle, "motorcycle": _draw_motorcycle, "cat": _draw_cat,
    "dog": _draw_dog, "bird": _draw_bird, "fish": _draw_fish, "ship": _draw_ship, "house": _draw_house,
    "lighthouse": _draw_lighthouse, "tree": _draw_tree, "person": _draw_person, "rocket": _draw_rocket,
}  # fmt: skip
_WORDS: Final = by_word({
    "car": "car cars taxi truck",
    "bicycle": "bicycle bike",
    "motorcycle": "motorcycle motorbike",
    "cat": "cat kitten",
    "dog": "dog puppy",
    "bird": "bird eagle gull",
    "fish": "fish",
    "ship": "ship boat sailboat yacht",
    "house": "house cottage cabin",
    "lighthouse": "lighthouse",
    "tree": "tree oak",
    "person": "man woman person girl boy portrait child",
    "rocket": "rocket spaceship",
})  # fmt: skip
