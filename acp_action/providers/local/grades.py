"""The single edits that a prompt can ask for: each takes a picture as RGB and gives one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Edit = Callable[[Image.Image], Image.Image]

_GAIN_LIMIT: Final = 255


def contrasted(picture: Image.Image, factor: float) -> Image.Image:
    """Contrast around the middle, 1.0 for no change."""
    return ImageEnhance.Contrast(picture).enhance(factor)


def brightened(picture: Image.Image, factor: float) -> Image.Image:
    """Brightness, 1.0 for no change."""
    return ImageEnhance.Brightness(picture).enhance(factor)


def saturated(picture: Image.Image, factor: float) -> Image.Image:
    """Saturation, 1.0 for no change, 0 for gray."""
    return ImageEnhance.Color(picture).enhance(factor)


def balanced(picture: Image.Image, red: float, green: float, blue: float) -> Image.Image:
    """Each channel times its own factor."""
    tables = [[min(_GAIN_LIMIT, round(i * gain)) for i in range(256)] for gain in (red, green, blue)]
    return picture.point([value for table in tables for value in table])


def vignetted(picture: Image.Image, strength: float) -> Image.Image:
    """Darker towards the corners, by at most ``strength`` (0 to 1)."""
    shares = [round(255 * (1 - strength * max(0.0, (i - 90) / 165) ** 2)) for i in range(256)]
    mask = Image.radial_gradient("L").point(shares).resize(picture.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(picture, Image.merge("RGB", (mask, mask, mask)))


def colorized(picture: Image.Image, dark: str, middle: str, light: str) -> Image.Image:
    """Gray first, then tones from dark over middle to light."""
    return ImageOps.colorize(picture.convert("L"), dark, light, middle)


def _dramatic(picture: Image.Image) -> Image.Image:
    lit = contrasted(brightened(picture, 0.92), 1.45)
    return vignetted(balanced(lit, 1.06, 1.0, 0.94), 0.75)


def _sharpened(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.UnsharpMask(radius=2, percent=170, threshold=2))


def _blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(max(1.5, min(picture.size) / 110)))


def _vintage(picture: Image.Image) -> Image.Image:
    aged = saturated(Image.blend(picture, colorized(picture, "#2a1a12", "#a98c63", "#fff3d6"), 0.45), 0.8)
    return vignetted(contrasted(aged, 0.92), 0.5)


def _sketched(picture: Image.Image) -> Image.Image:
    gray = picture.convert("L")
    blurred = ImageOps.invert(gray).filter(ImageFilter.GaussianBlur(max(2, min(picture.size) / 160)))
    # Divided by its own blur, what is even becomes paper and what changes becomes a line.
    lines = ImageChops.add(gray, blurred, scale=1, offset=0)
    return ImageOps.autocontrast(lines, cutoff=(3, 30)).convert("RGB")


def _edges(picture: Image.Image) -> Image.Image:
    return ImageOps.invert(picture.convert("L").filter(ImageFilter.FIND_EDGES)).convert("RGB")


def _painted(picture: Image.Image) -> Image.Image:
    smooth = picture.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.MedianFilter(5))
    paper = ImageOps.autocontrast(saturated(smooth, 1.35), cutoff=1)
    outline = _edges(smooth).filter(ImageFilter.GaussianBlur(0.8))
    return ImageChops.multiply(Image.blend(paper, Image.new("RGB", paper.size, "#fffaf0"), 0.22), outline)


def _oil(picture: Image.Image) -> Image.Image:
    return saturated(contrasted(picture.filter(ImageFilter.MedianFilter(7)), 1.1), 1.3)


def _night(picture: Image.Image) -> Image.Image:
    return vignetted(balanced(saturated(picture, 0.75), 0.42, 0.5, 0.72), 0.5)


def _glow(picture: Image.Image) -> Image.Image:
    light = brightened(picture, 1.15).filter(ImageFilter.GaussianBlur(max(2, min(picture.size) / 45)))
    return Image.blend(picture, ImageChops.screen(picture, light), 0.55)


def _foggy(picture: Image.Image) -> Image.Image:
    return Image.blend(saturated(picture, 0.6), Image.new("RGB", picture.size, (214, 220, 226)), 0.45)


def _snowy(picture: Image.Image) -> Image.Image:
    return Image.blend(balanced(picture, 0.95, 1, 1.08), Image.new("RGB", picture.size, "white"), 0.3)


def _pixelated(picture: Image.Image) -> Image.Image:
    small = picture.resize((max(1, picture.width // 12), max(1, picture.height // 12)), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


EDITS: Final[Mapping[str, tuple[str, Edit]]] = {
    "dramatic": ("more contrast, warmer light, darker corners", _dramatic),
    "gray": ("black and white", lambda p: ImageOps.grayscale(p).convert("RGB")),
    "sepia": ("sepia tones", lambda p: colorized(p, "#1f1208", "#9c7a4f", "#fff1d0")),
    "vintage": ("faded colours, sepia, darker corners", _vintage),
    "blur": ("blurred", _blurred),
    "sharpen": ("sharpened", _sharpened),
    "bright": ("brighter", lambda p: brightened(p, 1.35)),
    "dark": ("darker", lambda p: brightened(p, 0.6)),
    "warm": ("warmer", lambda p: balanced(p, 1.14, 1.03, 0.84)),
    "cold": ("colder", lambda p: balanced(p, 0.86, 0.98, 1.16)),
    "contrast": ("more contrast", lambda p: contrasted(p, 1.45)),
    "flat": ("less contrast", lambda p: contrasted(p, 0.65)),
    "saturate": ("stronger colours", lambda p: saturated(p, 1.7)),
    "mute": ("weaker colours", lambda p: saturated(p, 0.45)),
    "invert": ("inverted", ImageOps.invert),
    "posterize": ("few tones", lambda p: ImageOps.posterize(p, 2)),
    "solarize": ("solarized", lambda p: ImageOps.solarize(p, 128)),
    "sketch": ("pencil lines", _sketched),
    "edges": ("outlines", _edges),
    "watercolor": ("even areas on paper", _painted),
    "oil": ("smeared areas, stronger colours", _oil),
    "night": ("dark and blue", _night),
    "sunset": ("orange light", lambda p: vignetted(balanced(p, 1.2, 0.95, 0.68), 0.35)),
    "snow": ("pale and cold", _snowy),
    "fog": ("hazy", _foggy),
    "glow": ("glowing lights", _glow),
    "pixel": ("large pixels", _pixelated),
    "emboss": ("embossed", lambda p: p.filter(ImageFilter.EMBOSS)),
    "vignette": ("darker corners", lambda p: vignetted(p, 0.85)),
    "mirror": ("mirrored left to right", ImageOps.mirror),
    "flip": ("upside down", ImageOps.flip),
    "turn_right": ("turned right by 90 degrees", lambda p: p.transpose(Image.Transpose.ROTATE_270)),
    "turn_left": ("turned left by 90 degrees", lambda p: p.transpose(Image.Transpose.ROTATE_90)),
    "turn_over": ("turned by 180 degrees", lambda p: p.transpose(Image.Transpose.ROTATE_180)),
}  # fmt: skip
"""Every edit by its name, with what it does in plain words."""
