"""Speech as the simulators speak it: a hum as long as the text takes, in the format that was asked for."""

from __future__ import annotations

import functools
import io
import math
import wave
from array import array
from typing import Final, NamedTuple, cast

import av

# About what people speak.
CHARACTERS_A_SECOND: Final = 15.0
_PITCHES: Final = (110.0, 147.0, 165.0, 196.0)

# Codec name of an output format: container, encoder and content type.
_CODED: Final = {"mp3": ("mp3", "libmp3lame", "audio/mpeg"), "opus": ("ogg", "libopus", "audio/ogg")}
_RAW: Final = {"pcm": "audio/pcm", "ulaw": "audio/basic", "alaw": "audio/basic", "wav": "audio/wav"}


class Format(NamedTuple):
    """An output format such as ``mp3_44100_128``: bit rates in kbit/s, 0 where the codec has none."""

    codec: str
    rate: int
    bit_rate: int = 0

    @classmethod
    def named(cls, name: str) -> Format:
        """The format of a name; raises ValueError for what nobody offers."""
        codec, rate, *rest = name.split("_")
        if codec not in _CODED and codec not in _RAW:
            raise ValueError(f"no such codec: {codec!r}")
        return cls(codec, int(rate), int(rest[0]) if rest else 0)

    @property
    def content_type(self) -> str:
        return _CODED[self.codec][2] if self.codec in _CODED else _RAW[self.codec]


def seconds_of(text: str) -> float:
    """How long a text takes to speak."""
    return max(0.3, len(text) / CHARACTERS_A_SECOND)


@functools.lru_cache(maxsize=64)
def hum(name: str, seconds: float, pitch: int = 0) -> bytes:
    """Audio in the format of that name, ``pitch`` choosing between a few voices.

    Above 30 s the same stretch goes on, so that a long text costs a test no more than a short one.
    """
    wanted = Format.named(name)
    samples = _samples(wanted.rate, min(seconds, 30.0), _PITCHES[pitch % len(_PITCHES)])
    if wanted.codec in _CODED:
        return _coded(samples, wanted)
    if wanted.codec == "wav":
        return _wav(samples, wanted.rate)
    return samples.tobytes() if wanted.codec == "pcm" else bytes(b >> 8 & 255 for b in samples)


def _samples(rate: int, seconds: float, pitch: float) -> array[int]:
    step = 2 * math.pi * pitch / rate
    # One period of a whole number of samples, repeated: a sine a sample would take seconds.
    period = [int(9000 * math.sin(step * i)) for i in range(max(1, round(rate / pitch)))]
    count = int(rate * seconds)
    return array("h", (period * (count // len(period) + 1))[:count])


def _wav(samples: array[int], rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _coded(samples: array[int], wanted: Format) -> bytes:
    kind, encoder, _ = _CODED[wanted.codec]
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = cast("av.AudioStream", container.add_stream(encoder, rate=wanted.rate))
        stream.layout = "mono"
        stream.bit_rate = (wanted.bit_rate or 64) * 1000
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = wanted.rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()
