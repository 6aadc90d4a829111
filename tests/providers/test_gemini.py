"""Gemini's adapter against its simulator: what it sends, and what every bad answer comes to."""

from __future__ import annotations

import base64
import random
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from acp_action.errors import AccountClosed, DeadlineExpired, FatalError
from acp_action.providers.base import Source
from acp_action.providers.gemini import GeminiProvider, provider
from acp_action.providers.gemini.questions import QUESTIONS
from tests.providers.calling import COMMON, Attempt, an_account, attempted, faults_of_orders, requested
from tests.providers.making import ManualToken, a_picture, model_of
from tests.simulators.faults import edited, fault
from tests.simulators.gemini import GeminiSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulators.core import Simulator
    from tests.simulators.faults import Make
    from tests.simulators.wire import Call, Reply

IMAGE: dict[str, Any] = {"model": "gemini_image"}


@pytest.fixture(scope="module")
def running() -> Iterator[GeminiSimulator]:
    """One simulator for all tests here."""
    with GeminiSimulator(speed=100_000) as sim:
        yield sim


@pytest.fixture
def sim(running: GeminiSimulator) -> GeminiSimulator:
    """The simulator, with nothing scripted."""
    running.calm()
    return running


def looked(sim: GeminiSimulator, folder: Path, text: str | None = None, **more: Any) -> Attempt:
    """One attempt of an analysis of a small picture."""
    wanted = {"model": "gemini_describe", **more}
    request = requested(folder, "analyze_image", text, a_picture(folder / "a.png"), **wanted)
    return attempted(GeminiProvider(an_account(sim)), request)


def drawn(sim: GeminiSimulator, folder: Path, **more: Any) -> Attempt:
    """One attempt of a picture."""
    return attempted(
        GeminiProvider(an_account(sim)), requested(folder, "text_to_image", "a boat", **IMAGE, **more)
    )


OUTCOMES = {
    **COMMON,
    **dict.fromkeys(("P3.spend", "P5.400"), ("AccountClosed", "withdrawn")),
    "P6.place": ("FatalError", "withdrawn"),
    **dict.fromkeys(
        ("P7.blocked", "P7.prohibited", "P7.safety", "P7.recitation", "P7.image"),
        ("PolicyRefusal", "settled"),
    ),
    **dict.fromkeys(("P8.max_tokens", "P8.length", "P9.no_image"), ("FatalError", "settled")),
    **dict.fromkeys(("P8.inside", "P8.no_end", "P9.empty"), ("UnknownOutcome", "intended")),
    **dict.fromkeys(("P8.thoughts", "P13.missing", "P13.negative", "P13.nan"), ("made", "settled")),
    # These change pictures only.
    **dict.fromkeys(("P14.invalid", "P14.huge"), ("made", "settled")),
}


def test_every_fault_of_an_order_is_judged() -> None:
    """The table has every fault that the simulator knows, but for those that hang."""
    assert faults_of_orders(GeminiSimulator) == set(OUTCOMES)


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES.items())
def test_a_fault_has_its_outcome(
    sim: GeminiSimulator, tmp_path: Path, fault: str, outcome: tuple[str, str]
) -> None:
    """Each fault ends as it must; what may be paid for is open or settled on the trail, and never resent."""
    sim.script(fault)
    bills, orders = len(sim.ledger.entries), len(sim.calls("order"))
    attempt = looked(sim, tmp_path)
    assert (attempt.outcome, attempt.trail.words[-1]) == outcome
    assert len(sim.calls("order")) == orders + 1
    assert len(sim.ledger.entries) - bills == (1 if outcome[1] != "withdrawn" else 0)


