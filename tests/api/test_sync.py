"""AIPipelineManager as the guide calls it, with the embedded provider."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import (
    AIPipelineManager,
    AsyncAIPipelineManager,
    ConfigError,
    MissingKeyError,
    OutputError,
    PipelineResult,
    Status,
    StopSwitch,
    UsageError,
)
from acp_action.engine.result import StepResult
from acp_action.events import Event, StepStarted

if TYPE_CHECKING:
    from pathlib import Path

PARAMS = {"prompt": "{{input}}"}
PIPELINE: dict[str, Any] = {
    "name": "Two",
    "steps": [
        {"name": "picture", "type": "text_to_image", "params": PARAMS},
        {"name": "facts", "type": "analyze_image", "input_from": "picture"},
    ],
}
TINY = {"width": 64, "height": 64}


@pytest.fixture
def manager(in_tmp: Path) -> AIPipelineManager:
    """A manager of previews, in the test's own folder."""
    return AIPipelineManager(provider="local")


def pipeline(**settings: Any) -> dict[str, Any]:
    """The two steps under these settings."""
    return {**PIPELINE, "settings": settings}


def test_a_mapping_runs_to_its_end(manager: AIPipelineManager, in_tmp: Path) -> None:
    """The result has the figures, its steps in order and by name, and its files are on disk."""
    results = manager.run_pipeline(PIPELINE, input_text="a cat", parallel=True)
    assert isinstance(results, PipelineResult)
    assert results.success
    assert [step.name for step in results] == ["picture", "facts"]
    assert results["facts"].text
    assert results["picture"].output_path == in_tmp / "output/picture.png"
    assert results.sequential_estimate > 0
    assert results.speedup == results.sequential_estimate / results.total_duration
    assert results.output_dir == in_tmp / "output"
    assert {p.name for p in results.output_dir.iterdir()} == {
        "picture.png", "facts.txt", "manifest.json", "report.json", "report.md", "report.html",
    }  # fmt: skip


def test_a_result_is_shown_in_one_line(manager: AIPipelineManager) -> None:
    """At a prompt and in a debugger a run reads as what it was, not as all of its plan."""
    results = manager.run_pipeline(PIPELINE, input_text="a cat")
    assert repr(results).startswith("<PipelineResult 'Two': succeeded, 2 of 2 steps, ")
    assert len(repr(results)) < 80


@pytest.mark.parametrize("form", [str, lambda path: path])
def test_a_file_runs_by_its_path(manager: AIPipelineManager, in_tmp: Path, form: Any) -> None:
    """A pipeline file is named by text or by Path."""
    file = in_tmp / "pipeline.yaml"
    file.write_text("steps: [{type: text_to_image, params: {prompt: a cat}}]")
    assert manager.run_pipeline(config=form(file)).success


def test_a_failed_step_is_a_result(manager: AIPipelineManager) -> None:
    """A step that fails raises nothing: what was made before it is kept, what it skipped says why."""
    steps = [
        *PIPELINE["steps"],
        {"name": "bad", "type": "text_to_image", "params": {"prompt": "x", "fail": True}},
    ]
    results = manager.run_pipeline({"steps": steps}, input_text="a cat")
    assert not results.success
    assert [step.status for step in results] == [Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED]
    assert results["bad"].error
    assert results.report.counts == {"succeeded": 2, "failed": 1}


def test_problems_of_a_pipeline_come_all_at_once(manager: AIPipelineManager, in_tmp: Path) -> None:
    """A wrong pipeline raises ConfigError with every problem, and nothing is written."""
    with pytest.raises(ConfigError) as caught:
        manager.run_pipeline({"steps": [{"type": "text_to_imag"}, {"type": "text_to_image", "promt": "x"}]})
    assert len(caught.value.problems) >= 2
    assert not (in_tmp / "output").exists()


