"""A run played again from its report: the same graph, the same limits, the same time."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.catalogue.limits import UsualLimits
from acp_action.engine.replay import replay
from acp_action.engine.simulation import Circumstances, simulate_run
from acp_action.providers.accounts import read_accounts
from acp_action.providers.registry import adapters
from acp_action.report.model import RunReport
from acp_action.report.recorded import recorded
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.plan.make import plan_text

if TYPE_CHECKING:
    from acp_action.engine.result import RunResult
    from acp_action.plan.model import Plan

KINDS = (
    "type: text_to_image, params: {prompt: a}",
    "type: text_to_image, model: gpt_image_1_5, params: {prompt: a}",
    "type: text_to_speech, params: {text: a}",
    "type: text_to_image, model: nano_banana_2, params: {prompt: a}",
)
PROVIDERS = adapters(read_accounts({}))


def any_pipeline(chance: random.Random) -> str:
    """Steps and groups of four providers."""
    schedule = chance.choice(("ordered", "dataflow"))
    delay = chance.choice((0, 0, 1))
    head = (
        f"settings: {{schedule: {schedule}, max_workers: {chance.randint(1, 6)}, rate_limit_delay: {delay}}}"
    )
    lines, count = ["name: Any", head, "steps:"], 0
    for entry in range(chance.randint(1, 4)):
        members, indent = 1, "  "
        if chance.random() < 0.6:
            members, indent = chance.randint(1, 12), "      "
            lines.append(
                f"  - type: parallel_group\n    name: g{entry}\n    max_workers: {chance.randint(1, 8)}"
            )
            lines.append("    steps:")
        for _ in range(members):
            lines.append(f"{indent}- {{name: s{count}, {chance.choice(KINDS)}}}")
            count += 1
    return "\n".join(lines)


def any_limits(chance: random.Random) -> dict[str, UsualLimits]:
    """Queues, too many at once, too many in a window, with and without a word on how long to wait."""
    return {
        "fal": UsualLimits(concurrency=chance.randint(1, 5), queues=chance.random() < 0.5),
        "openai": UsualLimits(
            requests=chance.randint(1, 8), window=chance.choice((1.0, 10.0, 60.0)), tells_wait=True
        ),
        "gemini": UsualLimits(requests=chance.randint(3, 20), tells_wait=chance.random() < 0.7),
    }


def through_json(result: RunResult) -> RunReport:
    """The report as it comes back from its file."""
    return RunReport.from_dict(json.loads(json.dumps(summarise(result).to_dict())))


@given(st.integers(0, 10_000))
def test_a_replay_takes_as_long_as_the_run(seed: int) -> None:
    """Any pipeline under any limits, with refusals, queues and slow beginnings: within 2 % of the time."""
    chance = random.Random(seed)
    plan = plan_text(any_pipeline(chance))
    world = Circumstances(limits=any_limits(chance), providers=PROVIDERS)
    run = simulate_run(plan, seed=seed, circumstances=world)
    found = recorded(through_json(run))
    again = replay(found.plan, found.recording, PROVIDERS)
    assert again.total_duration + found.apart == pytest.approx(run.total_duration, rel=0.02)
    assert found.guessed == 0


GRAPH = """
settings: {max_workers: 3}
steps:
  - {name: base, type: text_to_image, params: {prompt: a}}
  - type: parallel_group
    name: outer
    steps:
      - {name: a, type: image_to_image, input_from: base, params: {prompt: a}}
      - type: parallel_group
        name: inner
        max_workers: 1
        steps:
          - {name: b, type: text_to_image, params: {prompt: a}}
          - {name: off, type: text_to_image, enabled: false, params: {prompt: a}}
  - {name: film, type: analyze_image, input_from: a, needs: inner}
  - {name: last, type: text_to_image, needs: [film, outer], params: {prompt: a}}
"""


@pytest.mark.parametrize("schedule", ["ordered", "dataflow"])
def test_the_graph_comes_back_as_it_was_planned(schedule: str) -> None:
    """Gates, groups in groups, steps that are off: the graph is the planner's own, for either schedule."""
    plans: dict[str, Plan] = {
        name: plan_text(GRAPH.replace("{max", f"{{schedule: {name}, max")) for name in ("ordered", "dataflow")
    }
    found = recorded(through_json(simulate_run(plans["ordered"])))
    assert found.scheduled(schedule).graph == plans[schedule].graph
    ours, theirs = found.scheduled(schedule), plans[schedule]
    assert [replace(g, position=None) for g in theirs.groups] == list(ours.groups)
    assert [(s.group, s.number, s.total, s.enabled, s.timeout) for s in ours.steps] == [
        (s.group, s.number, s.total, s.enabled, s.timeout) for s in theirs.steps
    ]


def played(trace: Trace, **changes: Any) -> tuple[tuple[Any, ...], int]:
    """The attempts of one recorded step, and how many steps were guessed."""
    plan = a_plan([a_step(0, "s", **changes), a_step(1, "other")])
    found = recorded(through_json(carry_out(plan, [trace, Trace((("done", 4.0),))])))
    return found.recording.attempts[0], found.guessed


def test_back_off_is_played_as_long_as_it_was() -> None:
    """A retry waits what the recorded one waited, without new jitter."""
    attempts, guessed = played(Trace((("transient", 0.5), ("done", 1.0)), backoff=0.25))
    assert [(a.outcome, a.service, a.pause) for a in attempts] == [
        ("transient", 0.5, 0.25),
        ("done", 1.0, 0.0),
    ]
    assert guessed == 0


def test_what_never_ran_takes_what_its_kind_took() -> None:
    """A step that was skipped or cut short is taken for as long as others of the same model, and counted."""
    assert [a.service for a in played(Trace(()))[0]] == [4.0]
    assert played(Trace((("stopped", 9.0),)))[0][-1].service == 9.0
    assert played(Trace(()))[1] == 1


def test_a_failure_fails_again() -> None:
    """What stopped the run stops its replay: nothing is invented."""
    plan = a_plan([a_step(0, "bad"), a_step(1, "after")], [(), (0,)])
    run = carry_out(plan, [Trace((("fatal", 2.0),), reason="no"), Trace((), reason="because")])
    found = recorded(through_json(run))
    again = replay(found.plan, found.recording)
    assert again["bad"].status.value == "failed"
    assert again.total_duration == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": None}, "does not hold the graph"),
        ({"plan": {"version": 2, "steps": []}}, "form 2"),
        ({"plan": {"version": 1, "steps": []}}, "do not belong together"),
    ],
)
def test_a_report_without_its_graph_is_told_of(change: dict[str, Any], said: str) -> None:
    """Reports of other versions are no reason to guess."""
    value = summarise(carry_out(a_plan([a_step(0, "s")]), [Trace()])).to_dict() | change
    with pytest.raises(ValueError, match=said):
        recorded(RunReport.from_dict(value))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": ["nobody"]}, "wait for 'nobody', which is not there"),
        ({"inputs": ["s"]}, "steps of its graph wait for each other"),
    ],
)
def test_a_graph_that_leads_nowhere_is_refused(change: dict[str, Any], said: str) -> None:
    """A report may be anybody's, and nothing that is played may wait for ever."""
    value = summarise(carry_out(a_plan([a_step(0, "s")]), [Trace()])).to_dict()
    value["plan"]["steps"][0] |= change
    with pytest.raises(ValueError, match=said):
        recorded(RunReport.from_dict(value))
