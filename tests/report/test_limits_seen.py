"""Limits of providers as a run shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acp_action.catalogue.limits import UsualLimits
from acp_action.engine.simulation import Circumstances, simulate_run
from acp_action.report.limits_seen import Seen, limits_seen
from acp_action.report.summarise import summarise
from tests.plan.make import plan_text

if TYPE_CHECKING:
    from acp_action.report.model import RunReport

BATCH = "\n".join(
    [
        "steps:\n  - type: parallel_group\n    name: images\n    max_workers: 12\n    steps:",
        *(f"      - {{name: i{n}, type: text_to_image, params: {{prompt: a}}}}" for n in range(40)),
    ]
)


def report(limits: UsualLimits) -> RunReport:
    """Forty images at a provider with these limits."""
    world = Circumstances(limits={"fal": limits})
    return summarise(simulate_run(plan_text(BATCH), circumstances=world))


def seen(limits: UsualLimits) -> Seen:
    """What is seen of them."""
    return limits_seen(report(limits))["fal"]


@pytest.mark.parametrize(
    "limits",
    [
        UsualLimits(concurrency=3),
        UsualLimits(concurrency=3, queues=True),
        UsualLimits(requests=2, window=10.0, tells_wait=True),
        UsualLimits(requests=10, window=60.0, tells_wait=True),
    ],
)
def test_the_limit_that_was_met_is_found(limits: UsualLimits) -> None:
    """Refusals and queues tell how many at once, or how many in which time."""
    assert seen(limits).limits == limits._replace(spread=0.0, source="seen in this run")


def test_a_limit_that_was_not_met_is_not_invented() -> None:
    """Where nothing was refused or queued, there is only how many ran at once."""
    found = seen(UsualLimits())
    assert found.limits is None
    assert 1 < found.most <= 12


def test_limits_that_answers_told_of_are_known() -> None:
    """A provider that announces its limit need not refuse anything."""
    found = seen(UsualLimits(concurrency=4, announces=True))
    assert found.announced is not None
    assert found.announced.concurrency == 4


def test_nothing_is_said_of_the_embedded_provider_and_of_cached_steps() -> None:
    """What asks nobody shows nothing."""
    found = report(UsualLimits())
    at_home = replace(found, steps=tuple(replace(s, provider="local") for s in found.steps))
    cached = replace(found, steps=tuple(replace(s, status="cached") for s in found.steps))
    assert (limits_seen(at_home), limits_seen(cached)) == ({}, {})
