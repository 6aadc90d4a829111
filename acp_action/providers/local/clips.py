"""Video files as they come: opened by what they are, probed, and refused when they cannot be used."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.errors import FatalError
from acp_action.providers.media.containers import opened_clip

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from acp_action.providers.base import Token
    from acp_action.providers.local.sizes import Size

_MOST_PIXELS: Final = 36_000_000
_QUARTER: Final = 90


class Clip(NamedTuple):
    """What is known of a video before it is joined.

    ``label`` names it in messages. ``size``: as it is shown, in pixels, upright and with square pixels.
    ``turn``: degrees, counter-clockwise, by which its frames have to be turned. ``begin``: when its first
    frame is shown, on its own clock; ``seconds``: length of the picture track. ``sample_rate`` in Hz and
    ``channels`` are 0 without sound.
    """

    path: Path
    label: str
    size: Size
    turn: int
    fps: Fraction
    begin: float
    seconds: float
    sample_rate: int
    channels: int


def probe(path: Path, label: str, token: Token) -> Clip:
    """Read the head and the first frame. FatalError as ``opened_clip``, and where there is no picture."""
    token.check()
    with opened_clip(path, label) as container:
        if not container.streams.video:
            raise FatalError(f"{label} has no pictures in it")
        video = container.streams.video[0]
        if video.width * video.height > _MOST_PIXELS:
            raise FatalError(f"{label}: frames of {video.width}x{video.height} pixels are too large")
        seconds = _length(container, video, token)
        first = next(container.decode(video), None)
        if first is None or seconds <= 0:
            raise FatalError(f"{label} has no pictures in it")
        sound = container.streams.audio[0] if container.streams.audio else None
        return Clip(
            path,
            label,
            _shown_size(video, first),
            _turn(first),
            _rate(video),
            first.time or 0.0,
            seconds,
            sound.codec_context.sample_rate if sound else 0,
            sound.codec_context.channels if sound else 0,
        )


def _rate(video: VideoStream) -> Fraction:
    rate = video.average_rate or video.guessed_rate
    # From PyAV 19 on rates are of a type of its own, which lacks half of a Fraction's arithmetic.
    return Fraction(rate.numerator, rate.denominator) if rate else Fraction(24)


def _length(container: InputContainer, video: VideoStream, token: Token) -> float:
    """Seconds: as the file says, else counted from its packets, as a live recording needs it."""
    if video.duration and video.time_base:
        return float(video.duration * video.time_base)
    if container.duration:
        return container.duration / 1_000_000
    end = 0.0
    for packet in container.demux(video):
        token.check()
        if packet.pts is not None and packet.time_base:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    container.seek(0)
    return end


def _turn(frame: VideoFrame) -> int:
    """Counter-clockwise degrees that set a frame upright, in quarters."""
    return round(frame.rotation / _QUARTER) * _QUARTER % 360


def _shown_size(video: VideoStream, frame: VideoFrame) -> Size:
    stretch = video.sample_aspect_ratio or Fraction(1)
    width, height = round(frame.width * stretch), frame.height
    return (height, width) if _turn(frame) % 180 else (width, height)
