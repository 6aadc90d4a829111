"""Videos and sounds played through to their end, to see whether they are whole; and what was seen of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import FatalError
from acp_action.providers.media.containers import opened_as
from acp_action.providers.media.wholeness import is_cut, tells_length

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from av import Packet
    from av.container import InputContainer
    from av.stream import Stream

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Token
    from acp_action.providers.media.containers import Form

MOST_PIXELS: Final = 36_000_000
"""The largest frame of a video."""
# How much less than its head says a file may play: rounding, and the delay of encoders.
_SLACK_SECONDS: Final = 0.1
_SLACK_SHARE: Final = 0.01
# Seconds in which every frame is decoded; of what is longer then only those that stand alone. All of it is
# read in any case, and all of its sound is decoded.
_CLOSE_LOOK: Final = 2.0


def played(
    path: Path,
    label: str,
    form: Form,
    token: Token,
    *,
    video: bool,
    now: Callable[[], float] = time.monotonic,
) -> dict[str, JsonValue]:
    """The facts of a file that is whole; ``video``: it has to show something, else to sound.

    Raises FatalError for one that is damaged, cut short or of no use, and what the token raises.
    """
    if is_cut(path, form):
        raise FatalError(f"{label} is cut short")
    with opened_as(path, label, form) as container:
        pictures = container.streams.video[0] if video and container.streams.video else None
        sound = container.streams.audio[0] if container.streams.audio else None
        if (pictures if video else sound) is None:
            raise FatalError(f"{label} has no {'pictures' if video else 'sound'} in it")
        if pictures is not None and pictures.width * pictures.height > MOST_PIXELS:
            raise FatalError(f"{label}: frames of {pictures.width}x{pictures.height} pixels are too large")
        run = _Run(label, token, now, tells_length=tells_length(form))
        run.through(container, [stream for stream in (pictures, sound) if stream is not None])
        if (run.frames if video else run.samples) == 0:
            raise FatalError(f"{label} has no {'pictures' if video else 'sound'} in it")
        return _facts(container, form, run)


class _Run:
    """One reading of a file from beginning to end."""

    def __init__(self, label: str, token: Token, now: Callable[[], float], *, tells_length: bool) -> None:
        self._tells_length = tells_length
        self._label = label
        self._token = token
        self._now = now
        self._until = now() + _CLOSE_LOOK
        self.frames = self.samples = 0
        self.end = 0.0

    def through(self, container: InputContainer, streams: list[Stream]) -> None:
        """Read all packets, and decode them. Raises FatalError for what is missing."""
        for packet in container.demux(streams):
            self._token.check()
            if packet.is_corrupt:
                raise self._cut()
            if packet.pts is not None and packet.time_base:
                self.end = max(self.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            self._decode(packet)
        self._require_all(container)

    def _decode(self, packet: Packet[Any]) -> None:
        if packet.stream.type == "audio":
            self.samples += sum(getattr(frame, "samples", 0) for frame in packet.decode())
        elif self._now() < self._until:
            self.frames += len(packet.decode())
        elif packet.is_keyframe:
            # Without the frames before it, what comes out of it counts as seen if it comes out at all.
            self.frames += len(packet.decode()) or 1

    def _require_all(self, container: InputContainer) -> None:
        said = container.duration / 1_000_000 if container.duration and self._tells_length else 0.0
        begun = container.start_time / 1_000_000 if container.start_time else 0.0
        if self.end - begun < said - max(_SLACK_SECONDS, said * _SLACK_SHARE):
            raise self._cut()

    def _cut(self) -> FatalError:
        return FatalError(f"{self._label} is cut short")


def _facts(container: InputContainer, form: Form, run: _Run) -> dict[str, JsonValue]:
    begun = container.start_time / 1_000_000 if container.start_time else 0.0
    facts: dict[str, JsonValue] = {"format": form.name, "duration": round(run.end - begun, 3)}
    sound = container.streams.audio[0] if container.streams.audio else None
    if form.name in ("MP4", "MOV", "MKV", "AVI", "WEBM") and container.streams.video:
        video = container.streams.video[0]
        rate = video.guessed_rate or video.average_rate
        facts |= {"width": video.width, "height": video.height, "codec": video.codec_context.name}
        facts |= {"fps": round(float(rate), 3) if rate else None, "has_audio": sound is not None}
    elif sound is not None:
        facts |= {"sample_rate": sound.codec_context.sample_rate, "codec": sound.codec_context.name}
        facts["channels"] = sound.codec_context.channels
        if sound.codec_context.sample_rate:
            facts["duration"] = round(run.samples / sound.codec_context.sample_rate, 3)
    return facts
