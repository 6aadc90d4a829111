"""The real adapters, opened by variables alone, against simulated services on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from acp_action import AIPipelineManager
from acp_action.api.accounts import open_accounts
from acp_action.api.doctor import examine
from acp_action.providers.registry import REGISTRY
from tests.simulators.elevenlabs import ElevenLabsSimulator
from tests.simulators.fal import FalSimulator
from tests.simulators.gemini import GeminiSimulator
from tests.simulators.openai import OpenAISimulator
from tests.simulators.openrouter import OpenRouterSimulator
from tests.simulators.replicate import ReplicateSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acp_action.report.diagnosis import Finding
    from tests.simulators.core import Simulator

KINDS: tuple[type[Simulator], ...] = (
    FalSimulator, GeminiSimulator, ElevenLabsSimulator, OpenRouterSimulator, ReplicateSimulator,
    OpenAISimulator,
)  # fmt: skip


STEPS = [
    {"name": "car", "type": "text_to_image", "model": "flux_schnell", "params": {"prompt": "{{input}}"}},
    {"name": "said", "type": "analyze_image", "model": "gemini_describe", "input_from": "car"},
]


@pytest.fixture
def services() -> Iterator[list[Simulator]]:
    """Every service, simulated."""
    with ExitStack() as stack:
        yield [stack.enter_context(kind(speed=100)) for kind in KINDS]


def found(environ: dict[str, str]) -> dict[str, Finding]:
    """What the doctor finds of the providers."""
    findings = examine(open_accounts(environ))
    return {finding.name: finding for finding in findings if finding.area == "Providers"}


def variables(services: list[Simulator]) -> dict[str, str]:
    """Everything that points the product at these services."""
    return {name: value for service in services for name, value in service.environment().items()}


def test_every_service_takes_a_good_key_and_bills_nothing(services: list[Simulator], in_tmp: Path) -> None:
    """One question at each address that a variable names, and nothing in any ledger; fal has two."""
    findings = found(variables(services))
    assert {name: finding.state for name, finding in findings.items()} == {
        entry.name: "ok" for entry in REGISTRY.values() if entry.keys
    }, findings
    asked = {service.provider: len(service.requests) for service in services}
    assert asked == {**dict.fromkeys(asked, 1), "fal": 2}
    assert [service.ledger.bills for service in services] == [[]] * len(services)


def test_variables_alone_lead_a_run_to_its_services(
    services: list[Simulator], in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline over two services: real files, one order a step, and no key in anything that is written."""
    environ = {**variables(services), "ACP_ALLOW_PRIVATE_MEDIA": "1"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    results = AIPipelineManager(output_dir="out").run_pipeline({"steps": STEPS}, "a red car")
    assert results.success, [step.error for step in results]
    billed = {service.provider: len(service.ledger.bills) for service in services if service.ledger.bills}
    assert billed == {"fal": 1, "gemini": 1}
    written = b"".join(path.read_bytes() for path in in_tmp.rglob("*") if path.is_file())
    keys = {service.key for service in services}
    assert [key for key in keys if key.encode() in written] == []


def test_every_service_refuses_a_wrong_key(services: list[Simulator], in_tmp: Path) -> None:
    """Each is told as a key that is refused, with its variable, and without the key."""
    keys = {name for entry in REGISTRY.values() for way in entry.keys for name in way}
    wrong = {n: "wrong-key-for-tests" if n in keys else v for n, v in variables(services).items()}
    for name, finding in found(wrong).items():
        assert (finding.state, finding.about_key) == ("fail", True), finding
        assert REGISTRY[name].variable in finding.what
        assert "wrong-key" not in finding.what
