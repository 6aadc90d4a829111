"""Speech without a voice: a short tone for every syllable, with the pace and pauses of reading aloud."""

from __future__ import annotations

import math
import re
import unicodedata
import wave
import zlib
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acp_action.providers.base import Token

SAMPLE_RATE: Final = 22_050
"""Samples a second."""

# A syllable and its pauses add up to about 165 English words a minute.
_SYLLABLE: Final = 0.205
_BETWEEN_WORDS: Final = 0.035
_PAUSES: Final = {
    ",": 0.14,
    ";": 0.18,
    ":": 0.18,
    "-": 0.08,
    ".": 0.3,
    "!": 0.3,
    "?": 0.3,
    "…": 0.3,
    "\n": 0.25,
}
# A pentatonic scale around a speaking voice, in Hz: any order of its notes is pleasant.
_NOTES: Final = (146.8, 164.8, 196.0, 220.0, 261.6, 293.7)
# How loud the second, third and fourth overtone are, for five vowels.
_VOWELS: Final = ((0.5, 0.35, 0.12), (0.3, 0.5, 0.2), (0.2, 0.15, 0.35), (0.6, 0.2, 0.05), (0.35, 0.08, 0.03))
_LOUDNESS: Final = 9_500
_TOKENS: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[,;:.!?…\n]|\s-\s|[-–—]")
_VOWEL_RUN: Final = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôûåøæœаеёиоуыэюяієїαεηιουω]+")
_SHORTEST_PAUSE: Final = 0.08


class _Sound(NamedTuple):
    """One tone: which note, which vowel, and how long in thousandths of a second; note -1 for a pause."""

    note: int
    vowel: int
    length: int


def write_tones(text: str, path: Path, token: Token, *, speed: float = 1.0, rate: int = SAMPLE_RATE) -> float:
    """Write the text as tones into a WAV file, 16 bits, one channel; gives its length in seconds.

    The same text always gives the same bytes.
    """
    frames = 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for sound in _sounds(text, speed):
            token.check()
            samples = _samples(sound, rate)
            file.writeframesraw(samples)
            frames += len(samples) // 2
    return frames / rate


def syllables(word: str) -> int:
    """How many syllables a word is spoken with, roughly; at least one.

    >>> [syllables(w) for w in ("cat", "beautiful", "made", "東京")]
    [1, 3, 1, 2]
    """
    if any(unicodedata.category(c) == "Lo" for c in word):
        return len(word)
    if word.isdigit():
        return max(1, round(len(word) * 1.3))
    lower = word.lower()
    count = len(_VOWEL_RUN.findall(lower))
    if count > 1 and lower.endswith("e") and not lower.endswith("le"):
        count -= 1
    return max(1, count)


def _sounds(text: str, speed: float) -> Iterator[_Sound]:
    """The tones of a text. Every sentence falls towards its end, or rises when it asks."""
    marks = _TOKENS.findall(text)
    ends = [i for i, mark in enumerate(marks) if mark in ".!?…"] or [len(marks)]
    for place, mark in enumerate(marks):
        if not any(c.isalnum() for c in mark):
            pause = _PAUSES.get(mark.strip() or mark, _SHORTEST_PAUSE)
            yield _Sound(-1, 0, round(1000 * pause / speed))
            continue
        end = next((e for e in ends if e > place), len(marks))
        asks = end < len(marks) and marks[end] == "?"
        bend = (1 if asks else -1) if end - place <= 1 else 0
        yield from _word(mark, speed, bend)
        yield _Sound(-1, 0, round(1000 * _BETWEEN_WORDS / speed))


def _word(word: str, speed: float, bend: int) -> Iterator[_Sound]:
    seed = zlib.crc32(word.lower().encode("utf-8", "replace"))
    for number in range(syllables(word)):
        note = (seed >> (3 * number) % 24) % 4 + 1 + bend * (1 if number else 0)
        length = _SYLLABLE * (1.06 if number == 0 else 0.94)
        yield _Sound(
            min(max(note, 0), len(_NOTES) - 1), (seed >> number) % len(_VOWELS), round(1000 * length / speed)
        )


@lru_cache(maxsize=256)
def _samples(sound: _Sound, rate: int) -> bytes:
    """One tone as 16-bit samples, faded in and out; there are few different ones, so most are made once."""
    count = rate * sound.length // 1000
    if sound.note < 0:
        return bytes(2 * count)
    step = 2 * math.pi * _NOTES[sound.note] / rate
    second, third, fourth = _VOWELS[sound.vowel]
    scale = _LOUDNESS / (1 + second + third + fourth)
    rise, fall = rate * 0.012, rate * 0.06
    samples = array("h", bytes(2 * count))
    sine = math.sin
    for i in range(count):
        angle = step * i
        value = sine(angle) + second * sine(2 * angle) + third * sine(3 * angle) + fourth * sine(4 * angle)
        samples[i] = round(scale * value * min(1.0, i / rise, (count - i) / fall))
    return samples.tobytes()
