"""Speech as the simulators speak it: a hum about as long as the text takes, in the format asked for."""

from __future__ import annotations

import functools
import io
import math
import wave
import zlib
from array import array
from typing import Final, NamedTuple, cast

import av

from tests.simulators.media import _id3, _marked_wav

# About what people speak.
CHARACTERS_A_SECOND: Final = 15.0
_PITCHES: Final = (110.0, 147.0, 165.0, 196.0)

# Codec name of an output format: container, encoder and content type.
_CODED: Final = {"mp3": ("mp3", "libmp3lame", "audio/mpeg"), "opus": ("ogg", "libopus", "audio/ogg")}
# The text stands in a tag of our own.
_PLAIN: Final = {"write_id3v2": "0"}
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


def speech(name: str, text: str) -> bytes:
    """A text spoken, in the format of that name; raises ValueError for an unknown one.

    Whole seconds, at most four: a long text shall cost a test no more than a short one. Formats that have
    room for it carry the text, the others at least a pitch of its own, so that mixed-up results show.
    """
    seconds = min(math.ceil(len(text) / CHARACTERS_A_SECOND) or 1, 4)
    sound = _hum(name, seconds, _PITCHES[zlib.crc32(text.encode()) % len(_PITCHES)])
    if name.startswith("mp3"):
        return _id3(text) + sound
    return _marked_wav(sound, text) if name.startswith("wav") else sound


@functools.cache
def _hum(name: str, seconds: int, pitch: float) -> bytes:
    wanted = Format.named(name)
    samples = _samples(wanted.rate, seconds, pitch)
    if wanted.codec in _CODED:
        return _coded(samples, wanted)
    if wanted.codec == "wav":
        return _wav(samples, wanted.rate)
    return samples.tobytes() if wanted.codec == "pcm" else bytes(level >> 8 & 255 for level in samples)


def _samples(rate: int, seconds: int, pitch: float) -> array[int]:
    step = 2 * math.pi * pitch / rate
    # One period of a whole number of samples, repeated: a sine a sample would take seconds.
    period = [int(9000 * math.sin(step * i)) for i in range(max(1, round(rate / pitch)))]
    count = rate * seconds
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
    with av.open(out, "w", format=kind, container_options=_PLAIN) as container:
        stream = cast("av.AudioStream", container.add_stream(encoder, rate=wanted.rate))
        stream.layout = "mono"
        stream.bit_rate = (wanted.bit_rate or 64) * 1000
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = wanted.rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()
