"""OpenRouter's adapter against its simulator: what it sends, and what every bad answer comes to."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.catalogue.models import catalogue
from acp_action.errors import AccountClosed, RateLimited
from acp_action.providers.account import Account
from acp_action.providers.base import Source
from acp_action.providers.openrouter import OpenRouterProvider
from acp_action.providers.openrouter.rules import OpenRouterRules
from acp_action.providers.wire.answer import Answer
from tests.providers.calling import COMMON, Attempt, an_account, attempted, faults_of_orders, requested
from tests.providers.making import a_picture, model_of
from tests.simulators.openrouter import OpenRouterSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "openrouter_video_prompt"


@pytest.fixture(scope="module")
def running() -> Iterator[OpenRouterSimulator]:
    """One simulator for all tests here."""
    with OpenRouterSimulator(speed=100_000) as sim:
        yield sim


@pytest.fixture
def sim(running: OpenRouterSimulator) -> OpenRouterSimulator:
    """The simulator, with nothing scripted."""
    running.calm()
    return running


def chat(sim: OpenRouterSimulator, folder: Path, text: str = "hello", **more: Any) -> Attempt:
    """One attempt of a chat."""
    wanted = {"model": "openrouter_chat", **more}
    return attempted(
        OpenRouterProvider(an_account(sim)), requested(folder, "generate_prompt", text, **wanted)
    )


def billed(sim: OpenRouterSimulator, before: int) -> int:
    """How many bills there are beyond ``before``."""
    return len(sim.ledger.entries) - before


# What each fault of an order comes to, and what it leaves on the trail.
OUTCOMES = {
    **COMMON,
    **dict.fromkeys(("N2.524", "P8.no_end", "P9.empty"), ("UnknownOutcome", "intended")),
    **dict.fromkeys(("P3.upstream", "P8.inside_429"), ("RateLimited", "withdrawn")),
    **dict.fromkeys(("P3.529", "P8.inside_502"), ("TransientError", "withdrawn")),
    **dict.fromkeys(("P4.wait", "P8.inside_402"), ("AccountClosed", "withdrawn")),
    "P7.flagged": ("PolicyRefusal", "withdrawn"),
    **dict.fromkeys(("P7.filtered", "P7.refusal"), ("PolicyRefusal", "settled")),
    **dict.fromkeys(("P8.half", "P8.length", "P9.null"), ("FatalError", "settled")),
    **dict.fromkeys(("P13.missing", "P13.no_cost", "P13.negative", "P13.nan"), ("made", "settled")),
}


def test_every_fault_of_an_order_is_judged() -> None:
    """The table has every fault that the simulator knows, but for those that hang."""
    assert faults_of_orders(OpenRouterSimulator) == set(OUTCOMES)


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES.items())
def test_a_fault_has_its_outcome(
    sim: OpenRouterSimulator, tmp_path: Path, fault: str, outcome: tuple[str, str]
) -> None:
    """Each fault ends as it must; what may be paid for is open or settled on the trail, and never resent."""
    sim.script(fault)
    bills, orders = len(sim.ledger.entries), len(sim.calls("order"))
    attempt = chat(sim, tmp_path)
    assert (attempt.outcome, attempt.trail.words[-1]) == outcome
    assert len(sim.calls("order")) == orders + 1
    assert billed(sim, bills) == (1 if outcome[1] != "withdrawn" else 0)


@pytest.mark.parametrize("fault", ["P7.refusal", "P8.length", "P9.null"])
def test_what_was_paid_for_in_vain_is_not_ordered_again(
    sim: OpenRouterSimulator, tmp_path: Path, fault: str
) -> None:
    """A second attempt, or a later run, says the same without asking."""
    sim.script(fault)
    provider = OpenRouterProvider(an_account(sim))
    request = requested(tmp_path, "generate_prompt", "hello", model="openrouter_chat")
    first, orders = attempted(provider, request), len(sim.calls("order"))
    again = attempted(provider, request)
    assert (str(again.error), len(sim.calls("order"))) == (str(first.error), orders)


@pytest.mark.parametrize("fault", ["P13.missing", "P13.no_cost", "P13.negative", "P13.nan"])
def test_a_cost_that_is_not_told_is_unknown(sim: OpenRouterSimulator, tmp_path: Path, fault: str) -> None:
    """It is never taken for nothing."""
    sim.script(fault)
    assert chat(sim, tmp_path).sound.cost is None


def test_the_cost_is_the_one_that_is_told(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """To the last digit; and the trail keeps it."""
    attempt = chat(sim, tmp_path)
    assert attempt.sound.cost == sim.ledger.entries[-1].price
    assert attempt.trail.result is not None
    assert attempt.trail.result["cost"] == attempt.sound.cost


def test_an_answer_on_the_trail_is_used(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """What an earlier run was answered is not asked for again."""
    request = requested(tmp_path, "generate_prompt", "hello", model="openrouter_chat")
    provider = OpenRouterProvider(an_account(sim))
    first, orders = attempted(provider, request), len(sim.calls("order"))
    again = attempted(provider, request)
    assert (again.sound.text, again.sound.cost) == (first.sound.text, first.sound.cost)
    assert len(sim.calls("order")) == orders


def test_a_truncated_text_is_no_result(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """It is a failure that says how to mend it, with the beginning of the text."""
    attempt = chat(sim, tmp_path, "say something long", max_tokens=2)
    assert attempt.outcome == "FatalError"
    assert "raise params.max_tokens; it begins: An" in str(attempt.error)


def test_credit_and_pace_are_told_apart(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """An empty account closes it; a limit is waited for as long as the body says."""
    sim.script("P4.credit")
    sim.script("P2.body")
    closed, limited = chat(sim, tmp_path).error, chat(sim, tmp_path).error
    assert isinstance(closed, AccountClosed)
    assert isinstance(limited, RateLimited)
    assert (closed.why, limited.kind) == ("credit", "pace")
    assert limited.retry_after == pytest.approx(2, abs=0.5)


def test_a_prompt_is_asked_for_with_image_style_and_length(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """Style and length are words to the model; the image goes along as data; the text is the wish."""
    picture = a_picture(tmp_path / "a.png")
    request = requested(tmp_path, "generate_prompt", "a boat leaves", picture, model=MODEL, style="dramatic",
                        length="short", temperature=0.5, seed=3)  # fmt: skip
    product = attempted(OpenRouterProvider(an_account(sim)), request).sound
    body = sim.calls("order")[-1].json()
    system, user = body.pop("messages")
    assert "Write it with tension" in system["content"]
    assert "one sentence of at most 25 words" in system["content"]
    assert user["content"][0]["text"].endswith("The video shall show this: a boat leaves")
    assert base64.b64decode(user["content"][1]["image_url"]["url"].partition(",")[2]) == picture.read_bytes()
    assert body == {
        "model": "google/gemini-2.5-flash-lite",
        "max_tokens": 4000,
        "temperature": 0.5,
        "seed": 3,
    }
    assert (product.kind, product.seed) == ("text", 3)


def test_requests_say_who_we_are(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """The key as a bearer, and the title of the project."""
    chat(sim, tmp_path)
    headers = sim.calls("order")[-1].headers
    assert (headers["authorization"], headers["x-title"]) == (f"Bearer {sim.key}", "acp-action")


def test_another_model_can_be_named(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """Within a step's own type; the name has to look like one of theirs."""
    provider = OpenRouterProvider(an_account(sim))
    model = model_of("generate_prompt", "openrouter_chat")
    wrong = list(
        provider.check("generate_prompt", model, {"prompt": "x", "model": "../credits"}, preview=False)
    )
    assert [c.what for c in wrong] == ["model: '../credits' can be no model of this service"]
    assert chat(sim, tmp_path).sound.notes["version"] == "google/gemini-2.5-flash-lite"


