from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import pytest
from PIL import Image, ImageStat

from acp_action.artifacts import MediaFile, Output
from acp_action.errors import Cancelled, FatalError
from acp_action.providers.base import Source
from acp_action.providers.local.clips import probe
from tests.providers.making import TONES, ManualToken, a_clip, ask, make, see

if TYPE_CHECKING:
    from pathlib import Path

FRAME = 1 / 24


def light(picture: Image.Image) -> float:
    """Mean brightness of a frame."""
    return float(ImageStat.Stat(picture.convert("L")).mean[0])


def joined(folder: Path, *clips: Path, **params: Any) -> Path:
    """The film made of the clips."""
    return make(folder, "concat_videos", None, *clips, **params).files[0].path


def turned(path: Path) -> Path:
    """The same file with the remark of a phone held upright: to be shown turned right by a quarter."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    quarter = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    content[at : at + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in quarter)
    path.write_bytes(content)
    return path


def test_clips_of_any_kind_become_one_film(tmp_path: Path) -> None:
    """Size, rate and sound differ; the film is like the first clip, has sound, and the summed length."""
    clips = [
        a_clip(tmp_path / "a.mp4", (96, 64), 24, 0.75),
        a_clip(tmp_path / "b.mp4", (64, 64), 30, 0.6, rate=22_050),
        a_clip(tmp_path / "c.mp4", (48, 96), 12, 0.5, rate=48_000),
    ]
    product = make(tmp_path, "concat_videos", None, *clips)
    seen = see(product.files[0].path)
    assert (seen.codec, seen.pixel_format, seen.size, seen.fps) == ("h264", "yuv420p", (96, 64), 24.0)
    assert seen.sound_rate == 48_000
    assert seen.seconds == pytest.approx(1.85, abs=3 * FRAME)
    assert seen.sound_seconds == pytest.approx(seen.seconds, abs=0.03)
    assert product.files[0].facts["has_audio"] is True
    told = product.notes["clips"]
    assert isinstance(told, list)
    assert [(clip["file"], clip["duration"], clip["changes"]) for clip in told] == [
        ("a.mp4", 0.75, ["silence added"]),
        ("b.mp4", 0.6, ["scaled from 64x64 to 96x64", "bars added", "30 to 24 frames a second",
                        "sound from 22050 to 48000 Hz"]),
        ("c.mp4", 0.5, ["scaled from 48x96 to 96x64", "bars added", "12 to 24 frames a second"]),
    ]  # fmt: skip


def test_silence_stands_where_a_clip_has_no_sound(tmp_path: Path) -> None:
    """Sound begins exactly with the clip that has it and ends with it."""
    mute, loud = a_clip(tmp_path / "m.mp4", seconds=0.5), a_clip(tmp_path / "l.mp4", seconds=0.5, rate=44_100)
    seen = see(joined(tmp_path, mute, loud, mute))
    assert seen.loudness(0.0, 0.45) < 0.01
    assert seen.loudness(0.55, 0.95) > 0.2
    assert seen.loudness(1.06, 1.45) < 0.01


def test_without_any_sound_there_is_no_sound_track(tmp_path: Path) -> None:
    """Silence is added to accompany sound, never for its own sake."""
    clip = a_clip(tmp_path / "a.mp4", seconds=0.2)
    assert see(joined(tmp_path, clip, clip)).sound_rate == 0


def test_clips_stand_in_the_given_order(tmp_path: Path) -> None:
    """Each clip grows lighter; the film falls back to dark where the second begins."""
    a, b = a_clip(tmp_path / "a.mp4", seconds=0.5), a_clip(tmp_path / "b.mp4", (32, 24), seconds=0.5)
    frames = see(joined(tmp_path, a, b)).frames
    assert len(frames) == 24
    assert light(frames[0]) < light(frames[11]) > light(frames[12]) < light(frames[23])


def test_bars_keep_the_shape(tmp_path: Path) -> None:
    """A square clip in a wide film has black to its left and right, and nothing is cut."""
    wide, square = (
        a_clip(tmp_path / "a.mp4", (128, 64), seconds=0.2),
        a_clip(tmp_path / "b.mp4", (64, 64), seconds=0.5),
    )
    frame = see(joined(tmp_path, wide, square)).frames[-2]
    assert [light(frame.crop((x, 0, x + 20, 64))) > 40 for x in (4, 54, 104)] == [False, True, False]


@pytest.mark.parametrize(
    ("params", "size", "fps"),
    [
        ({"resolution": "480p"}, (720, 480), 24.0),
        ({"aspect_ratio": "1:1"}, (64, 64), 24.0),
        ({"aspect_ratio": "9:16", "resolution": "480p"}, (480, 854), 24.0),
        ({"width": 48}, (48, 32), 24.0),
        ({"height": 128, "fps": "12"}, (192, 128), 12.0),
        ({"width": 50, "height": 50, "fps": 30}, (50, 50), 30.0),
    ],
)
def test_size_and_rate_can_be_asked_for(
    tmp_path: Path, params: dict[str, Any], size: tuple[int, int], fps: float
) -> None:
    """Parameters win over the first clip; the length stays."""
    seen = see(joined(tmp_path, a_clip(tmp_path / "a.mp4", (96, 64), seconds=0.5), **params))
    assert (seen.size, seen.fps, seen.seconds) == (size, fps, 0.5)


def test_a_clip_filmed_upright_is_set_upright(tmp_path: Path) -> None:
    """The remark of a phone is followed: what was the left edge is above."""
    path = tmp_path / "p.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 32, "yuv420p"
        for index in range(5):
            picture = Image.new("RGB", (64, 32), "black")
            picture.paste("white", (0, 0, 32, 32))
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    product = make(tmp_path, "concat_videos", None, turned(path))
    frame = see(product.files[0].path).frames[2]
    assert frame.size == (32, 64)
    assert light(frame.crop((0, 0, 32, 28))) > 200 > 50 > light(frame.crop((0, 36, 32, 64)))


def test_a_late_sound_stays_late(tmp_path: Path) -> None:
    """A sound that begins after its pictures begins after them in the film too."""
    path = tmp_path / "late.mkv"
    clip = a_clip(tmp_path / "x.mp4", seconds=1.0, rate=44_100)
    with av.open(str(clip)) as source, av.open(str(path), "w", format="matroska") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            late = packet.stream.type == "audio"
            shift = round(Fraction(1, 2) / packet.time_base) if late else 0
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    request = ask(tmp_path, "concat_videos")._replace(media=(Source("video", path=path),))
    seen = see(TONES.run(request, ManualToken()).files[0].path)
    assert seen.loudness(0.0, 0.4) < 0.01
    assert seen.loudness(0.6, 0.9) > 0.2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, r"clip 2 of 2 \('bad.mp4'\) cannot be read: No such file"),
        (b"hello", r"clip 2 of 2 \('bad.mp4'\) is not an MP4, MOV, WebM, Matroska or AVI file"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n", r"is not an MP4"),
        (b"\0\0\0\x18ftypmp42" + bytes(40), r"clip 2 of 2 \('bad.mp4'\) is damaged"),
    ],
)
def test_a_clip_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A missing or broken clip ends the step, saying which one it is; a playlist fetches nothing."""
    good, bad = a_clip(tmp_path / "good.mp4", seconds=0.2), tmp_path / "bad.mp4"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(FatalError, match=words):
        make(tmp_path, "concat_videos", None, good, bad)


