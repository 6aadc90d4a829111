"""Backdrops: a sky, a sun or moon, and the land before it, from a palette and a generator of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from acp_action.providers.local.colors import by_word, mixed, words_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from acp_action.providers.local.colors import Rgb
    from acp_action.providers.local.palettes import Palette

HORIZON: Final = 0.6
"""Where the land begins, as a share of the height from above."""


_RIDGE_POINTS: Final = 72


def draw_scene(picture: Image.Image, prompt: str, palette: Palette, draws: random.Random) -> None:
    """Fill the whole picture; the scene is chosen by the prompt's words, else by ``draws``."""
    # Drawn before the words are looked at, so that the rest of the picture is the same either way.
    fallback = _ANY[draws.randrange(len(_ANY))]
    words = words_of(prompt)
    scenes = [known[word] for known in (_SCENE_WORDS, _THINGS) for word in words if word in known]
    scene = scenes[0] if scenes else fallback
    _draw_sky(picture, palette)
    if palette.is_dark:
        _draw_stars(picture, palette, draws)
    if scene != "studio":
        _draw_disc(picture, palette, draws)
    _SCENES[scene](picture, palette, draws)


def _draw_sky(picture: Image.Image, palette: Palette) -> None:
    """A gradient from the top to a little below the horizon."""
    ramp = Image.linear_gradient("L").resize((1, picture.height))
    shares = [min(1.0, i / 255 / (HORIZON + 0.08)) for i in range(256)]
    channels = [
        ramp.point([round(a + (b - a) * share) for share in shares])
        for a, b in zip(palette.top, palette.low, strict=True)
    ]
    picture.paste(Image.merge("RGB", channels).resize(picture.size, Image.Resampling.NEAREST))


def _draw_stars(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    pen = ImageDraw.Draw(picture)
    unit = min(picture.size) / 900
    for _ in range(90):
        x, depth = draws.random() * picture.width, draws.random() * 0.75
        y, radius = depth * HORIZON * picture.height, unit * (0.8 + 1.7 * draws.random())
        sky = mixed(palette.top, palette.low, depth)
        tone = mixed(sky, palette.disc, (1 - depth) * (0.35 + 0.6 * draws.random()))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)


