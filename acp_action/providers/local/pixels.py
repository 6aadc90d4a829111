"""Pictures from and to files: as pixels, and saved with the texts that tell what made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageOps, PngImagePlugin

from acp_action.providers.base import ProductFile
from acp_action.providers.local.sizes import fitted
from acp_action.providers.media.pictures import opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Stage

_EXIF_DESCRIPTION: Final = 0x010E
_EXIF_SOFTWARE: Final = 0x0131
_LONGEST_TEXT: Final = 1000
_MOST_TEXTS: Final = 16
_EXTENSIONS: Final[Mapping[str, str]] = {"png": "png", "jpeg": "jpg", "webp": "webp"}


def loaded(path: Path, longest: int | None = None) -> tuple[Image.Image, str]:
    """The pixels, upright, as RGB or RGBA, and the format's name. FatalError as ``opened``.

    ``longest``: the picture is scaled down to this many pixels on its longer side.
    """
    with opened(path) as picture:
        name = picture.format or ""
        if longest is not None:
            picture.draft(None, (longest, longest))
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        pixels = _colored(picture)
        if longest is not None and max(pixels.size) > longest:
            pixels = pixels.resize(fitted(pixels.size, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return pixels, name


def told_by(picture: ImageFile) -> dict[str, str]:
    """The texts that a file tells of itself: PNG's own, or the description and software of a photograph."""
    texts = {k: v for k, v in picture.info.items() if isinstance(k, str) and isinstance(v, str)}
    if picture.format != "PNG":
        exif = picture.getexif()
        found = {"Description": exif.get(_EXIF_DESCRIPTION), "Software": exif.get(_EXIF_SOFTWARE)}
        texts = {k: v for k, v in found.items() if isinstance(v, str) and v}
    return {k: v[:_LONGEST_TEXT] for k, v in list(texts.items())[:_MOST_TEXTS]}


def flattened(picture: Image.Image) -> Image.Image:
    """The picture as RGB, what is transparent laid on white."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def saved(picture: Image.Image, stage: Stage, form: str, about: Mapping[str, str]) -> ProductFile:
    """Write the picture as ``png``, ``jpeg`` or ``webp``, texts about it inside; always the same bytes."""
    path = stage(_EXTENSIONS[form])
    options: dict[str, Any] = {}
    if form == "png":
        texts = PngImagePlugin.PngInfo()
        for key, text in about.items():
            texts.add_itxt(key, text)
        options = {"pnginfo": texts, "compress_level": 3}
    else:
        picture = flattened(picture) if form == "jpeg" else picture
        exif = Image.Exif()
        exif[_EXIF_DESCRIPTION] = "; ".join(f"{k}: {v}" for k, v in about.items() if k != "Software")
        exif[_EXIF_SOFTWARE] = about.get("Software", "")
        options = {"exif": exif, "quality": 90}
    picture.save(path, form.upper(), **options)
    facts: dict[str, JsonValue] = {"width": picture.width, "height": picture.height, "format": form.upper()}
    return ProductFile("image", path, facts)


def _colored(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGB", "RGBA"):
        return picture
    if picture.mode.startswith("I;16") or picture.mode == "I":
        # Sixteen bits a channel: Pillow would cut off what lies above 255 instead of scaling.
        return picture.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")