@pytest.mark.parametrize("fault", ["P14.invalid", "P7.image", "P9.no_image"])
def test_a_picture_that_is_none_fails_and_is_not_ordered_again(
    sim: GeminiSimulator, tmp_path: Path, fault: str
) -> None:
    """It was paid for; the trail remembers why there is nothing."""
    sim.script(fault)
    request = requested(tmp_path, "text_to_image", "a boat", **IMAGE)
    first, orders = attempted(GeminiProvider(an_account(sim)), request), len(sim.calls("order"))
    again = attempted(GeminiProvider(an_account(sim)), request)
    assert first.error is not None
    assert (str(again.error), type(again.error), len(sim.calls("order"))) == (
        str(first.error),
        type(first.error),
        orders,
    )


def test_a_picture_is_drawn_in_its_shape(sim: GeminiSimulator, tmp_path: Path) -> None:
    """The aspect ratio goes to the service; the file is what came, verified."""
    product = drawn(sim, tmp_path, aspect_ratio="16:9", seed=4).sound
    body = sim.calls("order")[-1].json()
    assert body["generationConfig"] == {
        "seed": 4, "responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}
    }  # fmt: skip
    with Image.open(product.files[0].path) as picture:
        assert picture.width / picture.height == pytest.approx(16 / 9, rel=0.02)
    assert (product.kind, product.cost, product.seed) == ("image", None, 4)


def test_a_picture_is_changed(sim: GeminiSimulator, tmp_path: Path) -> None:
    """The picture goes along with the prompt."""
    request = requested(
        tmp_path, "image_to_image", "more light", a_picture(tmp_path / "a.png"), model="gemini_image_edit"
    )
    product = attempted(GeminiProvider(an_account(sim)), request).sound
    parts = sim.calls("order")[-1].json()["contents"][0]["parts"]
    assert [*map(list, parts)] == [["text"], ["inlineData"]]
    assert product.files[0].facts["format"] == "PNG"


@pytest.mark.parametrize("style", QUESTIONS)
def test_each_style_asks_its_question(sim: GeminiSimulator, tmp_path: Path, style: str) -> None:
    """Seven models, seven questions; the key goes in a header, the model's living id into the address."""
    product = looked(sim, tmp_path, model=f"gemini_{style}").sound
    call = sim.calls("order")[-1]
    asked, picture = call.json()["contents"][0]["parts"]
    assert call.path == "/v1beta/models/gemini-2.5-flash-lite:generateContent"
    assert call.headers["x-goog-api-key"] == sim.key
    assert asked == {"text": QUESTIONS[style]}
    assert base64.b64decode(picture["inlineData"]["data"]) == (tmp_path / "a.png").read_bytes()
    assert product.text is not None
    assert product.text.startswith("An answer to:")


def test_settings_go_to_the_service(sim: GeminiSimulator, tmp_path: Path) -> None:
    """By their short names, or as the service writes them."""
    schema = {"type": "OBJECT", "properties": {"label": {"type": "STRING"}}}
    looked(sim, tmp_path, "Which?", temperature=0.5, seed=7, maxOutputTokens=900,
           generationConfig={"responseMimeType": "application/json", "responseSchema": schema})  # fmt: skip
    assert sim.calls("order")[-1].json()["generationConfig"] == {
        "temperature": 0.5, "seed": 7, "maxOutputTokens": 900, "responseMimeType": "application/json",
        "responseSchema": schema,
    }  # fmt: skip


def test_an_answer_costs_what_the_catalogue_says(sim: GeminiSimulator, tmp_path: Path) -> None:
    """For the catalogue's model; of another one nobody here knows the price."""
    assert looked(sim, tmp_path).sound.cost == 0.001
    request = requested(tmp_path, "analyze_image", None, tmp_path / "a.png", model="gemini_describe")
    other = request._replace(params={"model": "gemini-3.8-flash"})
    assert attempted(GeminiProvider(an_account(sim)), other).sound.cost is None
    assert sim.calls("order")[-1].path.endswith("/gemini-3.8-flash:generateContent")


