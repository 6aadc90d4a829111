"""What a run tells of the jobs it waits for, from the service to the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from acp_action import AIPipelineManager, StopSwitch
from acp_action.api.accounts import open_accounts
from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.config.cascade import Overrides
from acp_action.events import Event, StepFinished, StepProgressed
from acp_action.progress.log import LogLines
from tests.simulators.fal import FalSimulator
from tests.simulators.jobs import Job
from tests.simulators.latency import Latency

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from acp_action.api.run import PipelineResult
    from acp_action.events import Listener

PICTURE: dict[str, Any] = {"name": "hero", "type": "text_to_image", "model": "flux_schnell"}


def run(sim: FalSimulator, folder: Path, hear: Listener, stop: StopSwitch | None = None) -> PipelineResult:
    """Carry one picture out at a simulated fal."""
    config = {"steps": [{**PICTURE, "params": {"prompt": "a cat", "image_size": "64x64"}}]}
    with open_accounts(sim.environment()).lent() as providers:
        plan = plan_pipeline(config, Wishes(Overrides(output_dir=str(folder))), providers)
        listeners = (LogLines(), hear)
        ready = make_ready(plan, providers)
        return carry_out(plan, ready, providers=providers, listeners=listeners, stop=stop)


def test_a_job_of_an_interrupted_run_is_said_to_be_taken_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run that follows tells that it goes on with what was paid for, before it tells of its end."""
    caplog.set_level(logging.INFO, "acp_action.run")
    stop, second = StopSwitch(), list[Event]()

    def end_it(event: Event) -> None:
        if isinstance(event, StepProgressed) and event.what == "begun":
            stop.stop("killed by hand")

    with FalSimulator(latency=Latency(0.5, sigma=0)) as sim:
        first = run(sim, tmp_path, end_it, stop)
        caplog.clear()
        again = run(sim, tmp_path, second.append)
        assert len(sim.calls("order")) == len(sim.ledger) == 1
    assert (first["hero"].status.value, again["hero"].status.value) == ("cancelled", "succeeded")
    own = [event for event in second if isinstance(event, StepProgressed | StepFinished)]
    assert isinstance(own[-1], StepFinished)
    told = [event.what for event in own if isinstance(event, StepProgressed)]
    assert (told[0], told[-1]) == ("taken_up", "fetching")
    job = next(iter(sim.queue.jobs))
    lines = [record.message for record in caplog.records]
    assert f"Taken up: hero (job {job} ordered before, at fal)" in lines


class Queued(logging.Handler):
    """Lets the jobs of others end as soon as the log says that ours waits for them."""

    def __init__(self, sim: FalSimulator) -> None:
        super().__init__()
        self._sim = sim
        self._others = [Job(f"other-{n}", "fal-ai/other", {}, "", sim.now(), 300.0) for n in range(2)]
        for job in self._others:
            sim.queue.add(job)

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("Queued:"):
            while self._others:
                self._sim.queue.finish(self._others.pop(0), self._sim.now())


def test_a_single_call_tells_what_it_waits_for_while_it_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when all is over: without its word in the log the job would wait for ever."""
    with FalSimulator(concurrency=1, latency=Latency(0.1, sigma=0)) as sim:
        for name, value in sim.environment().items():
            monkeypatch.setenv(name, value)
        listening, log = Queued(sim), logging.getLogger("acp_action.run")
        log.setLevel(logging.INFO)
        log.addHandler(listening)
        try:
            manager = AIPipelineManager(output_dir=tmp_path, timeout=20)
            step = manager.generate_image("a cat", model="flux_schnell", image_size="64x64")
        finally:
            log.removeHandler(listening)
            log.setLevel(logging.NOTSET)
    assert step.success, step.error
