"""OpenAI's adapter against its simulator: what it sends, and what every bad answer comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from acp_action.errors import RateLimited
from acp_action.providers.base import Announced
from acp_action.providers.openai import OpenAIProvider
from tests.providers.calling import COMMON, Attempt, an_account, attempted, faults_of_orders, requested
from tests.providers.making import a_picture
from tests.simulators.forms import parts
from tests.simulators.limits import FixedWindow
from tests.simulators.openai import OpenAISimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAISimulator]:
    """One simulator for all tests here."""
    with OpenAISimulator(speed=100_000) as sim:
        yield sim


@pytest.fixture
def sim(running: OpenAISimulator) -> OpenAISimulator:
    """The simulator, with nothing scripted."""
    running.calm()
    return running


def drawn(sim: OpenAISimulator, folder: Path, *media: Path, **more: Any) -> Attempt:
    """One attempt of a picture, from a prompt or from pictures."""
    step_type, model = ("image_to_image", "openai_image_edit") if media else ("text_to_image", "openai_image")
    request = requested(folder, step_type, "a boat", *media, **{"model": model, **more})
    return attempted(OpenAIProvider(an_account(sim)), request)


OUTCOMES = {
    **COMMON,
    "P1.milliseconds": ("RateLimited", "withdrawn"),
    "P5.organisation": ("AccountClosed", "withdrawn"),
    "P7.blocked": ("PolicyRefusal", "withdrawn"),
    # The header says whether to ask again, not whether it was billed.
    **dict.fromkeys(("P8.retry", "P8.no_retry"), ("UnknownOutcome", "intended")),
    **dict.fromkeys(
        ("P9.fewer", "P9.empty", "P9.null", "P14.invalid", "P14.text", "P14.huge"), ("FatalError", "settled")
    ),
    **dict.fromkeys(("P13.missing", "P13.negative", "P13.nan"), ("made", "intended")),
}


def test_every_fault_of_an_order_is_judged() -> None:
    """The table has every fault that the simulator knows, but for those that hang."""
    assert faults_of_orders(OpenAISimulator) == set(OUTCOMES)


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES.items())
def test_a_fault_has_its_outcome(
    sim: OpenAISimulator, tmp_path: Path, fault: str, outcome: tuple[str, str]
) -> None:
    """Each fault ends as it must; what may be paid for is open or settled on the trail, and never resent."""
    sim.script(fault)
    bills, orders = len(sim.ledger.entries), len(sim.calls("order"))
    attempt = drawn(sim, tmp_path)
    assert (attempt.outcome, attempt.trail.words[-1]) == outcome
    assert len(sim.calls("order")) == orders + 1
    unbilled = outcome[1] == "withdrawn" or fault.startswith("P8.")
    assert len(sim.ledger.entries) - bills == (0 if unbilled else 1)


def test_a_picture_is_drawn_in_its_size(sim: OpenAISimulator, tmp_path: Path) -> None:
    """An aspect ratio becomes the nearest size; the format is as asked for; nothing unset is sent."""
    product = drawn(sim, tmp_path, aspect_ratio="16:9", output_format="jpeg", quality="low").sound
    assert sim.calls("order")[-1].json() == {
        "model": "gpt-image-2.5-flare", "prompt": "a boat", "n": 1, "size": "1536x1024",
        "output_format": "jpeg", "quality": "low",
    }  # fmt: skip
    with Image.open(product.files[0].path) as picture:
        assert (picture.format, picture.width > picture.height) == ("JPEG", True)
    assert (product.kind, product.cost) == ("image", None)


def test_a_picture_is_changed(sim: OpenAISimulator, tmp_path: Path) -> None:
    """A form with the picture; the name that it has on this machine is not told."""
    picture = a_picture(tmp_path / "secret name.png")
    product = drawn(sim, tmp_path, picture, quality="low").sound
    form = {part.name: part for part in parts(sim.calls("order")[-1])}
    assert {name: part.text for name, part in form.items() if name != "image"} == {
        "model": "gpt-image-2.5-flare", "prompt": "a boat", "n": "1", "quality": "low",
    }  # fmt: skip
    assert (form["image"].content, form["image"].file) == (picture.read_bytes(), "image_1.png")
    assert product.files[0].facts["format"] == "PNG"


def test_limits_that_are_told_are_handed_on(tmp_path: Path) -> None:
    """With the product, and with a refusal."""
    with OpenAISimulator(speed=100_000, limits=[FixedWindow(1, 60.0)]) as sim:
        made, refused = drawn(sim, tmp_path), drawn(sim, tmp_path)
    assert isinstance(made.sound.announced, Announced)
    assert made.sound.announced.remaining == 0
    assert isinstance(refused.error, RateLimited)
    assert refused.error.retry_after is not None
    assert refused.error.announced is not None


@pytest.mark.parametrize("kind", ["GIF", "BMP"])
def test_a_format_that_is_not_taken_is_told_before_money(
    sim: OpenAISimulator, tmp_path: Path, kind: str
) -> None:
    """The message names those that are."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.bin", kind)
    orders = len(sim.calls("order"))
    attempt = drawn(sim, tmp_path, tmp_path / "a.bin")
    assert "openai takes JPEG, PNG, WEBP: convert it first" in str(attempt.error)
    assert (attempt.trail.words, len(sim.calls("order"))) == ([], orders)
