"""What the tests of the embedded provider stand on: requests, tokens without a clock, small real media."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from PIL import Image

from acp_action.catalogue.models import catalogue
from acp_action.errors import Cancelled
from acp_action.providers.base import Request, Source
from acp_action.providers.local import LocalProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Complaint, Product

DEFAULTS = {
    "text_to_image": "flux_dev",
    "image_to_image": "photon_flash",
    "text_to_speech": "elevenlabs",
    "analyze_image": "gemini_detailed",
}
TONES = LocalProvider(speech="tones")


@dataclass
class ManualToken:
    """A token whose time passes only in waits; cancels at the given check, counted from 1."""

    time: float = 100.0
    cancel_at: int | None = None
    checks: int = 0
    waits: list[float] = field(default_factory=list)

    def check(self) -> None:
        """Count, and raise Cancelled when it is time."""
        self.checks += 1
        if self.cancel_at is not None and self.checks >= self.cancel_at:
            raise Cancelled("told to stop")

    def wait(self, seconds: float, what: str = "") -> None:
        """Let the time pass at once."""
        self.waits.append(seconds)
        self.time += seconds

    def remaining(self) -> float:
        """No deadline."""
        return float("inf")

    def now(self) -> float:
        """The time of this token."""
        return self.time

    def waking(self, call: Callable[[], None]) -> AbstractContextManager[None]:
        """Nothing stops it from outside."""
        return nullcontext()


class Stager:
    """Gives ``out_1.png`` and so on in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def __call__(self, extension: str) -> Path:
        """A fresh path."""
        return self._folder / f"out_{next(self._numbers)}.{extension}"


def model_of(step_type: str, key: str | None = None) -> Model:
    """A model of the catalogue; ``local`` where the type has no other default here."""
    model = catalogue().find(key or DEFAULTS.get(step_type, "local"), step_type)
    assert model is not None, (step_type, key)
    return model


def ask(
    folder: Path,
    step_type: str,
    text: str | None = None,
    media: Sequence[Path] = (),
    model: str | None = None,
    attempt: int = 1,
    **params: Any,
) -> Request:
    """A request whose files go into ``folder``."""
    found = model_of(step_type, model)
    sources = tuple(Source("video" if p.suffix == ".mp4" else "image", path=p) for p in media)
    preview = found.provider != "local"
    return Request(
        "step", step_type, found, params, sources, text, attempt, attempt - 1, preview, Stager(folder)
    )


def make(folder: Path, step_type: str, text: str | None = None, *media: Path, **more: Any) -> Product:
    """Carry out a step with the embedded provider; speech as tones."""
    return TONES.run(ask(folder, step_type, text, media, **more), ManualToken())


def made_path(folder: Path, step_type: str, text: str | None = None, *media: Path, **more: Any) -> Path:
    """The first file that a step makes."""
    return make(folder, step_type, text, *media, **more).files[0].path


def checked(step_type: str, model: str | None = None, /, **params: Any) -> list[Complaint]:
    """What the check finds wrong with these parameters."""
    found = model_of(step_type, model)
    return list(LocalProvider().check(step_type, found, params, preview=found.provider != "local"))


def a_picture(path: Path, size: tuple[int, int] = (64, 48), color: str = "red") -> Path:
    """A picture of one colour, in the format of its name."""
    Image.new("RGB", size, color).save(path)
    return path


def halves(path: Path, left: str = "red", right: str = "blue", size: tuple[int, int] = (64, 48)) -> Path:
    """A picture whose left and right halves differ."""
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    picture.save(path)
    return path


def a_clip(
    path: Path, size: tuple[int, int] = (64, 48), fps: int = 24, seconds: float = 1.0, rate: int | None = None
) -> Path:
    """A real video of gray frames that grow lighter; with a steady tone at ``rate`` samples a second."""
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        sound = container.add_stream("aac", rate=rate, layout="mono") if rate else None
        for index, frame in enumerate(_gray_frames(size, round(seconds * fps))):
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None and rate:
            for piece in _tone(rate, seconds):
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
    return path


def _gray_frames(size: tuple[int, int], count: int) -> Iterator[av.VideoFrame]:
    for index in range(count):
        frame = av.VideoFrame(*size, "yuv420p")
        for plane, value in zip(frame.planes, (40 + index * 150 // max(count, 1), 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        yield frame


def _tone(rate: int, seconds: float) -> Iterator[av.AudioFrame]:
    # A square wave needs no mathematics: 25 samples up, 25 down.
    wave = (b"\x00\x20" * 25 + b"\x00\xe0" * 25) * 1000
    done = 0
    while done < round(rate * seconds):
        count = min(1024, round(rate * seconds) - done)
        piece = av.AudioFrame("s16", "mono", count)
        piece.sample_rate, piece.pts, piece.time_base = rate, done, Fraction(1, rate)
        piece.planes[0].update(wave[: 2 * count].ljust(piece.planes[0].buffer_size, b"\0"))
        done += count
        yield piece


@dataclass(frozen=True)
class Seen:
    """What a decoder sees of a video: its frames, and the length of each track in seconds."""

    codec: str
    pixel_format: str
    size: tuple[int, int]
    fps: float
    frames: list[Image.Image]
    sound_rate: int
    sound: list[float]
    tags: dict[str, str]

    @property
    def seconds(self) -> float:
        """Length of the picture track."""
        return len(self.frames) / self.fps

    @property
    def sound_seconds(self) -> float:
        """Length of the sound track, 0 without one."""
        return len(self.sound) / self.sound_rate if self.sound_rate else 0.0

    def loudness(self, begin: float, end: float) -> float:
        """The loudest sample of the first channel between two times."""
        return max(map(abs, self.sound[int(begin * self.sound_rate) : int(end * self.sound_rate)]))


def see(path: Path) -> Seen:
    """Decode a whole video."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        frames = [_image(frame) for frame in container.decode(video)]
        tags = dict(container.metadata)
        context = video.codec_context
        fps = float(video.average_rate or 0)
        audio = bool(container.streams.audio)
    rate, sound = _hear(path) if audio else (0, [])
    return Seen(context.name, str(context.pix_fmt), frames[0].size, fps, frames, rate, sound, tags)


def _image(frame: av.VideoFrame) -> Image.Image:
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return picture


def _hear(path: Path) -> tuple[int, list[float]]:
    with av.open(str(path)) as container:
        sound: list[float] = []
        rate = 0
        for frame in container.decode(audio=0):
            rate = frame.sample_rate
            sound += memoryview(bytes(frame.planes[0])[: frame.samples * 4]).cast("f").tolist()
    return rate, sound
