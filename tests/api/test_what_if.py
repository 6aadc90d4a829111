"""What a run would have taken under other settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.api.player import Limit, Trials
from acp_action.api.what_if import what_if
from acp_action.catalogue.limits import UsualLimits
from acp_action.engine.simulation import Circumstances, simulate_run
from acp_action.errors import UsageError
from acp_action.report.summarise import summarise
from acp_action.report.what_if import Trial, WhatIf, advice_on
from acp_action.report.what_if_view import what_if_text
from tests.plan.make import plan_text

if TYPE_CHECKING:
    from pathlib import Path

BATCH = "\n".join(
    [
        "name: Batch\nsettings: {max_workers: 4}\nsteps:",
        "  - {name: first, type: text_to_image, params: {prompt: a}}",
        "  - type: parallel_group\n    name: images\n    steps:",
        *(f"      - {{name: i{n}, type: text_to_image, params: {{prompt: a}}}}" for n in range(24)),
        "  - {name: apart, type: text_to_speech, params: {text: a}}",
    ]
)
FREE = UsualLimits(none=True, spread=0.0)


def a_run(folder: Path, text: str = BATCH, **limits: UsualLimits) -> Path:
    """A folder with the report of a simulated run."""
    world = Circumstances(limits={"fal": FREE, "elevenlabs": FREE, **limits}, spread=0.0)
    run = simulate_run(plan_text(text), circumstances=world)
    (folder / "report.json").write_text(json.dumps(summarise(run).to_dict()))
    return folder


def by_setting(found: WhatIf) -> dict[tuple[str, int], float]:
    """Durations by schedule and workers."""
    return {(trial.schedule, trial.max_workers): trial.duration for trial in found.trials}


def test_more_workers_share_the_work_and_the_knee_is_advised(tmp_path: Path) -> None:
    """Each number of workers, both schedules; the recorded one is the first, and reproduced."""
    found = what_if(a_run(tmp_path))
    times = by_setting(found)
    assert found.off < 0.02
    assert found.replayed == pytest.approx(times["ordered", 4], rel=0.02)
    assert times["ordered", 1] == pytest.approx(found.sequential, rel=0.01)
    assert times["ordered", 8] < 0.7 * times["ordered", 4]
    assert times["dataflow", 12] < times["ordered", 12]
    assert found.advice[0].startswith("ordered: 12 workers are enough")
    assert found.advice[1].startswith("schedule: dataflow saves")


def test_a_run_that_knew_its_limits_is_played_as_one(tmp_path: Path) -> None:
    """A run that began with what an earlier one had learnt does not begin slowly in the replay either."""
    found = what_if(a_run(tmp_path, BATCH.replace("max_workers: 4", "max_workers: 12")), Trials((12,)))
    assert found.off < 0.02
    assert found.trials[0].duration == pytest.approx(found.duration, rel=0.02)


def test_a_limit_that_the_run_met_holds_in_the_trials(tmp_path: Path) -> None:
    """Three at once at fal: more workers than that save nothing, and the text says what was assumed."""
    found = what_if(a_run(tmp_path, fal=UsualLimits(concurrency=3, queues=True, spread=0.0)))
    times = by_setting(found)
    assert found.off < 0.02
    assert times["ordered", 16] == pytest.approx(times["ordered", 4], rel=0.05)
    assert "fal: 3 at once, more wait in its queue (seen in this run)" in what_if_text(found)


def test_another_limit_can_be_tried(tmp_path: Path) -> None:
    """As if fal let one a second in, or two at once, or anything."""
    folder = a_run(tmp_path, fal=UsualLimits(concurrency=3, queues=True, spread=0.0))
    one = by_setting(what_if(folder, Trials((8,), ("ordered",), {"fal": Limit(concurrency=1)})))
    free = by_setting(what_if(folder, Trials((8,), ("ordered",), {"fal": Limit()})))
    slow = what_if(folder, Trials((8,), ("ordered",), {"fal": Limit(per_minute=2.0)}))
    seen = by_setting(what_if(folder, Trials((8,), ("ordered",))))
    assert one["ordered", 8] > 2 * seen["ordered", 8] > 3 * free["ordered", 8]
    assert slow.trials[0].duration > 24 / 2 * 60 - 120
    assert slow.assumed[0].source == "as you say"


def test_processors_that_steps_waited_for_are_no_more_with_more_workers(tmp_path: Path) -> None:
    """Steps that slowed each other down on this machine do so in the trials, by how many run at once."""
    folder = a_run(tmp_path, BATCH.replace("max_workers: 4", "max_workers: 4, provider: local"))
    value = json.loads((folder / "report.json").read_text())
    for step in value["steps"]:
        step["provider"] = "local"
        for attempt in step["attempts"]:
            # Two processors for four: half of each attempt was waiting.
            if step["group"]:
                took = attempt["finished"] - attempt["started"]
                attempt["held"] = step["split"]["processor"] = took / 2
                step["split"]["service"] = took / 2
    (folder / "report.json").write_text(json.dumps(value))
    times = by_setting(what_if(folder, Trials((1, 2, 4, 8), ("ordered",))))
    assert times["ordered", 2] == pytest.approx(times["ordered", 4], rel=0.1)
    assert times["ordered", 8] == pytest.approx(times["ordered", 4], rel=0.1)
    assert times["ordered", 1] > 1.5 * times["ordered", 2]


FORWARD = """
settings: {schedule: dataflow}
steps:
  - {name: late, type: image_to_image, input_from: early, params: {prompt: a}}
  - {name: early, type: text_to_image, params: {prompt: a}}
