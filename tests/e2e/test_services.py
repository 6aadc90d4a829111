"""The image with real models: the action orders from services, here simulated, and pays once."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.containers import VARIABLES, Finished, Job, client, make_job, needs_image
from tests.guide.real_models import SHOWN, TEXT, billed, services, variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.guide.real_models import Shown

pytestmark = needs_image
# The container shares the network of this machine, so that the services of a test are on its own loopback.
NETWORK = ("--network", "host")


def step(job: Job, inputs: Mapping[str, str], environ: Mapping[str, str]) -> Finished:
    """A step of the action on the network of this machine."""
    given = VARIABLES | {f"INPUT_{name.upper()}": value for name, value in inputs.items()} | dict(environ)
    command = job.command(variables=given, options=NETWORK)
    done = subprocess.run(
        command, env=client() | given, capture_output=True, text=True, check=False, timeout=100
    )
    return job.finished(done.returncode, done.stdout + done.stderr)


def keys_apart(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Keys as a workflow hands them to the action's inputs; the other variables as they are."""
    keys = {name: value for name, value in given.items() if name.endswith("_KEY")}
    inputs = {name.lower().replace("_", "-"): value for name, value in keys.items()}
    return inputs, {name: value for name, value in given.items() if name not in keys}


def test_hybrid_runs_with_keys_from_inputs_and_a_second_run_pays_nothing(tmp_path: Path) -> None:
    """The guide's hybrid: four orders at one service and one at another, each once over both runs."""
    hybrid, job = SHOWN[0], make_job(tmp_path)
    job.write("pipeline.yaml", hybrid.text)
    with services(*hybrid.orders) as running:
        keys, environ = keys_apart(variables(running))
        inputs = {"config": "pipeline.yaml", "input": TEXT, **keys}
        first = step(job, inputs, environ)
        assert first.code == 0, first.log
        again = step(job, inputs, environ)
        assert billed(running) == hybrid.orders
    assert first.outputs["status"] == "succeeded"
    assert again.code == 0, again.log
    manifest = json.loads((job.workspace / "output/manifest.json").read_bytes())
    assert {record["status"] for record in manifest["outputs"]} == {"cached"}
    for key in keys.values():
        assert key not in first.log.replace(f"::add-mask::{key}", "") + first.summary


@pytest.mark.parametrize("shown", SHOWN[1:], ids=lambda shown: shown.heading)
def test_the_other_pipelines_of_the_guide_run_too(shown: Shown, tmp_path: Path) -> None:
    """Each step is ordered once."""
    job = make_job(tmp_path)
    job.write("pipeline.yaml", shown.text)
    with services(*shown.orders) as running:
        keys, environ = keys_apart(variables(running))
        done = step(job, {"config": "pipeline.yaml", "input": TEXT, **keys}, environ)
        assert done.code == 0, done.log
        assert billed(running) == shown.orders
