"""Keys and addresses come from the trusted side alone, and are hidden before they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action import AIPipelineManager, ConfigError, UsageError
from acp_action.api.accounts import open_accounts
from acp_action.providers.keys import account_of
from acp_action.redaction import redact

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.account import Account

KEY = "kid:ksecret-for-tests"
STEP = {"name": "a", "type": "text_to_image", "model": "flux_dev", "params": {"prompt": "a cat"}}


def account(provider: str, environ: dict[str, str], keys: dict[str, str] | None = None) -> Account:
    """The account that a provider is handed."""
    found = account_of(open_accounts(environ, keys)[provider])
    assert found is not None
    return found


def test_an_argument_wins_over_the_environment() -> None:
    """A key given to the API is used, whatever variables say; the others are still read from them."""
    environ = {"FAL_KEY": "environment-for-tests", "OPENAI_API_KEY": "openai-for-tests"}
    assert account("fal", environ, {"fal": KEY}).key == KEY
    assert account("openai", environ, {"fal": KEY}).key == "openai-for-tests"
    assert account("fal", environ).key == "environment-for-tests"


def test_keys_are_hidden_from_then_on() -> None:
    """Whatever text leaves afterwards shows none of them, nor a half of one."""
    open_accounts({"FAL_KEY_ID": "kid-for-tests", "FAL_KEY_SECRET": "half-for-tests"}, {"openai": KEY})
    shown = redact(f"Key kid-for-tests:half-for-tests half-for-tests {KEY}")
    assert shown == "Key ***:*** *** ***"


def test_all_that_is_wrong_with_the_argument_is_told(in_tmp: Path) -> None:
    """Each by its name, with the nearest one, and no key is shown."""
    takers = "fal, gemini, elevenlabs, openrouter, replicate, openai"
    keys = {"flal": KEY, "local": KEY, "openai": f"{KEY}\n"}
    with pytest.raises(UsageError) as caught:
        AIPipelineManager(keys=keys)
    assert str(caught.value).splitlines() == [
        "keys: there is no provider 'flal' that takes a key; did you mean 'fal'?",
        f"keys: there is no provider 'local' that takes a key; give one of {takers}",
        "keys['openai']: white space or quotes stand around the key; take them off",
    ]


def test_a_faulty_variable_stops_only_who_needs_it(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first call, and not where the provider is not used."""
    monkeypatch.setenv("FAL_KEY", "short")
    with pytest.raises(UsageError, match="FAL_KEY: the key has fewer than 8 characters"):
        AIPipelineManager().run_pipeline({"steps": [STEP]})
    assert AIPipelineManager(provider="local").run_pipeline({"steps": [STEP]}).success


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "https://evil.example"},
        {"settings": {"base_url": "https://evil.example"}},
        {"settings": {"ACP_FAL_BASE_URL": "https://evil.example"}},
        {"settings": {"allow_http": True}},
        {"settings": {"proxy": "http://evil.example"}},
        {"settings": {"provider": "evil.module:Provider"}},
        {"steps": [{**STEP, "base_url": "https://evil.example"}]},
        {"steps": [{**STEP, "headers": {"X-Evil": "1"}}]},
        {"steps": [{**STEP, "provider": "evil.module:Provider"}]},
        {"steps": [{**STEP, "model": "https://evil.example/model"}]},
    ],
)
def test_no_pipeline_file_changes_where_keys_go(changed: dict[str, object], in_tmp: Path) -> None:
    """S29: addresses, headers, proxies and adapters are no settings of a file; the file is refused."""
    with pytest.raises(ConfigError):
        AIPipelineManager(keys={"fal": KEY}).run_pipeline({"steps": [STEP], **changed})
