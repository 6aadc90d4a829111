"""What is kept as media: whole files of the right kind, found out by playing them to their end."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acp_action.errors import Cancelled, FatalError
from acp_action.providers.media.containers import Form
from acp_action.providers.media.playing import played
from acp_action.providers.media.verify import kept
from acp_action.providers.media.wholeness import is_cut
from tests.providers.making import ManualToken, Stager, a_clip, a_picture

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.base import ProductFile

SOUNDS = {"mp3": ("libmp3lame", 44_100), "wav": ("pcm_s16le", 44_100), "ogg": ("libopus", 48_000),
          "flac": ("flac", 44_100), "adts": ("aac", 44_100), "webm": ("libopus", 48_000),
          "ipod": ("aac", 44_100)}  # fmt: skip
NAMES = {"adts": "aac", "ipod": "m4a"}


def a_sound(path: Path, form: str, seconds: float = 0.5) -> bytes:
    """A tone in a format of FFmpeg's."""
    codec, rate = SOUNDS[form]
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.codec_context.format.name, "mono", rate)
        for begin in range(0, int(seconds * rate), 1000):
            frame = av.AudioFrame("s16", "mono", 1000)
            wave = (round(9000 * math.sin((begin + i) * 0.06)) for i in range(1000))
            frame.planes[0].update(struct.pack("<1000h", *wave).ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path.read_bytes()


def a_fast_clip(folder: Path, form: str = "mp4") -> bytes:
    """A clip with sound, with its index in front, as services deliver it."""
    source, target = a_clip(folder / "slow.mp4", seconds=1.5, rate=44_100), folder / "fast.mp4"
    options = {"movflags": "faststart"} if form == "mp4" else {}
    with av.open(str(source)) as given_, av.open(str(target), "w", format=form, options=options) as container:
        streams = {s.index: container.add_stream_from_template(s) for s in given_.streams}
        for packet in given_.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    return target.read_bytes()


def keep(folder: Path, content: bytes, kind: str) -> ProductFile:
    """Stage the content and have it verified."""
    path = folder / "x.part"
    path.write_bytes(content)
    return kept(path, Stager(folder), ManualToken(), kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", SOUNDS)
def test_sound_is_measured_and_named_by_its_content(tmp_path: Path, form: str) -> None:
    """Length, rate and channels come from what was decoded."""
    file = keep(tmp_path, a_sound(tmp_path / "made", form), "audio")
    assert file.path.suffix == f".{NAMES.get(form, form)}"
    assert file.facts["duration"] == pytest.approx(0.5, abs=0.06)
    assert (file.facts["sample_rate"], file.facts["channels"]) == (SOUNDS[form][1], 1)


@pytest.mark.parametrize("form", SOUNDS)
@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_n8_sound_that_ends_early_is_not_kept(tmp_path: Path, form: str, share: float) -> None:
    """Where no length was told, the file itself has to."""
    whole = a_sound(tmp_path / "made", form)
    with pytest.raises(FatalError, match=r"cut short|damaged"):
        keep(tmp_path, whole[: int(len(whole) * share)], "audio")


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_video_is_measured(tmp_path: Path, form: str) -> None:
    """Size, rate, length and sound, and the extension of its format."""
    file = keep(tmp_path, a_fast_clip(tmp_path, form), "video")
    assert file.path.suffix == (".mp4" if form == "mp4" else ".mkv")
    known = {key: file.facts[key] for key in ("width", "height", "fps", "codec", "has_audio")}
    assert known == {"width": 64, "height": 48, "fps": 24.0, "codec": "h264", "has_audio": True}
    assert file.facts["duration"] == pytest.approx(1.5, abs=0.06)


@pytest.mark.parametrize("form", ["mp4", "matroska"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.99, 0.999])
def test_n8_video_that_ends_early_is_not_kept(tmp_path: Path, form: str, share: float) -> None:
    """Also where its index in front lets players begin."""
    whole = a_fast_clip(tmp_path, form)
    with pytest.raises(FatalError, match=r"cut short|damaged"):
        keep(tmp_path, whole[: int(len(whole) * share)], "video")


def test_n8_video_with_its_index_behind_that_ends_early_is_not_kept(tmp_path: Path) -> None:
    """A cut index may still be read; that it is cut is seen all the same."""
    whole = a_clip(tmp_path / "x.mp4", seconds=1.0, rate=44_100).read_bytes()
    index = whole.rindex(b"moov")
    for end in (index + 8, (index + len(whole)) // 2, len(whole) - 2):
        with pytest.raises(FatalError, match=r"cut short|damaged"):
            keep(tmp_path, whole[:end], "video")


def test_a_hole_in_a_video_is_seen(tmp_path: Path) -> None:
    """Zeros in place of pictures are no pictures."""
    whole = bytearray(a_fast_clip(tmp_path))
    begin = whole.rindex(b"mdat") + 2000
    whole[begin : begin + 4000] = bytes(4000)
    with pytest.raises(FatalError, match=r"damaged|cut short"):
        keep(tmp_path, bytes(whole), "video")


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [("image", b"", "the provider sent nothing where an image should be"),
     ("audio", b'{"detail": "no"}', 'the provider sent a text where an audio should be: {"detail": "no"}'),
     ("video", b"  <html><body>Sorry", "the provider sent a text where a video should be: <html>"),
     ("video", b"\x89PNG\r\n\x1a\n" + bytes(99), "something that is no video: it begins with 89 50 4e 47"),
     ("image", b"hello world", "the picture that the provider sent is not a PNG, JPEG"),
     ("audio", b"RIFF\xff\0\0\0AVI " + bytes(99), "something that is no audio"),
     ("image", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a text where an image should be")],
)  # fmt: skip
def test_n13_what_came_instead_is_told(tmp_path: Path, kind: str, content: bytes, told: str) -> None:
    """S10: by its content, whatever it was called; nothing gets a media name."""
    with pytest.raises(FatalError) as error:
        keep(tmp_path, content, kind)
    assert told in str(error.value)
    assert [p.name for p in tmp_path.iterdir()] == ["x.part"]


def test_a_film_without_pictures_is_no_video(tmp_path: Path) -> None:
    """Sound in a video's container is not enough."""
    content = a_sound(tmp_path / "made", "ipod").replace(b"ftypM4A ", b"ftypmp42")
    with pytest.raises(FatalError, match="the video has no pictures in it"):
        keep(tmp_path, content, "video")


def test_a_silent_film_is_no_sound(tmp_path: Path) -> None:
    """Pictures alone are not enough either."""
    content = a_clip(tmp_path / "x.mp4", seconds=0.2).read_bytes()
    with pytest.raises(FatalError, match="the audio has no sound in it"):
        keep(tmp_path, content, "audio")


def test_a_playlist_is_not_opened(tmp_path: Path) -> None:
    """FFmpeg would fetch what it names."""
    with pytest.raises(FatalError, match="no video"):
        keep(tmp_path, b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n", "video")


def test_long_videos_are_read_whole_and_looked_at_in_samples(tmp_path: Path) -> None:
    """When the time for a close look is over, frames that stand alone go on being decoded."""
    path = tmp_path / "x.mp4"
    path.write_bytes(a_fast_clip(tmp_path))
    seconds = iter([0.0, *[1e9] * 10_000])
    facts = played(
        path, "the video", Form("mov", "mp4", "MP4"), ManualToken(), video=True, now=lambda: next(seconds)
    )
    assert facts["duration"] == pytest.approx(1.5, abs=0.06)


def test_playing_ends_with_the_attempt(tmp_path: Path) -> None:
    """It asks at every packet."""
    (tmp_path / "x.part").write_bytes(a_fast_clip(tmp_path))
    with pytest.raises(Cancelled):
        kept(tmp_path / "x.part", Stager(tmp_path), ManualToken(cancel_at=3), kind="video")


def test_a_cut_is_seen_behind_any_number_of_tags(tmp_path: Path) -> None:
    """The encoder counts from where the sound begins."""
    tag = b"ID3\x04\0\0\0\0\0\x0bTIT2\0\0\0\x01\0\0\x03"
    whole = tag * 2 + a_sound(tmp_path / "made", "mp3")
    assert keep(tmp_path, whole, "audio").path.suffix == ".mp3"
    with pytest.raises(FatalError, match="cut short"):
        keep(tmp_path, whole[:-3], "audio")


def test_a_text_is_no_raw_sound(tmp_path: Path) -> None:
    """An error in place of samples is seen, as in place of anything else."""
    with pytest.raises(FatalError, match="sent a text"):
        keep(tmp_path, b'{"detail": "quota_exceeded"}', "audio")


def test_a_picture_is_kept_with_its_facts(tmp_path: Path) -> None:
    """Its pixels have been decoded."""
    content = a_picture(tmp_path / "x.jpg").read_bytes()
    file = keep(tmp_path, content, "image")
    assert (file.path.suffix, file.facts["format"]) == (".jpg", "JPEG")
    with pytest.raises(FatalError, match="cannot read the picture that the provider sent: "):
        keep(tmp_path, content[:-200], "image")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    content=st.binary(max_size=300), reader=st.sampled_from(["mov", "wav", "avi", "ogg", "matroska", "mp3"])
)
def test_i35_any_bytes_have_an_end_or_none(tmp_path: Path, content: bytes, reader: str) -> None:
    """Looking at the structure never fails."""
    (tmp_path / "x").write_bytes(content)
    form = Form(reader, "x", "X")
    assert is_cut(tmp_path / "x", form) in (True, False)
