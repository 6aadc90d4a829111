"""Small real files of every kind. Each carries the text it was made for, so that mixed-up results show."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from functools import cache, lru_cache
from typing import Any

TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}


@lru_cache(maxsize=4096)
def sample(form: str, text: str = "", size: tuple[int, int] = (64, 48), seconds: float = 1.0) -> bytes:
    """A valid file: form is png, jpeg, webp, mp4, mp3 or wav; the same bytes for the same arguments."""
    if form == "png":
        return _marked_png(_picture("PNG", size), text)
    if form in ("jpeg", "jpg"):
        return _marked_jpeg(_picture("JPEG", size), text)
    if form == "webp":
        return _picture("WEBP", size)
    if form == "mp4":
        return _clip(size, seconds) + _box(b"free", text.encode())
    return _id3(text) + _speech(seconds) if form == "mp3" else _marked_wav(_tone(seconds), text)


@cache
def _picture(form: str, size: tuple[int, int]) -> bytes:
    from PIL import Image

    into = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(into, form)
    return into.getvalue()


def _marked_png(picture: bytes, text: str) -> bytes:
    """A comment chunk goes in front of the last one, which is 12 bytes."""
    content = b"tEXtComment\0" + text.encode("ascii", "backslashreplace")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return picture[:-12] + chunk + picture[-12:]


def _marked_jpeg(picture: bytes, text: str) -> bytes:
    """A comment segment goes behind the start marker."""
    comment = text.encode()[:60_000]
    return picture[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + picture[2:]


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


@cache
def _clip(size: tuple[int, int], seconds: float, rate: int = 8) -> bytes:
    import av
    from PIL import Image

    into = io.BytesIO()
    with av.open(into, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = size[0] // 2 * 2, size[1] // 2 * 2, "yuv420p"
        for number in range(max(int(seconds * rate), 1)):
            still = Image.new("RGB", (stream.width, stream.height), (number * 20 % 256, 80, 160))
            picture: Any = av.VideoFrame
            container.mux(stream.encode(picture.from_image(still)))
        container.mux(stream.encode())
    return into.getvalue()


@cache
def _speech(seconds: float, rate: int = 44_100) -> bytes:
    import av

    into = io.BytesIO()
    with av.open(into, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame(format="s16p", layout="mono", samples=int(rate * seconds))
        frame.planes[0].update(_samples(seconds, rate).ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return into.getvalue()


def _samples(seconds: float, rate: int) -> bytes:
    return b"".join(
        struct.pack("<h", (n * 440 * 65_536 // rate) % 65_536 // 8) for n in range(int(rate * seconds))
    )


@cache
def _tone(seconds: float, rate: int = 16_000) -> bytes:
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(_samples(seconds, rate))
    return into.getvalue()


def _marked_wav(sound: bytes, text: str) -> bytes:
    """A chunk that players skip goes to the end."""
    comment = text.encode()
    comment += b"\0" * (len(comment) % 2)
    chunk = b"note" + struct.pack("<I", len(comment)) + comment
    return sound[:4] + struct.pack("<I", len(sound) + len(chunk) - 8) + sound[8:] + chunk


def _id3(text: str) -> bytes:
    """A tag in front of the sound, with the text as its title."""
    title = b"\x03" + text.encode()[:100_000]
    frame = b"TIT2" + _syncsafe(len(title)) + b"\0\0" + title
    return b"ID3\x04\0\0" + _syncsafe(len(frame)) + frame


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
