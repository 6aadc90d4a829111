"""``concat_videos``: clips of any size, rate and sound become one film, in the order given."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from av import AudioFrame, VideoFrame

from acp_action.errors import FatalError
from acp_action.providers.local.clips import probe
from acp_action.providers.local.encoding import Mp4Writer, exact_rate
from acp_action.providers.local.frames import FrameFitter
from acp_action.providers.local.product import finished, media_paths
from acp_action.providers.local.sizes import even_frame
from acp_action.providers.local.sound import SoundTrack
from acp_action.providers.local.video import tags_of
from acp_action.providers.media.containers import opened_clip
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from av.stream import Stream

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token
    from acp_action.providers.local.clips import Clip
    from acp_action.providers.local.sizes import Size

_FASTEST: Final = Fraction(60)
_RATES: Final = (44_100, 48_000)
# A clip that ends this much before its own head says has been cut off.
_SLACK_SECONDS: Final = 0.5
_SLACK_SHARE: Final = 0.05


class _Target(NamedTuple):
    """What all clips become. ``sample_rate`` None: no clip has any sound."""

    size: Size
    fps: Fraction
    sample_rate: int | None


def concat_clips(request: Request, token: Token) -> Product:
    """Carry out a ``concat_videos`` request. Raises FatalError that names the clip which cannot be used."""
    paths = media_paths(request)
    labels = [f"clip {i} of {len(paths)} ('{path.name}')" for i, path in enumerate(paths, start=1)]
    clips = [probe(path, label, token) for path, label in zip(paths, labels, strict=True)]
    target = _target(clips, request.params)
    path = request.stage("mp4")
    with Mp4Writer(path, target.size, target.fps, tags_of(request), target.sample_rate) as writer:
        for clip in clips:
            _append(clip, writer, token)
    file = writer.product_file()
    used: dict[str, JsonValue] = {"width": target.size[0], "height": target.size[1], "fps": file.facts["fps"],
                                  "duration": file.facts["duration"]}  # fmt: skip
    told: list[JsonValue] = [
        {"file": c.path.name, "duration": round(c.seconds, 3), "changes": list(_changes(c, target))}
        for c in clips
    ]
    return finished(request, (file,), "pyav", used, notes={"clips": told})


def _target(clips: Sequence[Clip], params: Mapping[str, Any]) -> _Target:
    """As the first clip, unless the parameters say otherwise; with sound when any clip has some."""
    first = clips[0]
    fps = values.number(params.get("fps"))
    rates = [clip.sample_rate for clip in clips if clip.sample_rate]
    rate = next((r for r in rates if r in _RATES), _RATES[0]) if rates else None
    return _Target(
        _target_size(first.size, params), exact_rate(fps) if fps else min(first.fps, _FASTEST), rate
    )


def _target_size(first: Size, params: Mapping[str, Any]) -> Size:
    width, height = values.whole(params.get("width")), values.whole(params.get("height"))
    tier = values.tier(params.get("resolution"))
    shape = values.ratio(params.get("aspect_ratio")) or Fraction(*first)
    if width and height:
        return width + width % 2, height + height % 2
    if width or height:
        return even_frame(
            shape,
            min(width, round(width / shape)) if width else min(height or 0, round((height or 0) * shape)),
        )
    if tier or shape != Fraction(*first):
        return even_frame(shape, (tier and tier.side) or min(first))
    return first[0] + first[0] % 2, first[1] + first[1] % 2


def _append(clip: Clip, writer: Mp4Writer, token: Token) -> None:
    """Decode one clip and write it: its frames at the film's rate, its sound as long as its pictures."""
    first = writer.frames
    last = first + max(1, round(clip.seconds * writer.fps))
    fitter = FrameFitter(clip, writer.size)
    sound = SoundTrack(writer, until=last / writer.fps)
    held, ends = None, 0.0
    for frame in _decoded(clip, writer, token):
        if isinstance(frame, AudioFrame):
            sound.take(frame, clip.begin)
            continue
        time = max((frame.time or 0.0) - clip.begin, 0.0)
        # What is shown in the middle of a frame's time is what it shows.
        while held is not None and writer.frames < last and (writer.frames - first + 0.5) / writer.fps < time:
            token.check()
            writer.write(fitter.fit(held))
        held, ends = frame, time + float((frame.duration or 0) * (frame.time_base or 0))
    _require_length(clip, held, ends)
    while held is not None and writer.frames < last:
        token.check()
        writer.write(fitter.fit(held))
    sound.finish(token)


def _decoded(clip: Clip, writer: Mp4Writer, token: Token) -> Iterator[VideoFrame | AudioFrame]:
    """A clip's frames and, when the film has sound, its pieces of sound, as they lie in the file."""
    with opened_clip(clip.path, clip.label) as container:
        streams: list[Stream] = [container.streams.video[0]]
        if writer.sample_rate and container.streams.audio:
            streams.append(container.streams.audio[0])
        for packet in container.demux(streams):
            token.check()
            for frame in packet.decode():
                if not isinstance(frame, VideoFrame | AudioFrame):
                    continue
                if frame.is_corrupt:
                    at = max((frame.time or 0.0) - clip.begin, 0.0)
                    raise FatalError(f"{clip.label} is damaged {at:.1f} s after its beginning")
                yield frame


def _require_length(clip: Clip, held: VideoFrame | None, ends: float) -> None:
    if held is None or ends < clip.seconds * (1 - _SLACK_SHARE) - _SLACK_SECONDS:
        raise FatalError(f"{clip.label} is cut off: {ends:.1f} of {clip.seconds:.1f} seconds are there")


def _changes(clip: Clip, target: _Target) -> list[str]:
    """What was done to a clip, in words; empty when it fitted."""
    done = []
    if clip.turn:
        done.append(f"turned by {clip.turn} degrees")
    if clip.size != target.size:
        done.append("scaled from {}x{} to {}x{}".format(*clip.size, *target.size))
        if abs(clip.size[0] * target.size[1] - clip.size[1] * target.size[0]) > 2 * max(target.size):
            done.append("bars added")
    if abs(clip.fps - target.fps) > Fraction(1, 100):
        done.append(f"{float(clip.fps):g} to {float(target.fps):g} frames a second")
    if target.sample_rate and not clip.sample_rate:
        done.append("silence added")
    elif target.sample_rate and clip.sample_rate != target.sample_rate:
        done.append(f"sound from {clip.sample_rate} to {target.sample_rate} Hz")
    return done
