"""What a job may cost: an upper estimate, or nothing at all, and never 0 for want of knowledge."""

from __future__ import annotations

from typing import Any

import pytest

from acp_action.catalogue.models import Model, catalogue
from acp_action.catalogue.prices import estimate


def cost(name: str, step_type: str, fields: dict[str, Any] | None = None, text: str | None = None) -> Any:
    """The estimate for a model of the catalogue."""
    model = catalogue().find(name, step_type)
    assert model is not None
    return estimate(model, fields or {}, text)


def priced(price: dict[str, Any]) -> Model:
    """A model with this price."""
    entry = {"price": price}
    return Model("m", "m", "text_to_image", "fal", (), "image", (), (), None, "image", None, "listed", entry)


@pytest.mark.parametrize(
    ("name", "step_type", "fields", "text", "usd"),
    [
        ("imagen4", "text_to_image", {}, None, 0.004),
        ("seedream_v3", "text_to_image", {"num_images": 3}, None, 0.006),
        ("photon_flash", "image_to_image", {}, None, 0.019),
        ("hailuo_pro", "text_to_video", {}, None, 0.08),
        ("kling_2_6_pro", "text_to_video", {}, None, 0.7),
        ("kling_2_6_pro", "text_to_video", {"generate_audio": False}, None, 0.35),
        ("kling_2_6_pro", "text_to_video", {"generate_audio": False, "duration": "10"}, None, 0.7),
        ("veo_3_1_fast", "image_to_video", {"duration": "4s"}, None, 0.4),
        ("gen4", "text_to_image", {"resolution": "720p"}, None, 0.05),
        ("gen4", "text_to_image", {}, None, 0.08),
        ("nano_banana_2_edit", "image_to_image", {"resolution": "4K"}, None, 0.16),
        ("elevenlabs", "text_to_speech", {}, "x" * 1000, 0.03),
        ("gemini_detailed", "analyze_image", {}, "what?", 0.002),
    ],
)
def test_price_follows_unit_and_variant(
    name: str, step_type: str, fields: dict[str, Any], text: str | None, usd: float
) -> None:
    """By the image, the second, the character or the job, at the price that these settings have."""
    assert cost(name, step_type, fields, text) == pytest.approx(usd)


def test_megapixels_are_rounded_up() -> None:
    """1.6 megapixels are paid as two; FLUX is sold so elsewhere than in the reference, and that counts."""
    assert cost("flux_dev", "text_to_image", {"image_size": {"width": 1600, "height": 1000}}) == 0.05
    assert cost("flux_dev", "text_to_image", {"image_size": "square"}) == 0.025


def test_of_several_prices_the_highest_counts() -> None:
    """A budget must hold also when the dearer of two public prices is right."""
    assert cost("nano_banana_pro", "text_to_image") == 0.3


def test_an_open_setting_is_taken_at_its_dearest() -> None:
    """Whether O3 makes sound unless told is not known, so it is reckoned with."""
    assert cost("kling_o3_pro_t2v", "text_to_video") == pytest.approx(5 * 0.28)


@pytest.mark.parametrize(
    ("name", "step_type", "text"),
    [("openai_image", "text_to_image", None), ("elevenlabs", "text_to_speech", None)],
)
def test_what_is_not_known_is_none(name: str, step_type: str, text: str | None) -> None:
    """Tokens that nobody has counted, characters of a text that is not there yet."""
    assert cost(name, step_type, {}, text) is None


@pytest.mark.parametrize("amount", [None, -1.0, float("nan"), float("inf")])
def test_nonsense_is_no_price(amount: float | None) -> None:
    """Unknown, never 0."""
    assert estimate(priced({"amount": amount, "per": "image"}), {}) is None


def test_an_unknown_unit_is_no_price() -> None:
    """A new unit must not be taken for another one."""
    assert estimate(priced({"amount": 1.0, "per": "fortnight"}), {}) is None


@pytest.mark.parametrize("model", catalogue().models(), ids=lambda m: f"{m.key}-{m.type}")
def test_every_model_has_an_estimate_or_none(model: Model) -> None:
    """Estimates are positive (the embedded provider's 0 is known), and grow with the number of pictures."""
    one = estimate(model, {}, "a text")
    assert one is None or one > 0 or model.provider == "local"
    several = estimate(model, {"num_images": 3}, "a text")
    assert (one is None) == (several is None)
    assert one is None or (several is not None and several >= one)
