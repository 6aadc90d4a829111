"""ElevenLabs' adapter against its simulator: what it sends, what bad answers come to, and cut sound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.errors import AccountClosed, RateLimited
from acp_action.providers.base import Announced
from acp_action.providers.elevenlabs import ElevenLabsProvider
from tests.providers.calling import COMMON, Attempt, an_account, attempted, faults_of_orders, requested
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.elevenlabs_shapes import VOICES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acp_action.providers.base import Request

TEXT = "The lighthouse keeper counted the waves."


@pytest.fixture(scope="module")
def running() -> Iterator[ElevenLabsSimulator]:
    """One simulator for all tests here."""
    with ElevenLabsSimulator(speed=100_000, concurrency=5) as sim:
        yield sim


@pytest.fixture
def sim(running: ElevenLabsSimulator) -> ElevenLabsSimulator:
    """The simulator, with nothing scripted."""
    running.calm()
    return running


def speech(folder: Path, text: str = TEXT, **more: Any) -> Request:
    """A request for speech."""
    return requested(folder, "text_to_speech", text, **more)


def spoken(sim: ElevenLabsSimulator, folder: Path, text: str = TEXT, **more: Any) -> Attempt:
    """One attempt of speech."""
    return attempted(ElevenLabsProvider(an_account(sim)), speech(folder, text, **more))


_FETCHED = (
    "N3.cut",
    "N3.cut_after_id",
    "N3.short",
    "N3.empty",
    "N7.short",
    "N7.chunked",
    "N8.early",
    "N9.gzip",
    "N9.cut",
    "N13.empty",
    "N13.magic",
    "N13.half",
)
_LIMITED = [
    name for name, outcome in COMMON.items() if outcome[0] == "RateLimited" and name != "P3.concurrency"
]
OUTCOMES = {
    **{name: outcome for name, outcome in COMMON.items() if name != "N3.no_id"},
    # What broke off is in the history.
    **dict.fromkeys(_FETCHED, ("made", "accepted")),
    # There is no limit on the pace: it is the service that is busy.
    **dict.fromkeys(_LIMITED, ("TransientError", "withdrawn")),
    **dict.fromkeys(("N13.html", "N13.json"), ("UnknownOutcome", "intended")),
    **dict.fromkeys(("P4.402", "P5.unusual", "P5.permission"), ("AccountClosed", "withdrawn")),
    **dict.fromkeys(("P6.voice", "P6.string", "P6.list"), ("FatalError", "withdrawn")),
    "P7.policy": ("PolicyRefusal", "withdrawn"),
    **dict.fromkeys(
        ("P13.missing", "P13.negative", "P13.nan", "P14.invalid", "P14.huge"), ("made", "accepted")
    ),
}


def test_every_fault_of_an_order_is_judged() -> None:
    """The table has every fault that the simulator knows, but for those that hang or need JSON."""
    assert faults_of_orders(ElevenLabsSimulator) - {"N3.no_id"} == set(OUTCOMES)


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES.items())
def test_a_fault_has_its_outcome(
    sim: ElevenLabsSimulator, tmp_path: Path, fault: str, outcome: tuple[str, str]
) -> None:
    """Each fault ends as it must; what may be paid for is open on the trail, and never resent."""
    sim.script(fault, when="order")
    bills, orders = len(sim.ledger.entries), len(sim.calls("order"))
    attempt = spoken(sim, tmp_path)
    assert (attempt.outcome, attempt.trail.words[-1]) == outcome
    assert len(sim.calls("order")) == orders + 1
    unbilled = outcome[1] == "withdrawn" or fault in ("N13.html", "N13.json")
    assert len(sim.ledger.entries) - bills == (0 if unbilled else 1)


@pytest.mark.parametrize("fault", ["N7.short", "N8.early"])
def test_sound_that_broke_off_is_the_same_in_the_end(
    sim: ElevenLabsSimulator, tmp_path: Path, fault: str
) -> None:
    """It is fetched from the history, whole, and not ordered again."""
    whole = spoken(sim, tmp_path).sound.files[0].path.read_bytes()
    sim.script(fault, when="order")
    again = spoken(sim, tmp_path).sound
    assert again.files[0].path.read_bytes() == whole
    assert again.cost == pytest.approx(len(TEXT) * 0.00003)
    assert [call.kind for call in sim.requests[-2:]] == ["order", "audio"]


def test_sound_that_cannot_be_fetched_yet_is_fetched_later(sim: ElevenLabsSimulator, tmp_path: Path) -> None:
    """The attempt fails in doubt; the next one begins at the history, by the id on the trail."""
    sim.script("N7.short", when="order")
    sim.script("N5.404", when="audio")
    request, provider = speech(tmp_path), ElevenLabsProvider(an_account(sim))
    first, orders = attempted(provider, request), len(sim.calls("order"))
    assert first.outcome == "UnknownOutcome"
    assert attempted(provider, request).outcome == "made"
    assert len(sim.calls("order")) == orders


def test_sound_that_is_not_in_the_history_stays_in_doubt(sim: ElevenLabsSimulator, tmp_path: Path) -> None:
    """It was billed, so nothing is ordered anew by itself."""
    sim.script("N7.short", when="order")
    sim.script("N5.404", when="audio", times=math.inf)
    request, provider = speech(tmp_path), ElevenLabsProvider(an_account(sim))
    attempted(provider, request)
    again, orders = attempted(provider, request), len(sim.calls("order"))
    assert again.outcome == "UnknownOutcome"
    assert "is billed, but is not in the account's history" in str(again.error)
    assert len(sim.calls("order")) == orders


def test_speech_is_ordered_with_its_settings(sim: ElevenLabsSimulator, tmp_path: Path) -> None:
    """The format in the address, the rest in the body, settings of the voice in their object."""
    product = spoken(sim, tmp_path, model="elevenlabs_turbo", voice="Bella", stability=0.4, speed=1.1, seed=7,
                     previous_text="before", output_format="pcm_16000").sound  # fmt: skip
    call = sim.calls("order")[-1]
    assert call.path == "/v1/text-to-speech/EXAVITQu4vr4xnSDxMaL"
    assert (call.query, call.headers["xi-api-key"]) == ({"output_format": "pcm_16000"}, sim.key)
    assert call.json() == {
        "text": TEXT, "model_id": "eleven_turbo_v2_5", "seed": 7, "previous_text": "before",
        "voice_settings": {"stability": 0.4, "speed": 1.1},
    }  # fmt: skip
    assert (product.files[0].path.suffix, product.seed) == (".wav", 7)
    assert product.files[0].facts["sample_rate"] == 16_000


def test_the_plain_order_has_the_default_voice(sim: ElevenLabsSimulator, tmp_path: Path) -> None:
    """And the default format; nothing that is not set is sent."""
    product = spoken(sim, tmp_path).sound
    call = sim.calls("order")[-1]
    assert call.path.endswith("/21m00Tcm4TlvDq8ikWAM")
    assert call.json() == {"text": TEXT, "model_id": "eleven_multilingual_v2"}
    assert (product.kind, product.files[0].path.suffix) == ("audio", ".mp3")


def test_speech_costs_what_is_billed(sim: ElevenLabsSimulator, tmp_path: Path) -> None:
    """The characters that the service counted, at the catalogue's price; the limit it told comes along."""
    product = spoken(sim, tmp_path).sound
    assert product.cost == pytest.approx(len(TEXT) * 0.00003)
    assert product.announced == Announced(concurrency=5)