"""


def test_file_order_is_not_tried_where_a_step_takes_what_comes_later(tmp_path: Path) -> None:
    """Nothing could begin; and who asks for it alone is told so."""
    found = what_if(a_run(tmp_path, FORWARD))
    assert {trial.schedule for trial in found.trials} == {"dataflow"}
    assert found.notes[-1].startswith("Not tried: ordered, because")
    with pytest.raises(UsageError, match="in file order: a step takes what comes later in the file; try"):
        what_if(tmp_path, Trials(schedules=("ordered",)))


def test_a_run_that_did_not_come_to_its_end_is_not_held_against_its_replay(tmp_path: Path) -> None:
    """The trials go on from there; how far off they are would mean nothing."""
    value = json.loads((a_run(tmp_path) / "report.json").read_text())
    value |= {"status": "stopped", "total_duration": value["total_duration"] / 2}
    for step in value["steps"]:
        if step["settled"] > value["total_duration"]:
            step |= {"status": "skipped", "attempts": [], "settled": value["total_duration"]}
    (tmp_path / "report.json").write_text(json.dumps(value))
    text = what_if_text(what_if(tmp_path))
    assert "Played to its end under the same settings: " in text
    assert "% off" not in text


def test_a_pipeline_is_simulated(tmp_path: Path) -> None:
    """A file that was never run is answered from what is expected."""
    (tmp_path / "p.yaml").write_text("\n".join(line for line in BATCH.splitlines() if "name: i1" not in line))
    found = what_if(tmp_path / "p.yaml", Trials((1, 4), limits={"fal": Limit(concurrency=2)}))
    assert (found.basis, found.replayed, found.guessed) == ("pipeline", None, 0)
    assert set(by_setting(found)) == {(s, n) for s in ("ordered", "dataflow") for n in (1, 4)}
    assert "as the file stands" in what_if_text(found)
    assert found.assumed[0].limits.startswith("2 at once")


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        (Trials((0,)), "max_workers is 0"),
        (Trials(()), "no number of workers"),
        (Trials((1,), ("datflow",)), "did you mean 'dataflow'"),
        (Trials((1,), limits={"fall": Limit(concurrency=1)}), "did you mean 'fal'"),
        (Trials((1,), limits={"fal": Limit(concurrency=0)}), "0 at once; give 1 or more"),
        (Trials((1,), limits={"fal": Limit(per_minute=0.0)}), "0 a minute; give more than 0"),
    ],
)
def test_trials_without_meaning_are_told(tmp_path: Path, trials: Trials, said: str) -> None:
    """What is wrong, and the nearest that is not."""
    with pytest.raises(UsageError, match=said):
        what_if(a_run(tmp_path), trials)


def test_a_report_of_an_old_version_is_told_of(tmp_path: Path) -> None:
    """Without its graph a run cannot be played again."""
    value = json.loads((a_run(tmp_path) / "report.json").read_text())
    del value["plan"]
    (tmp_path / "report.json").write_text(json.dumps(value))
    with pytest.raises(UsageError, match="does not hold the graph of its run; run the pipeline again"):
        what_if(tmp_path / "report.json")


def advised(**durations: tuple[float, ...]) -> Any:
    """The advice on these durations with 1, 2, 4 … workers."""
    trials = [
        Trial(name, 2**place, time, 1.0, 0)
        for name, times in durations.items()
        for place, time in enumerate(times)
    ]
    return advice_on(trials, "ordered")


def test_another_schedule_is_advised_only_where_it_is_worth_it() -> None:
    """From 5 % on; a single schedule is not named."""
    assert advised(ordered=(8.0, 4.0, 4.0)) == ("2 workers are enough (4.0s); more save nothing",)
    assert (
        advised(ordered=(8.0, 4.0), dataflow=(8.0, 3.9))[1] == "schedule: dataflow saves nothing worth having"
    )
    assert advised(ordered=(8.0, 4.0), dataflow=(8.0, 2.0))[1].startswith(
        "schedule: dataflow saves 50% more: 2"
    )
