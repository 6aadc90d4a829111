"""``image_to_video`` and ``text_to_video``: a slow camera over a picture, as a real video."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

import av
from PIL import Image, ImageFilter, ImageOps

from acp_action.providers.local.camera import ZOOM, box_of, move_for, view_at
from acp_action.providers.local.encoding import PIXEL_FORMAT, Mp4Writer, exact_rate
from acp_action.providers.local.picture import caption, draw_backdrop, seed_of
from acp_action.providers.local.pixels import flattened, loaded
from acp_action.providers.local.product import cleaned, finished, media_paths, preview_remark
from acp_action.providers.local.sizes import video_seconds, video_size
from acp_action.providers.media.pictures import opened, room_for
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token
    from acp_action.providers.local.camera import Box
    from acp_action.providers.local.sizes import Size

_FPS: Final = 24.0
# Where the shapes of picture and frame differ by more than this share, the picture is shown whole on a
# blurred bed.
_CROPPED: Final = 0.12
# From red, green and blue to BT.709 luma and chroma in video range, for Pillow's convert.
_TO_YUV: Final = (
    0.18259, 0.61423, 0.06201, 16.0,
    -0.10064, -0.33857, 0.43922, 128.0,
    0.43922, -0.39894, -0.04027, 128.0,
)  # fmt: skip


class _Planes(NamedTuple):
    """A picture as the encoder wants it: luma, and the two colour differences at half the size."""

    luma: Image.Image
    blue: Image.Image
    red: Image.Image


def animate_picture(request: Request, token: Token) -> Product:
    """Carry out an ``image_to_video`` request."""
    path = media_paths(request)[0]
    with opened(path) as head:
        pixels = head.width * head.height
    with room_for(pixels, token):
        picture = flattened(loaded(path, 2 * 2160)[0])
    size = video_size(request.model, request.params, picture.size)
    canvas = _canvas(picture, size)
    token.check()
    return _filmed(request, canvas, size, token)


def film_prompt(request: Request, token: Token) -> Product:
    """Carry out a ``text_to_video`` request: the picture is drawn, then filmed."""
    prompt = request.text or ""
    size = video_size(request.model, request.params, None)
    seed = seed_of(prompt, request.params)
    backdrop, palette = draw_backdrop(prompt, seed, _canvas_size(size))
    still = backdrop.resize(size, Image.Resampling.BICUBIC)
    top = caption(still, palette, request, seed)
    token.check()
    # The camera moves over the backdrop alone: the caption stands still, as in a film.
    row = top - top % 2
    return _filmed(request, backdrop, size, token, still.crop((0, row, size[0], size[1])))


def _filmed(
    request: Request, canvas: Image.Image, size: Size, token: Token, strip: Image.Image | None = None
) -> Product:
    prompt, params = request.text or "", request.params
    seed = seed_of(prompt, params)
    fps = exact_rate(values.number(params.get("fps")) or _FPS)
    seconds = video_seconds(request.model, params)
    move = move_for(prompt, _number(canvas, seed), fixed=values.flag(params.get("camera_fixed")) or False)
    with Mp4Writer(request.stage("mp4"), size, fps, tags_of(request)) as writer:
        for frame in _frames(canvas, strip, size, max(1, round(seconds * fps)), move):
            token.check()
            writer.write(frame)
    file = writer.product_file()
    used: dict[str, JsonValue] = {"width": size[0], "height": size[1], "duration": file.facts["duration"],
                                  "fps": file.facts["fps"], "seed": seed}  # fmt: skip
    return finished(request, (file,), "pyav", used, seed=seed, notes={"camera": move})


def tags_of(request: Request) -> dict[str, str]:
    """The container's title and comment; a preview says so."""
    made_by = "made by acp-action's embedded provider"
    return {
        "title": cleaned(request.text or request.step),
        "comment": preview_remark(request) if request.preview else made_by,
    }


def _frames(
    canvas: Image.Image, strip: Image.Image | None, size: Size, count: int, move: str
) -> Iterator[av.VideoFrame]:
    planes, foot = _planes(canvas), _planes(strip) if strip else None
    for index in range(count):
        view = view_at(move, index / max(1, count - 1))
        yield _frame(planes, box_of(view, *canvas.size), size, foot)


def _frame(planes: _Planes, box: Box, size: Size, foot: _Planes | None) -> av.VideoFrame:
    """One frame: the planes' part within the box, and the same strip at the foot of all of them."""
    frame = av.VideoFrame(*size, PIXEL_FORMAT)
    half = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
    for index, (plane, part) in enumerate(zip(frame.planes, (box, half, half), strict=True)):
        shown = planes[index].resize((plane.width, plane.height), Image.Resampling.BILINEAR, part)
        if foot:
            shown.paste(foot[index], (0, plane.height - foot[index].height))
        if plane.line_size != plane.width:
            shown = shown.crop((0, 0, plane.line_size, plane.height))
        plane.update(shown.tobytes())
    return frame


def _planes(canvas: Image.Image) -> _Planes:
    luma, blue, red = canvas.convert("RGB", _TO_YUV).split()
    return _Planes(luma, blue.reduce(2), red.reduce(2))


def _canvas(picture: Image.Image, size: Size) -> Image.Image:
    """The picture in the frame's shape, large enough for the camera's reach, sides even."""
    large = _canvas_size(size)
    ratio = picture.width * size[1] / (picture.height * size[0])
    if 1 - min(ratio, 1 / ratio) <= _CROPPED:
        return ImageOps.fit(picture, large, Image.Resampling.LANCZOS)
    bed = ImageOps.fit(picture, (large[0] // 8, large[1] // 8), Image.Resampling.BOX)
    bed = bed.filter(ImageFilter.GaussianBlur(max(2, min(bed.size) / 14))).point(
        [round(i * 0.6) for i in range(256)] * 3
    )
    bed = bed.resize(large, Image.Resampling.BICUBIC)
    whole = ImageOps.contain(picture, large, Image.Resampling.LANCZOS)
    bed.paste(whole, ((large[0] - whole.width) // 2, (large[1] - whole.height) // 2))
    return bed


def _canvas_size(size: Size) -> Size:
    """How large the picture is kept so that the camera, all the way in, still sees every pixel."""
    return round(size[0] * ZOOM / 2) * 2, round(size[1] * ZOOM / 2) * 2


def _number(canvas: Image.Image, seed: int) -> int:
    """A number for this picture and seed, so that the same picture always gets the same move."""
    tiny = canvas.resize((8, 8), Image.Resampling.BOX).tobytes()
    return int.from_bytes(hashlib.sha256(tiny + str(seed).encode()).digest()[:4], "big")
