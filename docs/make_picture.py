"""Makes ``docs/demo.png``, the README's picture, from a real run of ``examples/hybrid.yaml``.

Run it from the repository: ``python docs/make_picture.py``.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

from acp_action import AIPipelineManager
from acp_action.report.text import render_text

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT, GAP, TITLE = 400, 300, 16, 34
INK, PAPER, PALE = "#1f2328", "#ffffff", "#f6f8fa"


def main() -> None:
    """Run the example with the embedded provider and lay its outputs out side by side."""
    with tempfile.TemporaryDirectory() as folder:
        manager = AIPipelineManager(provider="local", output_dir=Path(folder))
        result = manager.run_pipeline(
            ROOT / "examples" / "hybrid.yaml", input_text="a red sports car at sunset"
        )
        tiles = [
            ("base_image", Image.open(folder + "/base_image.png")),
            ("edited_version", Image.open(folder + "/edited_version.png")),
            ("video_version (a frame)", _frame(folder + "/video_version.mp4")),
        ]
        sheet = _sheet(tiles)
        _words(sheet, render_text(result.report))
    sheet.save(ROOT / "docs" / "demo.png", optimize=True)


def _frame(path: str) -> Image.Image:
    with av.open(path) as clip:
        frames = itertools.islice(clip.decode(video=0), 60, None)
        picture: Image.Image = next(frames).to_image()  # type: ignore[no-untyped-call]
    return picture


def _sheet(tiles: list[tuple[str, Image.Image]]) -> Image.Image:
    width = GAP + len(tiles) * (WIDTH + GAP)
    sheet = Image.new("RGB", (width, HEIGHT + TITLE + 200), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for place, (name, picture) in enumerate(tiles):
        left = GAP + place * (WIDTH + GAP)
        draw.text((left, 8), name, INK, font)
        sheet.paste(picture.convert("RGB").resize((WIDTH, HEIGHT)), (left, TITLE))
    return sheet


def _words(sheet: Image.Image, text: str) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    top = TITLE + HEIGHT + GAP
    draw.rounded_rectangle((GAP, top, sheet.width - GAP, sheet.height - GAP), 8, PALE)
    # The bundled font has no arrows.
    lines = [line for line in text.replace("→", "->").splitlines() if line.strip()][:6]
    draw.multiline_text((2 * GAP, top + 14), "\n".join(lines), INK, font, spacing=8)


if __name__ == "__main__":
    main()
