"""``text_to_image``: a picture with its prompt on it, the same for the same prompt, seed and size."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Final

from PIL import Image

from acp_action.providers.local.lettering import draw_caption
from acp_action.providers.local.palettes import palette_for
from acp_action.providers.local.pixels import saved
from acp_action.providers.local.product import about, finished
from acp_action.providers.local.scenery import draw_scene
from acp_action.providers.local.sizes import fitted, picture_size
from acp_action.providers.local.subjects import draw_subject
from acp_action.providers.media.pictures import room_for
from acp_action.providers.params import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token
    from acp_action.providers.local.palettes import Palette
    from acp_action.providers.local.sizes import Size

# Shapes are drawn at twice the size and averaged; beyond this many pixels a side they are enlarged instead.
_FINEST: Final = 1280


def make_picture(request: Request, token: Token) -> Product:
    """Carry out a ``text_to_image`` request."""
    prompt, seed = request.text or "", seed_of(request.text or "", request.params)
    size = picture_size(request.model, request.params)
    with room_for(size[0] * size[1], token):
        picture, palette = draw_backdrop(prompt, seed, size)
        caption(picture, palette, request, seed)
        token.check()
        form = output_format(request.params)
        file = saved(picture, request.stage, form, about(request, prompt, seed))
    used: dict[str, JsonValue] = {"width": size[0], "height": size[1], "seed": seed, "output_format": form}
    return finished(request, (file,), "pillow", used, seed=seed)


def draw_backdrop(prompt: str, seed: int, size: Size) -> tuple[Image.Image, Palette]:
    """The picture of a prompt as RGB, without its caption, and the colours it is made of."""
    number = int.from_bytes(
        hashlib.sha256(f"{seed}\0{prompt}".encode("utf-8", "replace")).digest()[:8], "big"
    )
    palette = palette_for(prompt, number)
    fine = fitted(size, _FINEST)
    picture = Image.new("RGB", (fine[0] * 2, fine[1] * 2))
    draw_scene(picture, prompt, palette, random.Random(number))  # noqa: S311 - not for secrets
    draw_subject(picture, prompt, palette)
    picture = picture.reduce(2)
    return (picture if fine == size else picture.resize(size, Image.Resampling.BICUBIC)), palette


def caption(picture: Image.Image, palette: Palette, request: Request, seed: int) -> int:
    """Set the request's prompt and the model onto the picture; gives the row at which the caption begins."""
    footer = f"{request.model.key}  ·  {picture.width} x {picture.height}  ·  seed {seed}"
    return draw_caption(picture, request.text or "", footer, "PREVIEW" if request.preview else "", palette)


def seed_of(prompt: str, params: Mapping[str, JsonValue]) -> int:
    """The given seed, else one that belongs to the prompt."""
    given = values.whole(params.get("seed"))
    return (
        int(hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest()[:7], 16) if given is None else given
    )


def output_format(params: Mapping[str, JsonValue]) -> str:
    """``png``, ``jpeg`` or ``webp``."""
    name = str(params.get("output_format") or "png").strip().lower()
    return "jpeg" if name == "jpg" else name
