"""``upscale_image`` and upscaler models: more pixels by Lanczos. ``split_image``: a picture into a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from acp_action.errors import FatalError
from acp_action.providers.local.picture import output_format
from acp_action.providers.local.pixels import loaded, saved
from acp_action.providers.local.product import about, finished, media_paths
from acp_action.providers.media.pictures import opened, require_pixels, room_for
from acp_action.providers.params import values

if TYPE_CHECKING:
    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token

_FACTOR = 2.0
_GRID = 2


def enlarge(request: Request, token: Token) -> Product:
    """Carry out an upscaling request. Raises FatalError when the result would be too large for memory."""
    path = media_paths(request)[0]
    params = request.params
    factor = values.number(params.get("upscale_factor")) or values.number(params.get("scale")) or _FACTOR
    with opened(path) as head:
        size = max(1, round(head.width * factor)), max(1, round(head.height * factor))
    require_pixels(*size, f"'{path.name}' enlarged {factor:g} times")
    with room_for(size[0] * size[1], token):
        picture, _ = loaded(path)
        # Turned upright by its own remark, a photograph may have its sides swapped.
        size = size if (picture.width >= picture.height) == (size[0] >= size[1]) else (size[1], size[0])
        token.check()
        large = picture.resize(size, Image.Resampling.LANCZOS)
        token.check()
        form = output_format(params)
        file = saved(large, request.stage, form, {**about(request), "Edit": f"enlarged {factor:g} times"})
    used: dict[str, JsonValue] = {"upscale_factor": factor, "width": size[0], "height": size[1],
                                  "output_format": form}  # fmt: skip
    return finished(
        request, (file,), "pillow", used, notes={"edit": [f"enlarged {factor:g} times by Lanczos"]}
    )


def split_picture(request: Request, token: Token) -> Product:
    """Carry out a ``split_image`` request: the parts in reading order, together all pixels of the picture."""
    path = media_paths(request)[0]
    rows, columns = grid_of(request)
    with opened(path) as head:
        pixels = head.width * head.height
    with room_for(pixels, token):
        picture, _ = loaded(path)
        if picture.width < columns or picture.height < rows:
            size = f"{picture.width}x{picture.height}"
            raise FatalError(f"'{path.name}': {size} pixels are too few for {rows} x {columns} parts")
        form = output_format(request.params)
        files = []
        for box in _boxes(picture.size, rows, columns):
            token.check()
            files.append(saved(picture.crop(box), request.stage, form, about(request)))
    used: dict[str, JsonValue] = {"rows": rows, "columns": columns, "output_format": form}
    return finished(request, tuple(files), "pillow", used)


def grid_of(request: Request) -> tuple[int, int]:
    """Rows and columns: ``grid: "2x3"`` is two rows of three; 2 and 2 when nothing is said."""
    params = request.params
    grid = values.size(params.get("grid"))
    if grid:
        return grid
    columns = values.whole(params.get("columns")) or values.whole(params.get("cols"))
    return values.whole(params.get("rows")) or _GRID, columns or _GRID


def _boxes(size: tuple[int, int], rows: int, columns: int) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom of every part; no pixel is lost when the sides do not divide evenly."""
    xs = [size[0] * i // columns for i in range(columns + 1)]
    ys = [size[1] * i // rows for i in range(rows + 1)]
    return [(xs[c], ys[r], xs[c + 1], ys[r + 1]) for r in range(rows) for c in range(columns)]