@pytest.mark.parametrize("fault", ["P13.missing", "P13.negative", "P13.nan"])
def test_a_cost_that_is_not_told_is_unknown(sim: ElevenLabsSimulator, tmp_path: Path, fault: str) -> None:
    """It is never taken for nothing."""
    sim.script(fault)
    assert spoken(sim, tmp_path).sound.cost is None


def test_a_voice_by_name_is_looked_for_once(
    sim: ElevenLabsSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is ordered; a name that is not there orders nothing."""
    monkeypatch.setitem(VOICES, "JBFqnCBsd6RMkjVDRZzb", "George")
    provider, looked = ElevenLabsProvider(an_account(sim)), len(sim.calls("voices"))
    found = [attempted(provider, speech(tmp_path, voice="george")).outcome for _ in range(2)]
    assert (found, len(sim.calls("voices"))) == (["made", "made"], looked + 1)
    missing = attempted(provider, speech(tmp_path, voice="Nobody at all"))
    assert (missing.outcome, missing.trail.words) == ("FatalError", [])


def test_too_many_at_once_is_a_limit_on_concurrency(sim: ElevenLabsSimulator, tmp_path: Path) -> None:
    """With the number that the plan allows, for the throttle."""
    sim.script("P3.concurrency")
    error = spoken(sim, tmp_path).error
    assert isinstance(error, RateLimited)
    assert (error.kind, error.announced) == ("concurrency", Announced(concurrency=5))


def test_used_up_characters_close_the_account(tmp_path: Path) -> None:
    """No waiting helps against that."""
    with ElevenLabsSimulator(speed=100_000, quota=10) as sim:
        error = spoken(sim, tmp_path).error
    assert isinstance(error, AccountClosed)
    assert error.why == "credit"


@pytest.mark.parametrize("model", ["elevenlabs", "elevenlabs_turbo", "elevenlabs_v3"])
def test_every_model_speaks(sim: ElevenLabsSimulator, tmp_path: Path, model: str) -> None:
    """By the id that the service has for it."""
    assert spoken(sim, tmp_path, model=model).outcome == "made"
