"""Writes MP4 files that every browser plays: H.264 in 4:2:0, AAC, the index in front."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from acp_action.errors import FatalError
from acp_action.providers.base import ProductFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from acp_action.artifacts import JsonValue
    from acp_action.providers.local.sizes import Size

# Superfast takes four fifths of veryfast's time; ultrafast would make files of three times the size.
_PRESET: Final = {"preset": "superfast", "crf": "21"}
_AUDIO_BITS: Final = 128_000
# BT.709 within 16 to 235, said aloud: players guess otherwise, and guess differently.
_BT709: Final = 1
_LIMITED_RANGE: Final = 1
# How far a rate may be from a broadcast rate and still mean it: 23.98 is 24000/1001.
_NEAR: Final = 0.006
PIXEL_FORMAT: Final = "yuv420p"


class Mp4Writer:
    """A file that is being written; a context manager.

    ``size`` in pixels, both sides even; ``fps`` frames a second. ``sample_rate`` in Hz adds a sound track,
    stereo. ``tags``: title and comment of the container. One thread encodes, so that many steps share the
    machine fairly. Raises FatalError when the file cannot be written.
    """

    def __init__(
        self, path: Path, size: Size, fps: Fraction, tags: Mapping[str, str], sample_rate: int | None = None
    ) -> None:
        self.path = path
        self.size = size
        self.fps = fps
        self.sample_rate = sample_rate
        self.frames = 0
        self.samples = 0
        try:
            self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        except av.FFmpegError as error:
            raise write_fault(error, path) from error
        self._container.metadata.update(tags)
        self._video: VideoStream = self._container.add_stream("libx264", rate=fps, options=dict(_PRESET))
        self._set_up_video()
        self._audio: AudioStream | None = None
        if sample_rate is not None:
            self._audio = self._container.add_stream("aac", rate=sample_rate, layout="stereo")
            self._audio.bit_rate = _AUDIO_BITS

    def _set_up_video(self) -> None:
        video = self._video
        video.width, video.height = self.size
        video.pix_fmt = PIXEL_FORMAT
        video.gop_size = max(1, round(self.fps * 2))
        context = video.codec_context
        context.thread_count = 1
        context.color_range = _LIMITED_RANGE
        context.color_primaries = context.color_trc = context.colorspace = _BT709

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._video.encode(None))
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
            self._container.close()
        except av.FFmpegError as fault:
            # What broke off the writing is told, not that an unfinished file cannot be closed.
            if kind is None:
                raise write_fault(fault, self.path) from fault

    def write(self, frame: VideoFrame) -> None:
        """Append one frame; its time is its place."""
        frame.pts = self.frames
        frame.time_base = 1 / self.fps
        try:
            self._container.mux(self._video.encode(frame))
        except av.FFmpegError as error:
            raise write_fault(error, self.path) from error
        self.frames += 1

    def write_sound(self, frame: AudioFrame) -> None:
        """Append a piece of sound: stereo, 32-bit planar, at ``sample_rate``."""
        if self._audio is None or self.sample_rate is None:
            raise ValueError("this file has no sound track")
        frame.pts = self.samples
        frame.time_base = Fraction(1, self.sample_rate)
        try:
            self._container.mux(self._audio.encode(frame))
        except av.FFmpegError as error:
            raise write_fault(error, self.path) from error
        self.samples += frame.samples

    @property
    def seconds(self) -> float:
        """The length of what was written so far."""
        return float(self.frames / self.fps)

    def product_file(self) -> ProductFile:
        """The finished file with its facts."""
        facts: dict[str, JsonValue] = {
            "width": self.size[0],
            "height": self.size[1],
            "format": "MP4",
            "duration": round(self.seconds, 3),
            "fps": round(float(self.fps), 3),
            "frames": self.frames,
            "codec": "h264",
            "has_audio": self._audio is not None,
        }
        return ProductFile("video", self.path, facts)


def write_fault(error: Exception, path: Path) -> FatalError:
    """The error for a file that cannot be written, a full disk among others."""
    reason = getattr(error, "strerror", None) or str(error)
    return FatalError(f"cannot write '{path.name}': {reason}")


def exact_rate(fps: float) -> Fraction:
    """Frames a second as a fraction that players know: 29.97 is 30000/1001."""
    broadcast = Fraction(round(fps) * 1000, 1001)
    if fps != round(fps) and abs(float(broadcast) - fps) < _NEAR:
        return broadcast
    return Fraction(fps).limit_denominator(1000)