def test_a_clip_cut_in_the_middle_is_refused(tmp_path: Path) -> None:
    """Half a clip is never joined as if it were whole."""
    path = (
        make(tmp_path, "text_to_video", "sea", model="local", duration=4, width=320, height=240).files[0].path
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FatalError, match=r"clip 1 of 1 \('cut.mp4'\) is (cut off|damaged)"):
        make(tmp_path, "concat_videos", None, cut)


def test_a_file_without_pictures_is_refused(tmp_path: Path) -> None:
    """Sound alone is no clip."""
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        frame = av.AudioFrame("s16", "mono", 1024)
        frame.sample_rate, frame.pts = 44_100, 0
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(FatalError, match=r"\('sound.mp4'\) has no pictures in it"):
        make(tmp_path, "concat_videos", None, path)


@pytest.mark.parametrize("cancel_at", [3, 20, 60])
def test_a_stop_is_noticed_anywhere(tmp_path: Path, cancel_at: int) -> None:
    """Probing, decoding, encoding: the next check ends the attempt."""
    clip = a_clip(tmp_path / "a.mp4", seconds=1.0, rate=44_100)
    token = ManualToken(cancel_at=cancel_at)
    with pytest.raises(Cancelled):
        TONES.run(ask(tmp_path, "concat_videos", media=(clip, clip)), token)
    assert token.checks == cancel_at


def test_the_outputs_of_a_group_are_joined_in_order(tmp_path: Path) -> None:
    """Outputs of steps, several files among them, are taken like files from outside."""
    clips = [a_clip(tmp_path / f"{n}.mp4", (64, 48), seconds=0.25) for n in "abc"]
    files = [MediaFile("video", clip, 1, "") for clip in clips]
    media = (Output("video", (files[0],)), Output("videos", tuple(files[1:])))
    product = TONES.run(ask(tmp_path, "concat_videos")._replace(media=media), ManualToken())
    told = product.notes["clips"]
    assert isinstance(told, list)
    assert [clip["file"] for clip in told] == ["a.mp4", "b.mp4", "c.mp4"]


def test_a_live_recording_is_measured_by_its_packets(tmp_path: Path) -> None:
    """A file that does not say how long it is, as browsers record them, is counted through."""
    source, live = a_clip(tmp_path / "a.mp4", seconds=1.0), tmp_path / "live.webm"
    with (
        av.open(str(source)) as given,
        av.open(str(live), "w", format="matroska", options={"live": "1"}) as target,
    ):
        stream = target.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert probe(live, "clip", ManualToken()).seconds == pytest.approx(1.0, abs=2 * FRAME)