@pytest.mark.parametrize("style", ["cinematic", "realistic", "artistic", "dramatic"])
def test_each_prompt_model_has_its_style(sim: OpenRouterSimulator, tmp_path: Path, style: str) -> None:
    """``openrouter_video_<style>`` writes in that style where the step says nothing."""
    request = requested(tmp_path, "generate_prompt", None, a_picture(tmp_path / "a.png"),
                        model=f"openrouter_video_{style}")  # fmt: skip
    attempted(OpenRouterProvider(an_account(sim)), request)
    said = sim.calls("order")[-1].json()["messages"][0]["content"]
    manner = {"cinematic": "film", "realistic": "really", "artistic": "art", "dramatic": "tension"}[style]
    assert manner in said


@pytest.mark.parametrize(
    ("status", "metadata", "outcome"),
    [
        (402, {"limit_source": "openrouter_in_flight_budget"}, ("RateLimited", "concurrency")),
        (402, {"limit_source": "openrouter_credits"}, None),
        (403, {"limit_source": "openrouter_key_limit"}, ("AccountClosed", "credit")),
        (403, {}, None),
        (403, {"reasons": ["violence"]}, ("PolicyRefusal", "")),
    ],
)
def test_budgets_are_told_apart(status: int, metadata: dict[str, Any], outcome: Any) -> None:
    """What is in flight may fill a budget for a moment; a key's own budget is spent for long."""
    body = json.dumps({"error": {"code": status, "message": "no", "metadata": metadata}}).encode()
    error = OpenRouterRules(Account("openrouter")).explain(Answer(status, {}, body, "https://example.com"))
    told = error and (type(error).__name__, getattr(error, "kind", getattr(error, "why", "")))
    assert told == outcome


def test_a_picture_at_an_address_is_named_by_it(sim: OpenRouterSimulator, tmp_path: Path) -> None:
    """The service fetches it itself."""
    source = Source("image", url="https://example.com/a.png")
    request = requested(tmp_path, "generate_prompt", "look", model="openrouter_chat")
    attempted(OpenRouterProvider(an_account(sim)), request._replace(media=(source,)))
    part = sim.calls("order")[-1].json()["messages"][-1]["content"][1]
    assert part["image_url"]["url"] == "https://example.com/a.png"


def test_models_have_lanes_of_their_own() -> None:
    """Limits are those of the model behind."""
    provider = OpenRouterProvider(Account("openrouter"))
    assert provider.lane(catalogue().default_model("generate_prompt")) == "google/gemini-2.5-flash-lite"