def test_large_pictures_are_uploaded_first(
    sim: GeminiSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into a request goes to the Files API; the order names it by its address."""
    noise = Image.frombytes("RGB", (64, 64), random.Random(1).randbytes(64 * 64 * 3))
    noise.save(tmp_path / "large.png")
    monkeypatch.setattr(provider, "INLINE_BYTES", 8000)
    request = requested(
        tmp_path,
        "analyze_image",
        None,
        a_picture(tmp_path / "a.png"),
        tmp_path / "large.png",
        model="gemini_describe",
    )
    attempted(GeminiProvider(an_account(sim)), request)
    kinds = [next(iter(part)) for part in sim.calls("order")[-1].json()["contents"][0]["parts"]]
    assert kinds == ["text", "inlineData", "fileData"]
    start, sent = sim.calls("upload")[-2:]
    assert start.headers["x-goog-upload-command"] == "start"
    assert sent.body == (tmp_path / "large.png").read_bytes()
    assert "large" not in start.body.decode()


@pytest.mark.parametrize("state", ["P10.failed", "P10.processing", "N5.state"])
def test_an_upload_that_gets_nowhere_orders_nothing(
    sim: GeminiSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """A file that fails, or is never ready, ends the attempt before money."""
    monkeypatch.setattr(provider, "INLINE_BYTES", 10)
    sim.script(state, times=1000)
    sim.script(fault("slow", "upload", "", _still_at_it), skip=1)
    orders = len(sim.calls("order"))
    request = requested(
        tmp_path, "analyze_image", None, a_picture(tmp_path / "a.png"), model="gemini_describe"
    )
    with pytest.raises((DeadlineExpired, FatalError)):
        GeminiProvider(an_account(sim)).run(request, Patient())
    assert len(sim.calls("order")) == orders


def _still_at_it(sim: Simulator, call: Call, make: Make) -> Reply:
    """The upload's last answer, for a file that is not ready."""
    return edited(make, lambda content: content["file"].update(state="PROCESSING"))


class Patient(ManualToken):
    """A token with a deadline in its own time."""

    def wait(self, seconds: float, what: str = "") -> None:
        """Until 20 s have passed."""
        super().wait(seconds, what)
        if self.time > 120:
            raise DeadlineExpired(f"no result, waiting for {what}")


def test_a_picture_at_an_address_is_fetched_without_the_key(sim: GeminiSimulator, tmp_path: Path) -> None:
    """Not every model of the service fetches addresses itself; its bytes go into the request."""
    content = a_picture(tmp_path / "a.png").read_bytes()
    item = sim.shelf.put("given", "png", lambda: content)
    source = Source("image", url=sim.shelf.address(item))
    request = requested(tmp_path, "analyze_image", None, model="gemini_describe")._replace(media=(source,))
    attempted(GeminiProvider(an_account(sim)), request)
    part = sim.calls("order")[-1].json()["contents"][0]["parts"][1]
    assert base64.b64decode(part["inlineData"]["data"]) == content
    assert "x-goog-api-key" not in sim.calls("media")[-1].headers


def test_day_and_minute_are_told_apart(sim: GeminiSimulator, tmp_path: Path) -> None:
    """The day's quota closes the account until midnight in California."""
    sim.script("P3.day")
    closed = looked(sim, tmp_path).error
    assert isinstance(closed, AccountClosed)
    assert closed.why == "day"
    assert closed.reopens_in is not None
    assert 0 < closed.reopens_in <= 86_400


def test_a_key_that_is_refused_names_its_variable(sim: GeminiSimulator, tmp_path: Path) -> None:
    """And never its value."""
    sim.script("P5.400")
    error = str(looked(sim, tmp_path).error)
    assert "check GEMINI_API_KEY" in error
    assert sim.key not in error


def test_names_that_are_no_models_are_told_before_money(sim: GeminiSimulator) -> None:
    """An id becomes part of an address."""
    model = model_of("analyze_image", "gemini_describe")
    found = GeminiProvider(an_account(sim)).check("analyze_image", model, {"model": "a/../b"}, preview=False)
    assert [c.what for c in found] == ["model: 'a/../b' can be no model of this service"]
