"""what-if and compare on real runs of the embedded provider."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acp_action.catalogue.models import catalogue
from acp_action.cli.app import main
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """
name: Show
settings: {max_workers: 3, provider: local}
steps:
  - {name: base, type: text_to_image, params: {prompt: a cat, width: 64, height: 64, delay: 0.4}}
  - type: parallel_group
    name: variations
    steps:
      - {name: a, type: text_to_image, params: {prompt: a, width: 64, height: 64, delay: 0.3}}
      - {name: b, type: text_to_image, params: {prompt: b, width: 64, height: 64, delay: 0.5}}
      - {name: c, type: text_to_image, params: {prompt: c, width: 64, height: 64, delay: 0.4}}
      - {name: d, type: text_to_image, params: {prompt: d, width: 64, height: 64, delay: 0.6}}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real run of about 1.6 s."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "p.yaml").write_text(PIPELINE)
    assert main(["run-chain", "-c", str(folder / "p.yaml"), "-o", str(folder / "out"), "--quiet"]) == 0
    return folder / "out"


def test_the_replay_of_a_real_run_takes_its_time(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Under the recorded settings within 2 %, also on a busy machine."""
    assert main(["what-if", str(ran), "--json", "--max-workers", "1,4"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["replayed"] == pytest.approx(found["duration"], rel=0.02)
    one, four = (trial["duration"] for trial in found["trials"] if trial["schedule"] == "ordered")
    assert one == pytest.approx(found["sequential"], rel=0.1)
    assert four < one / 1.5


def test_the_text_and_the_page_are_written(
    ran: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Text goes to standard output, a page to the file that is named."""
    assert main(["what-if", str(ran), "--schedule", "dataflow"]) == 0
    text = capsys.readouterr().out
    assert [word for word in ("Played again", "workers  dataflow", "Advice:") if word not in text] == []
    for words in (("what-if", str(ran)), ("compare", str(ran), str(ran))):
        page = tmp_path / f"{words[0]}.html"
        assert main([*words, "--format", "html", "--output", str(page)]) == 0
        assert page.read_text("utf-8").startswith("<!doctype html>")
    assert "out/base.png" in (tmp_path / "compare.html").read_text("utf-8")


def test_a_run_is_compared_with_itself(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Folder and report.json are the same run."""
    assert main(["compare", str(ran), str(ran / "report.json")]) == 0
    text = capsys.readouterr().out
    assert "All 5 steps are alike." in text
    assert "Outputs: 5 the same" in text


@pytest.mark.parametrize(
    "limit", ["fal", "=10", "fal=", "fal=10,10", "fal=60/min,1/s", "fal=60/day", "fal=x"]
)
def test_a_rate_limit_that_is_none_is_told(limit: str, ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The value seen, and how it is written."""
    assert main(["what-if", str(ran), "--rate-limit", limit]) == 2
    assert f"--rate-limit is '{limit}'; write NAME=60/min" in capsys.readouterr().err


def test_a_place_without_a_run_is_told(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both commands say where they looked."""
    for words in (("what-if", str(in_tmp)), ("compare", str(in_tmp), str(in_tmp))):
        assert main(list(words)) == 2
        assert "there is no report at" in capsys.readouterr().err


PROVIDERS = ("fal", "gemini", "openrouter", "replicate", "openai", "elevenlabs")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("known", [True, False])
def test_a_run_of_any_provider_is_played_without_asking_it(
    provider: str, known: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each adapter is asked for its lanes, also those of a model that the catalogue no longer has."""
    model = next(m for m in catalogue().models() if m.provider == provider)
    steps = [a_step(n, f"s{n}", type=model.type, model=model, provider=provider) for n in range(3)]
    report = summarise(carry_out(a_plan(steps), [Trace()] * 3))
    if not known:
        report = replace(report, steps=tuple(replace(step, model="gone") for step in report.steps))
    (tmp_path / "report.json").write_text(json.dumps(report.to_dict()))
    assert main(["what-if", str(tmp_path), "--json", "--max-workers", "1,2"]) == 0
    assert [trial["refusals"] for trial in json.loads(capsys.readouterr().out)["trials"]] == [0] * 4
