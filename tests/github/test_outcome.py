"""What became of the runs, as outputs and as an exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acp_action import AIPipelineManager
from acp_action.github.outcome import LONGEST_JSON, Ended, compact_json, figures, run_code, status_of

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, object] = {
    "name": "a",
    "type": "text_to_image",
    "params": {"prompt": "a cat", "width": 64, "height": 64},
}
BAD: dict[str, object] = {"name": "b", "type": "text_to_image", "params": {"prompt": "a dog", "fail": True}}


def ended(folder: Path, *steps: dict[str, object]) -> Ended:
    """A pipeline of these steps, carried out."""
    manager = AIPipelineManager(provider="local", output_dir=folder)
    config = {"name": folder.name, "settings": {"fail_fast": False}, "steps": list(steps)}
    return Ended(folder / "p.yaml", manager.run_pipeline(config))


def test_outputs_are_sums_over_the_pipelines(in_tmp: Path) -> None:
    """Counts and seconds are added up, places come one a line, all as seen from the workspace."""
    runs = [ended(in_tmp / "one", GOOD), ended(in_tmp / "two", GOOD, BAD)]
    found = figures(runs, in_tmp)
    assert found["output-dir"] == "one\ntwo"
    assert found["manifest"].splitlines() == ["one/manifest.json", "two/manifest.json"]
    assert all((in_tmp / path).is_file() for path in found["report"].splitlines())
    assert found["report-html"].splitlines() == ["one/report.html", "two/report.html"]
    (in_tmp / "two/report.html").unlink()
    assert figures(runs, in_tmp)["report-html"] == "one/report.html", "one that is not there is not named"
    counted = [found[name] for name in ("status", "steps-total", "steps-succeeded", "steps-failed")]
    assert counted == ["failed", "3", "2", "1"]
    total = sum(run.report.total_duration for run in runs)
    assert float(found["total-duration"]) == pytest.approx(total, abs=0.001)


def test_json_says_what_became_of_each_step(in_tmp: Path) -> None:
    """On one line, whatever stands in names and reasons."""
    text = compact_json([ended(in_tmp / "one", GOOD, BAD)], in_tmp)
    steps = json.loads(text)["pipelines"][0]["steps"]
    assert "\n" not in text
    assert [(step["name"], step["status"], step["files"]) for step in steps] == [
        ("a", "succeeded", ["a.png"]),
        ("b", "failed", []),
    ]


def test_json_grows_no_longer_than_its_limit(in_tmp: Path) -> None:
    """First steps that went well are left out, then all steps, then all but the status; it says so."""
    runs = [ended(in_tmp / "one", GOOD, BAD)]
    texts = [compact_json(runs, in_tmp)]
    for _ in range(3):
        texts.append(compact_json(runs, in_tmp, len(texts[-1]) - 1))
    lengths, short = [len(text) for text in texts], [json.loads(text) for text in texts[1:]]
    assert lengths == sorted(set(lengths), reverse=True)
    assert [step["name"] for step in short[0]["pipelines"][0]["steps"]] == ["b"]
    assert short[1]["pipelines"][0]["truncated"]
    assert short[2] == {"status": "failed", "pipelines": 1, "truncated": True}
    assert lengths[0] < LONGEST_JSON


def test_the_worst_pipeline_gives_the_status_and_the_code(in_tmp: Path) -> None:
    """A failed step ends with 1, unless failures are not to fail the job; a signal ends with its own code."""
    good, bad = ended(in_tmp / "one", GOOD), ended(in_tmp / "two", BAD)
    assert (status_of([good]), status_of([good, bad])) == ("succeeded", "failed")
    assert run_code([good], 0, fail_on_error=True) == 0
    assert run_code([good, bad], 0, fail_on_error=True) == 1
    assert run_code([good, bad], 0, fail_on_error=False) == 0
    assert run_code([bad], 15, fail_on_error=False) == 143