def _draw_disc(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    """The sun or moon in its glow."""
    width, height = picture.size
    unit = min(width, height)
    x, y = width * (0.2 + 0.6 * draws.random()), height * (0.2 + 0.2 * draws.random())
    radius = unit * (0.07 + 0.05 * draws.random())
    glow = round(radius * 4.5)
    mask = Image.radial_gradient("L").point([round(max(0, 255 - 2 * i) * 0.55) for i in range(256)])
    mask = mask.resize((2 * glow, 2 * glow), Image.Resampling.BILINEAR)
    picture.paste(palette.disc, (round(x) - glow, round(y) - glow), mask)
    pen = ImageDraw.Draw(picture)
    pen.ellipse(
        (x - radius, y - radius, x + radius, y + radius), fill=mixed(palette.disc, (255, 255, 255), 0.3)
    )


def _ridge(draws: random.Random, knots: int, *, jagged: bool) -> list[float]:
    """Heights from 0 to 1 along a line; smooth like hills, or broken like mountains."""
    heights = [draws.random() for _ in range(knots + 1)]
    rough = [draws.random() for _ in range(_RIDGE_POINTS + 1)]
    line = []
    for step in range(_RIDGE_POINTS + 1):
        place = step / _RIDGE_POINTS * knots
        left = min(int(place), knots - 1)
        share = place - left
        share = share if jagged else share * share * (3 - 2 * share)
        height = heights[left] + (heights[left + 1] - heights[left]) * share
        line.append(height + (0.1 * (rough[step] - 0.5) if jagged else 0.0))
    return line


def _fill_below(picture: Image.Image, line: list[float], base: float, rise: float, color: Rgb) -> None:
    """The land under a ridge: its foot at ``base``, its tops ``rise`` higher, as shares of the height."""
    width, height = picture.size
    points = [(i * width / (len(line) - 1), (base - rise * h) * height) for i, h in enumerate(line)]
    ImageDraw.Draw(picture).polygon([*points, (width, height), (0, height)], fill=color)


def _draw_layers(
    picture: Image.Image,
    palette: Palette,
    draws: random.Random,
    knots: tuple[int, ...],
    rise: float,
    *,
    jagged: bool,
) -> None:
    """Ridges one before the other; the farther, the paler."""
    for layer, count in enumerate(knots):
        depth = layer / (len(knots) - 1)
        haze = mixed(mixed(palette.far, palette.low, 0.45 * (1 - depth)), palette.near, depth**1.5)
        base = HORIZON + 0.04 + 0.17 * depth
        _fill_below(picture, _ridge(draws, count, jagged=jagged), base, rise * (1 - 0.45 * depth), haze)


def _draw_hills(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    _draw_layers(picture, palette, draws, (4, 5, 4, 3), 0.17, jagged=False)


def _draw_mountains(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    _draw_layers(picture, palette, draws, (7, 6, 5, 5), 0.36, jagged=True)


def _draw_dunes(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    _draw_layers(picture, palette, draws, (3, 2, 2), 0.16, jagged=False)


def _draw_sea(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    _fill_below(
        picture, _ridge(draws, 5, jagged=False), HORIZON + 0.01, 0.05, mixed(palette.far, palette.low, 0.4)
    )
    rows = 26
    for row in range(rows):
        depth = row / (rows - 1)
        top = HORIZON + (1 - HORIZON) * depth**1.6
        pen.rectangle((0, top * height, width, height), fill=mixed(palette.far, palette.near, depth))
    for _ in range(70):
        depth = draws.random() ** 1.5
        y, x = (HORIZON + 0.012 + (0.97 - HORIZON) * depth) * height, draws.random() * width
        reach, thick = width * (0.01 + 0.07 * depth), height * (0.0012 + 0.003 * depth)
        tone = mixed(mixed(palette.far, palette.near, depth), palette.low, 0.35)
        pen.rounded_rectangle((x - reach, y, x + reach, y + thick), thick / 2, fill=tone)


def _draw_city(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    for layer in range(3):
        tone = mixed(mixed(palette.far, palette.low, 0.4 - 0.2 * layer), palette.near, 0.45 * layer)
        x = -0.02 * width
        while x < width:
            wide = min(width, height * 1.6) * (0.05 + 0.06 * draws.random())
            top = height * (HORIZON - (0.30 - 0.07 * layer) * draws.random() + 0.05 * layer)
            pen.rectangle((x, top, x + wide, height), fill=tone)
            if layer == 2:
                _draw_windows(pen, (x, top, wide, height), mixed(palette.accent, palette.disc, 0.5), draws)
            x += wide * 1.04


def _draw_windows(
    pen: ImageDraw.ImageDraw, house: tuple[float, float, float, float], tone: Rgb, draws: random.Random
) -> None:
    left, top, wide, height = house
    pitch = height / 42
    for column in range(1, int(wide / pitch)):
        for row in range(1, 12):
            if draws.random() < 0.4:
                x, y = left + column * pitch - pitch * 0.2, top + row * pitch
                pen.rectangle((x, y, x + pitch * 0.4, y + pitch * 0.5), fill=tone)


def _draw_forest(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    _draw_layers(picture, palette, draws, (4, 4), 0.14, jagged=False)
    for layer in range(3):
        tone = mixed(mixed(palette.far, palette.low, 0.25), palette.near, 0.3 + 0.35 * layer)
        foot = height * (HORIZON + 0.08 + 0.1 * layer)
        for _ in range(22):
            x, tall = draws.random() * width, height * (0.13 + 0.1 * draws.random()) * (1 + 0.25 * layer)
            for part in range(3):
                top, half = foot - tall * (1 - 0.22 * part), tall * (0.12 + 0.055 * part)
                pen.polygon(
                    [(x, top), (x - half, top + tall * 0.44), (x + half, top + tall * 0.44)], fill=tone
                )
        pen.rectangle((0, foot - tall * 0.15, width, height), fill=tone)


def _draw_space(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    _draw_stars(picture, palette, draws)
    radius = min(width, height) * 0.5
    x, y = width * (0.3 + 0.4 * draws.random()), height * HORIZON + radius * 0.75
    for ring in range(6):
        inner = radius * (1 - 0.05 * ring)
        tone = mixed(palette.far, palette.near, ring / 5)
        pen.ellipse(
            (x - inner, y - inner + ring * radius * 0.06, x + inner, y + inner + radius * 0.06), fill=tone
        )


def _draw_studio(picture: Image.Image, palette: Palette, draws: random.Random) -> None:
    """A floor, and a large round backdrop behind whatever stands on it."""
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    radius = min(width, height) * 0.33
    x, y = width * (0.46 + 0.08 * draws.random()), height * (HORIZON - 0.13)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=mixed(palette.far, palette.low, 0.45))
    pen.rectangle((0, height * (HORIZON + 0.03), width, height), fill=mixed(palette.far, palette.near, 0.55))
    pen.rectangle((0, height * (HORIZON + 0.03), width, height * (HORIZON + 0.036)), fill=palette.far)


_SCENES: Final[Mapping[str, Callable[[Image.Image, Palette, random.Random], None]]] = {
    "hills": _draw_hills, "mountains": _draw_mountains, "dunes": _draw_dunes, "sea": _draw_sea,
    "city": _draw_city, "forest": _draw_forest, "space": _draw_space, "studio": _draw_studio,
}  # fmt: skip
_ANY: Final = ("hills", "mountains", "sea", "dunes", "studio", "hills")
_SCENE_WORDS: Final = by_word({
    "hills": "hill hills meadow field landscape village farm",
    "mountains": "mountain mountains alps peak volcano canyon",
    "dunes": "desert dune dunes sand",
    "sea": "sea ocean beach lake island coast harbor water",
    "city": "city street skyline town tokyo downtown neon cyberpunk",
    "forest": "forest jungle woods trees",
    "space": "space galaxy planet",
    "studio": "studio product",
})  # fmt: skip
# Where a thing stands when the prompt does not say it.
_THINGS: Final = by_word({
    "sea": "ship boat sailboat fish lighthouse",
    "space": "rocket astronaut",
    "hills": "tree house bird",
    "mountains": "eagle",
    "studio": "car portrait bottle motorcycle bicycle bike cat dog robot",
})  # fmt: skip