def test_without_a_key_nothing_is_chosen_silently(in_tmp: Path) -> None:
    """The embedded provider never stands in unasked: the error names keys, inputs and the preview."""
    with pytest.raises(MissingKeyError) as caught:
        AIPipelineManager().run_pipeline(PIPELINE, input_text="a cat")
    for words in ("picture", "FAL_KEY", "fal-key", "facts", "GEMINI_API_KEY", "provider: local"):
        assert words in str(caught.value)
    assert not list(in_tmp.glob("output/*"))


def test_a_trusted_variable_may_choose_the_provider(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ACP_PROVIDER stands between argument and file, and the report says so."""
    monkeypatch.setenv("ACP_PROVIDER", "local")
    results = AIPipelineManager().run_pipeline(PIPELINE, input_text="a cat")
    origins = {setting.name: setting.origin for setting in results.report.settings}
    assert origins["provider"] == "environment ACP_PROVIDER"


@pytest.mark.parametrize(
    ("given", "in_call", "in_environment", "effective"),
    [
        (None, None, None, (False, "file")),
        (None, None, "1", (True, "environment PIPELINE_PARALLEL_ENABLED")),
        (True, None, "0", (True, "argument parallel")),
        (False, True, "0", (True, "argument parallel")),
    ],
)
def test_who_wins(
    in_tmp: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: bool | None,
    in_call: bool | None,
    in_environment: str | None,
    effective: tuple[bool, str],
) -> None:
    """Rule 1: the call's argument, then the manager's, the environment, the file."""
    if in_environment:
        monkeypatch.setenv("PIPELINE_PARALLEL_ENABLED", in_environment)
    manager = AIPipelineManager(parallel=given, provider="local")
    settings = manager.run_pipeline(pipeline(parallel=False), "a cat", in_call).plan.settings
    assert (settings.parallel, settings.origins["parallel"]) == effective


def test_a_step_with_what_it_needs(manager: AIPipelineManager) -> None:
    """``steps`` narrows a run to the steps that are named and to what feeds them."""
    results = manager.run_pipeline(PIPELINE, input_text="a cat", steps=["picture"])
    assert [step.name for step in results] == ["picture"]


def test_listeners_hear_the_run(manager: AIPipelineManager) -> None:
    """Every event of the run reaches a listener, in order."""
    heard: list[Event] = []
    manager.run_pipeline(PIPELINE, input_text="a cat", listeners=[heard.append])
    assert [e.step for e in heard if isinstance(e, StepStarted)] == ["picture", "facts"]


@pytest.mark.parametrize(("level", "lines"), [("INFO", 4), ("ERROR", 0)])
def test_the_log_level_of_the_file_counts(
    manager: AIPipelineManager, caplog: pytest.LogCaptureFixture, level: str, lines: int
) -> None:
    """Progress is logged to ``acp_action.run`` from the level on that the settings say."""
    caplog.set_level(logging.DEBUG, "acp_action.run")
    manager.run_pipeline(pipeline(log_level=level), input_text="a cat")
    assert len([record for record in caplog.records if record.name == "acp_action.run"]) == lines


def test_what_may_be_paid_for_again_is_an_argument(
    manager: AIPipelineManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both classes, and never without: money is spent twice on a word only."""
    asked: list[Any] = []

    def note(*_: Any, **wishes: Any) -> None:
        asked.append((wishes["fresh"], wishes["resubmit_doubtful"]))

    monkeypatch.setattr("acp_action.api.sync.carry_out", note)
    manager.run_pipeline(PIPELINE, "x")
    manager.run_pipeline(PIPELINE, "x", fresh=True)
    asyncio.run(AsyncAIPipelineManager(provider="local").run_pipeline(PIPELINE, "x", resubmit_doubtful=True))
    assert asked == [(False, False), (True, False), (False, True)]


def test_no_connection_is_left_behind(manager: AIPipelineManager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and calls close what they have opened, unless another one goes on with it."""
    closed: list[int] = []
    monkeypatch.setattr("acp_action.providers.registry._close", lambda made: closed.append(len(made)))
    manager.run_pipeline(PIPELINE, "x")
    manager.generate_image("a cat")
    assert len(closed) == 2


def test_a_switch_ends_a_run(manager: AIPipelineManager) -> None:
    """A switch that is thrown while the run goes on ends it; what is left is cancelled or skipped."""
    switch = StopSwitch()

    def stop(event: Event) -> None:
        if isinstance(event, StepStarted):
            switch.stop("enough")

    slow = {"steps": [{"type": "text_to_image", "params": {"prompt": "x", "delay": 60}}, *PIPELINE["steps"]]}
    results = manager.run_pipeline(slow, input_text="a cat", listeners=[stop], stop=switch)
    assert results.stopped == "enough"
    assert [step.status for step in results] == [Status.CANCELLED, Status.SKIPPED, Status.SKIPPED]


def test_an_output_folder_of_the_file_stays_in_the_workspace(
    manager: AIPipelineManager, tmp_path: Path
) -> None:
    """A pipeline file is not trusted to write elsewhere; an argument is."""
    elsewhere = str(tmp_path.parent / "elsewhere")
    with pytest.raises(OutputError, match="outside"):
        manager.run_pipeline(pipeline(output_dir=elsewhere), input_text="a cat")
    assert manager.run_pipeline(PIPELINE, "a cat", output_dir=elsewhere, steps=["picture"]).success


def test_a_report_that_cannot_be_written_takes_nothing_with_it(
    manager: AIPipelineManager, in_tmp: Path
) -> None:
    """What went wrong with a report is told; the media, the manifest and the figures are there."""

    def block(event: Event) -> None:
        if isinstance(event, StepStarted):
            (in_tmp / "output/report.json").mkdir(exist_ok=True)

    results = manager.run_pipeline(PIPELINE, "a cat", listeners=[block])
    assert results.success
    assert [path.split("/")[-1].split()[0] for path in results.unwritten] == ["report.json"]
    assert {"picture.png", "manifest.json", "report.md"} <= {p.name for p in results.output_dir.iterdir()}


def test_keys_and_folder_are_told_together(in_tmp: Path) -> None:
    """Whatever is missing around the file is in one error."""
    (in_tmp / "taken").write_text("a file")
    with pytest.raises(MissingKeyError, match=r"FAL_KEY[\s\S]*taken"):
        AIPipelineManager(output_dir="taken").run_pipeline(PIPELINE, "a cat")


def test_a_bad_argument_is_a_usage_error(in_tmp: Path) -> None:
    """What the caller got wrong is told before anything runs."""
    with pytest.raises(UsageError, match="did you mean 'local'"):
        AIPipelineManager(provider="locl").run_pipeline(PIPELINE, input_text="a cat")
    with pytest.raises(UsageError, match="max_workers"):
        AIPipelineManager(max_workers=0, provider="local").run_pipeline(PIPELINE, input_text="a cat")


@pytest.mark.parametrize("config", [None, 5, [PIPELINE]])
def test_what_is_no_pipeline_is_a_usage_error(manager: AIPipelineManager, config: Any) -> None:
    """As when a YAML file that was read elsewhere turns out to be empty, or a list."""
    with pytest.raises(UsageError, match="a path, a mapping or a PipelineConfig, not "):
        manager.run_pipeline(config)


def test_an_input_that_is_no_text_is_a_usage_error(manager: AIPipelineManager) -> None:
    """It is refused before anything runs."""
    text: Any = 5
    with pytest.raises(UsageError, match="input_text is 5; give a text"):
        manager.run_pipeline(PIPELINE, input_text=text)


def test_ctrl_c_keeps_what_was_finished(manager: AIPipelineManager, in_tmp: Path) -> None:
    """In a program that leaves SIGINT alone, Ctrl-C ends the run in order and then interrupts the program."""

    def interrupt(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "slow":
            signal.raise_signal(signal.SIGINT)

    slow = {"name": "slow", "type": "text_to_image", "params": {"prompt": "x", "delay": 60}}
    with pytest.raises(KeyboardInterrupt):
        manager.run_pipeline({"steps": [*PIPELINE["steps"], slow]}, "a cat", listeners=[interrupt])
    assert (in_tmp / "output/manifest.json").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_image_from_a_prompt(manager: AIPipelineManager, in_tmp: Path) -> None:
    """generate_image has all that the guide reads from its result."""
    result = manager.generate_image(prompt="A red sports car!", seed=7)
    assert isinstance(result, StepResult)
    assert (result.success, result.error, result.model) == (True, None, "flux_dev")
    assert result.output_path == in_tmp / "output/generate_image_a_red_sports_car.png"
    assert result.duration > 0
    assert result.cost in (None, 0)
    assert result.metadata["preview"] is True


def test_media_go_from_call_to_call(manager: AIPipelineManager) -> None:
    """Each call takes what the one before gave, as a result, a path or a text."""
    image = manager.generate_image("a cat")
    assert image.output_path
    edited = manager.image_to_image(image, "sepia")
    video = manager.image_to_video(str(image.output_path), model="local", duration=1)
    facts = manager.analyze_image(image.output_path)
    assert [r.error for r in (edited, video, facts)] == [None, None, None]
    assert facts.text


def test_speech_and_video_from_text(manager: AIPipelineManager) -> None:
    """The other two calls make a sound and a video."""
    speech = manager.text_to_speech("hello there")
    video = manager.text_to_video("waves", duration=1)
    assert [r.output.kind for r in (speech, video) if r.output] == ["audio", "video"]


def test_a_prompt_is_no_template(manager: AIPipelineManager) -> None:
    """What comes as a value is data: braces in a prompt are letters."""
    result = manager.generate_image("{{env.HOME}} and {{input}}")
    assert result.success
    assert "{{env.HOME}}" in str(result.params)


def test_calls_never_overwrite_each_other(manager: AIPipelineManager) -> None:
    """The same prompt a second time gets a number; a name that is given is taken as it is."""
    paths = [manager.generate_image("a dog").output_path for _ in range(3)]
    assert [p.stem for p in paths if p] == [f"generate_image_a_dog{n}" for n in ("", "_2", "_3")]
    named = [manager.generate_image("a dog", name="dog").output_path for _ in range(2)]
    assert [p.stem for p in named if p] == ["dog", "dog"]


def test_a_call_that_fails_is_a_result(manager: AIPipelineManager) -> None:
    """What goes wrong while a step runs is told by the result."""
    result = manager.generate_image("a cat", fail=True)
    assert (result.success, result.status, result.output_path) == (False, Status.FAILED, None)
    assert result.error
    with pytest.raises(UsageError, match="no output to work on"):
        manager.image_to_video(result)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"prompt": "x", "model": "flux_deff"}, "did you mean 'flux_dev'"),
        ({"prompt": "x", "aspect_ration": "1:1"}, "aspect_ratio"),
    ],
)
def test_a_call_that_is_wrong_raises(manager: AIPipelineManager, call: dict[str, Any], message: str) -> None:
    """A model or parameter that does not exist is an error with the nearest one, before anything runs."""
    with pytest.raises(ConfigError, match=message):
        manager.generate_image(**call)


def test_eight_threads_at_once(manager: AIPipelineManager) -> None:
    """The guide's custom parallel processing: one manager, many threads, a file for each call."""
    prompts = [f"animal {n % 4}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda p: manager.generate_image(prompt=p), prompts))
    assert [r.error for r in results] == [None] * 8
    assert len({r.output_path for r in results}) == 8


def test_a_call_runs_on_the_calling_thread(manager: AIPipelineManager) -> None:
    """A single step starts no thread of its own."""
    before = {t.name for t in threading.enumerate()}
    manager.generate_image("a cat")
    assert {t.name for t in threading.enumerate()} == before
