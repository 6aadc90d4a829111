"""The colours of a drawn picture: by what the prompt names, by its mood, else by its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acp_action.providers.local.colors import by_word, colors_in, luminance, mixed, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.providers.local.colors import Rgb

_WHITE: Final = (255, 255, 255)
_DEEP: Final = (18, 20, 34)
_PALE: Final = (250, 244, 232)


@dataclass(frozen=True, slots=True)
class Palette:
    """Six colours that go together.

    ``top`` and ``low``: the sky from above to the horizon. ``disc``: sun or moon. ``far`` and ``near``: the
    ground from the horizon to the front. ``accent``: what the picture is about.
    """

    top: Rgb
    low: Rgb
    disc: Rgb
    far: Rgb
    near: Rgb
    accent: Rgb

    @property
    def is_dark(self) -> bool:
        """Whether stars may be seen."""
        return luminance(self.top) < 0.2


def _palette(*codes: str) -> Palette:
    colors = [(int(c[:2], 16), int(c[2:4], 16), int(c[4:], 16)) for c in codes]
    return Palette(*colors)


_MOODS: Final[Mapping[str, Palette]] = {
    "dusk": _palette("2f2b5e", "f6a96b", "ffe3b3", "8a5f83", "251d38", "e8505b"),
    "dawn": _palette("86b9d8", "fde3c8", "fff6dc", "93abc0", "2c475b", "f08a5d"),
    "meadow": _palette("84c7ee", "e9f7dc", "fffbe3", "86bd8c", "2a5a3c", "f2b134"),
    "desert": _palette("f2b98a", "ffedd2", "fff7e6", "d78c5c", "7a3d2b", "2a8c82"),
    "ocean": _palette("539fd0", "dcf2f4", "fffdf0", "3a7ca5", "0e3a57", "ffb562"),
    "night": _palette("090e2b", "34457c", "f6f1dc", "26335e", "090e22", "f4c95d"),
    "forest": _palette("a3ccbd", "eef4dd", "fffdf0", "5d8d78", "1b392d", "d9813b"),
    "rose": _palette("bf6496", "ffd9cb", "fff0e4", "8b4f7e", "381f43", "ffd166"),
    "snow": _palette("a9c8e2", "f4f9fd", "ffffff", "a1bbd3", "4b6684", "d1495b"),
    "storm": _palette("434e5c", "b3bcc5", "dfe5ea", "626f7c", "1d242c", "f2c14e"),
    "neon": _palette("1a0e3a", "d93b93", "ffd1ec", "57277f", "110925", "19d3da"),
    "fire": _palette("2b0d10", "f0752a", "ffd98a", "7d2a1e", "1c0a0c", "ffc145"),
}
_MOOD_WORDS: Final = by_word({
    "dusk": "sunset dusk evening twilight",
    "dawn": "sunrise dawn morning",
    "meadow": "meadow spring summer field park garden landscape",
    "desert": "desert sand dune dunes canyon",
    "ocean": "ocean sea beach lake river underwater island",
    "night": "night moon stars space galaxy midnight",
    "forest": "forest jungle woods trees",
    "rose": "romantic love flowers flower",
    "snow": "snow winter ice arctic",
    "storm": "storm rain fog noir",
    "neon": "neon cyberpunk futuristic robot",
    "fire": "fire lava volcano dragon",
})  # fmt: skip
# These only hint at a mood; any of the words above says more.
_HINTS: Final = by_word({
    "dusk": "cinematic dramatic closing",
    "dawn": "opening bird",
    "meadow": "middle tree house",
    "ocean": "ship boat sailboat fish lighthouse",
    "night": "rocket",
})  # fmt: skip
# What a picture without any hint may look like; the loud ones are left to the prompts that ask for them.
_PLAIN: Final = ("dusk", "dawn", "meadow", "desert", "ocean", "forest", "rose", "snow")


_LIGHTS: Final = ("night", "dusk", "dawn", "storm", "snow", "neon")


def palette_for(prompt: str, number: int) -> Palette:
    """The colours for a prompt. ``number``: any whole number; it decides where the prompt says nothing."""
    words = words_of(prompt)
    moods = [known[word] for known in (_MOOD_WORDS, _HINTS) for word in words if word in known]
    # A time of the day or the weather colours everything, whatever the place.
    mood = next((m for m in moods if m in _LIGHTS), moods[0] if moods else None)
    base = _MOODS[mood or _PLAIN[number % len(_PLAIN)]]
    named = colors_in(prompt)
    if not named:
        return base
    tinted = _tinted(base, named[-1]) if mood else _around(named[-1])
    return Palette(tinted.top, tinted.low, tinted.disc, tinted.far, tinted.near, named[0])


def _around(color: Rgb) -> Palette:
    """Everything in shades of one colour."""
    if luminance(color) < 0.08:
        low, top = mixed(color, _WHITE, 0.45), mixed(color, _DEEP, 0.6)
    else:
        low, top = mixed(color, _PALE, 0.86), mixed(color, _WHITE, 0.42)
    return Palette(top, low, mixed(color, _PALE, 0.94), mixed(color, (70, 72, 96), 0.3),
                   mixed(color, _DEEP, 0.74), color)  # fmt: skip


def _tinted(base: Palette, color: Rgb) -> Palette:
    """A mood with a colour laid over it."""
    return Palette(mixed(base.top, color, 0.3), mixed(base.low, color, 0.18), mixed(base.disc, color, 0.08),
                   mixed(base.far, color, 0.35), mixed(base.near, color, 0.18), color)  # fmt: skip
