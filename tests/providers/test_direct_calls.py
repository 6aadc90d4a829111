"""What holds for all adapters of services with one call."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.catalogue.models import catalogue
from acp_action.errors import FatalError
from acp_action.providers.account import Account
from acp_action.providers.elevenlabs import ElevenLabsProvider
from acp_action.providers.elevenlabs import messages as elevenlabs
from acp_action.providers.gemini import GeminiProvider
from acp_action.providers.openai import OpenAIProvider
from acp_action.providers.openai import messages as openai
from acp_action.providers.openrouter import OpenRouterProvider
from acp_action.providers.openrouter import messages as openrouter
from tests.providers.calling import requested
from tests.providers.making import ManualToken

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Provider
    from acp_action.providers.remote import Remote

ADAPTERS: dict[str, type[Remote]] = {
    "gemini": GeminiProvider,
    "openrouter": OpenRouterProvider,
    "elevenlabs": ElevenLabsProvider,
    "openai": OpenAIProvider,
}
MODELS = [m for m in catalogue().models() if m.provider in ADAPTERS]
KEYS = ("choices", "message", "content", "finish_reason", "error", "code", "metadata", "usage", "cost",
        "data", "b64_json", "url", "detail", "status", "msg", "reasons")  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["stop", "error", "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", ADAPTERS)
def test_it_is_a_provider(name: str) -> None:
    """It satisfies the protocol that the engine knows, under the name that the catalogue has."""
    provider: Provider = ADAPTERS[name](Account(name))
    assert provider.name == name


@pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{m.key}-{m.type}")
def test_a_plain_step_has_nothing_to_complain_of(model: Model) -> None:
    """Every model of the catalogue can be asked with a text alone, or with an image as well."""
    text = {"text_to_speech": "text"}.get(model.type, "prompt")
    params: dict[str, Any] = {text: "x"}
    assert [*ADAPTERS[model.provider](Account("x")).check(model.type, model, params, preview=False)] == []


def test_importing_them_loads_nothing_heavy() -> None:
    """Checks and plans are made without the weight of what talks, draws and decodes."""
    code = (
        "import sys\n"
        "from acp_action.providers import elevenlabs, gemini, openai, openrouter\n"
        "heavy = {'requests', 'urllib3', 'http', 'ssl', 'PIL', 'av', 'tenacity'}\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(json_values)
def test_any_json_is_read_without_a_fall(told: Any) -> None:
    """What a service sends cannot bring a reader down; costs are numbers, or nothing."""
    words = {"text", "encoded", "url", "refused", "failed"}
    for result in (openrouter.result_of(told), openai.result_of(told)):
        assert result is None or words & result.keys()
    fault = openrouter.fault_of(told)
    assert fault is None or isinstance(fault.code, int)
    cost = openrouter.cost_of(told)
    assert cost is None or cost >= 0
    assert isinstance(openai.code_of(told) + elevenlabs.message_of(told) + elevenlabs.status_of(told), str)


@pytest.mark.parametrize("name", ["gemini", "openrouter", "openai"])
def test_a_model_that_a_template_brought_in_is_checked_too(tmp_path: Path, name: str) -> None:
    """No check of the file could see it; it orders nothing."""
    key = {"gemini": "gemini_image", "openrouter": "openrouter_chat", "openai": "openai_image"}[name]
    step_type = next(m.type for m in MODELS if m.key == key)
    request = requested(tmp_path, step_type, "x", model=key)._replace(params={"model": "../../v1/files"})
    with pytest.raises(FatalError, match=r"params\.model: '\.\./\.\./v1/files' can be no model"):
        ADAPTERS[name](Account(name)).run(request, ManualToken())


@pytest.mark.parametrize("name", ["gemini", "openrouter"])
def test_another_model_has_no_known_price(name: str) -> None:
    """The catalogue's price is that of the catalogue's model."""
    model = next(m for m in MODELS if m.provider == name and m.price)
    provider = ADAPTERS[name](Account(name))
    assert provider.estimated_cost(model.type, model, {}, "x") == model.price
    other = {"gemini": "gemini-3.8-flash", "openrouter": "a/b"}[name]
    assert provider.estimated_cost(model.type, model, {"model": other}, "x") is None
