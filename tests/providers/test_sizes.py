from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import acp_action.catalogue
from acp_action.catalogue.models import catalogue
from acp_action.catalogue.prices import PRESETS
from acp_action.errors import FatalError
from acp_action.providers.local.sizes import fitted, picture_size, video_seconds, video_size
from tests.providers.making import model_of


def test_presets_are_those_of_the_catalogue() -> None:
    """The names of sizes stand in one place more than the catalogue; they agree."""
    text = Path(acp_action.catalogue.__path__[0], "models.yaml").read_text(encoding="utf-8")
    known = yaml.load(text, Loader=yaml.CSafeLoader)["schemas"]["image_size_presets"]
    assert {name: "{}x{}".format(*size) for name, size in PRESETS.items()} == known


@pytest.mark.parametrize(
    ("model", "params", "size"),
    [
        ("flux_dev", {}, (1024, 768)),
        ("flux_dev", {"aspect_ratio": "16:9"}, (1024, 576)),
        ("flux_dev", {"aspect_ratio": "9:16"}, (576, 1024)),
        ("flux_dev", {"aspect_ratio": "1:1"}, (1024, 1024)),
        ("flux_dev", {"aspect_ratio": "3:2"}, (1024, 680)),
        ("flux_dev", {"image_size": "square"}, (512, 512)),
        ("flux_dev", {"image_size": {"width": 640, "height": 360}}, (640, 360)),
        ("flux_dev", {"width": 640, "height": 363}, (640, 360)),
        ("flux_dev", {"width": 640}, (640, 480)),
        ("flux_dev", {"height": "512", "aspect_ratio": "2:1"}, (1024, 512)),
        ("imagen4", {}, (1024, 1024)),
        ("imagen4", {"aspect_ratio": "16:9"}, (1368, 768)),
        ("imagen4", {"resolution": "2K"}, (2048, 2048)),
        ("nano_banana_pro", {"resolution": "4K", "aspect_ratio": "16:9"}, (4096, 2304)),
        ("nano_banana_2", {"aspect_ratio": "auto"}, (1024, 1024)),
        ("gen4", {}, (1920, 1080)),
        ("gen4", {"resolution": "720p", "aspect_ratio": "9:16"}, (720, 1280)),
        ("seedream_v3", {}, (1024, 576)),
        ("seedream3", {"size": "small"}, (680, 384)),
        ("gpt_image_1_5", {"aspect_ratio": "3:2"}, (1536, 1024)),
        ("openai_image", {"size": "1024x1536"}, (1024, 1536)),
        ("local", {}, (1024, 1024)),
        ("local", {"aspect_ratio": "16:9"}, (1024, 576)),
    ],
)
def test_pictures_are_sized_like_the_model_would(
    model: str, params: dict[str, Any], size: tuple[int, int]
) -> None:
    """What is asked for wins; else the model's own default; sides are multiples of eight."""
    assert picture_size(model_of("text_to_image", model), params) == size


@pytest.mark.parametrize(
    ("step_type", "model", "params", "source", "size"),
    [
        ("image_to_video", "kling_2_6_pro", {}, (1024, 768), (960, 720)),
        ("image_to_video", "kling_2_6_pro", {"aspect_ratio": "9:16"}, (1024, 768), (720, 1280)),
        ("image_to_video", "hailuo", {}, (768, 768), (768, 768)),
        ("image_to_video", "local", {"resolution": "1080p"}, (1600, 900), (1920, 1080)),
        ("image_to_video", "local", {"width": 321}, (200, 100), (320, 160)),
        ("image_to_video", "local", {}, (4000, 100), (1680, 42)),
        ("text_to_video", "kling_2_6_pro", {}, None, (1280, 720)),
        ("text_to_video", "hailuo_pro", {}, None, (1920, 1080)),
        ("text_to_video", "veo3", {"aspect_ratio": "9:16", "resolution": "1080p"}, None, (1080, 1920)),
        ("text_to_video", "local", {"width": 322, "height": 182}, None, (322, 182)),
    ],
)
def test_videos_are_sized_like_the_model_would(
    step_type: str, model: str, params: dict[str, Any], source: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    """A clip follows its picture unless a ratio is asked for; sides are even."""
    assert video_size(model_of(step_type, model), params, source) == size


@pytest.mark.parametrize(
    ("model", "params", "seconds"),
    [("hailuo_pro", {}, 6.0), ("veo3", {}, 8.0), ("kling_2_6_pro", {}, 5.0),
     ("sora_2", {"duration": "8s"}, 8.0), ("local", {}, 5.0)],
)  # fmt: skip
def test_videos_last_as_long_as_the_model_would_make_them(
    model: str, params: dict[str, Any], seconds: float
) -> None:
    """The asked duration, else the schema's default, else the reference's, else five seconds."""
    assert video_seconds(model_of("text_to_video", model), params) == seconds


@pytest.mark.parametrize("step_type", ["text_to_image", "text_to_video"])
def test_every_model_has_a_size_that_can_be_drawn(step_type: str) -> None:
    """No model of the catalogue falls outside of the limits by its defaults."""
    for model in catalogue().models(step_type):
        width, height = (
            picture_size(model, {}) if step_type == "text_to_image" else video_size(model, {}, None)
        )
        assert min(width, height) > 255, model.key
        assert max(width, height) <= 4096, model.key


def test_too_large_a_size_is_refused_in_words() -> None:
    """Named pixels above the limit end the step, before memory does."""
    with pytest.raises(FatalError, match=r"too many to draw here; keep both sides below 4097"):
        picture_size(model_of("text_to_image"), {"width": 4000, "aspect_ratio": "1:4"})


def test_fitting_scales_down_and_never_up() -> None:
    """A size keeps its shape within the longest side."""
    assert fitted((4000, 1000), 1000) == (1000, 250)
    assert fitted((40, 10), 1000) == (40, 10)
    assert fitted((10_000, 1), 100) == (100, 1)
