"""What people meet: the guide's examples through the Python API and the command, start-up, loading."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, child, command_seconds, ratio, timed

if TYPE_CHECKING:
    from acp_action.api.run import PipelineResult

PICTURE = "type: text_to_image, params: {{prompt: a mill, width: 256, height: 256, delay: {}}}"
GROUP = "steps:\n  - type: parallel_group\n    name: batch_images\n    steps:\n" + "".join(
    f"      - {{name: image_{n}, {PICTURE.format(t)}}}\n" for n, t in enumerate((2.3, 2.5, 2.7, 2.8), start=1)
)
# The guide's hybrid pipeline, with service times that make its bounds plain.
HYBRID = """
settings: {{schedule: {schedule}}}
steps:
  - name: base_image
    type: text_to_image
    params: {{prompt: a mill, width: 256, height: 256, delay: 0.8}}
  - type: parallel_group
    name: variations
    steps:
      - {{name: video_version, type: image_to_video, input_from: base_image,
          params: {{fps: 8, resolution: "360p", delay: 2.0}}}}
      - {{name: edited_version, type: image_to_image, input_from: base_image,
          params: {{prompt: dramatic lighting, delay: 0.9}}}}
      - {{name: upscaled_version, type: image_to_image, model: clarity_upscaler, input_from: base_image,
          params: {{delay: 0.7}}}}
  - {{name: final, type: analyze_image, input_from: edited_version, params: {{delay: 1.5}}}}
"""
BIG = """
import sys, time
from acp_action.config.cascade import Overrides, resolve_settings
from acp_action.config.load import load_pipeline
from acp_action.plan.make import make_plan
from acp_action.providers.registry import adapters
begun = time.perf_counter()
loaded = load_pipeline(sys.argv[1])
settings = resolve_settings(loaded.config.settings, Overrides(provider="local"), {})
plan = make_plan(loaded.config, loaded.source, settings, providers=adapters())
figures = {"seconds": time.perf_counter() - begun, "steps": len(plan.steps)}
"""
# Three times, and the best of them in processor time: the bare parser's part is the bound.
AGAINST_PARSER = """
import sys, time
from pathlib import Path
from acp_action.config.load import load_pipeline
from acp_action.config.yaml_events import events_of

def seconds(work):
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)

text = Path(sys.argv[1]).read_text(encoding="utf-8")
parsing = seconds(lambda: [0 for _ in iter(events_of(text).get_event, None)])
figures = {"ratio": seconds(lambda: load_pipeline(sys.argv[1])) / parsing}
"""
YAML_ALONE = """
import sys, time, yaml
begun = time.perf_counter()
yaml.safe_load(open(sys.argv[1]))
figures = {"seconds": time.perf_counter() - begun}
"""
BARE_TYPER = """
import typer
app = typer.Typer()
@app.command()
def one(name: str) -> None: "Do one thing."
@app.command()
def two(name: str) -> None: "Do another."
app()
"""


def run(text: str, **wishes: object) -> PipelineResult:
    """Run a pipeline text with the embedded provider, in a folder of its own."""
    from acp_action import AIPipelineManager

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pipeline.yaml"
        file.write_text(text, encoding="utf-8")
        manager = AIPipelineManager(provider="local", output_dir=Path(folder) / "out")
        result = manager.run_pipeline(file, **wishes)  # type: ignore[arg-type]
    if not result.success:
        raise RuntimeError([step.reason for step in result if not step.success])
    return result


def guide_examples(runs: int) -> list[Figure]:
    """The guide's two examples against their bounds, and the estimate against a run without parallelism."""
    group = [run(GROUP) for _ in range(runs)]
    inside = statistics.median(r.total_duration for r in group) / 2.8
    ordered_bound = 0.8 + 2.0 + 1.5
    critical = 0.8 + max(2.0, 0.9 + 1.5)
    figures = [Figure("the guide's group of four, against its longest step", inside, 1.003)]
    for schedule, bound in (("dataflow", critical), ("ordered", ordered_bound)):
        took = [run(HYBRID.format(schedule=schedule)).total_duration for _ in range(runs)]
        figures.append(
            Figure(
                f"the guide's hybrid, {schedule}, against its bound", statistics.median(took) / bound, 1.005
            )
        )
    for name, text in (("group", GROUP), ("hybrid", HYBRID.format(schedule="ordered"))):
        estimate, measured = run(text).sequential_estimate, run(text, parallel=False).total_duration
        detail = f"estimate {estimate:.2f} s, measured {measured:.2f} s"
        figures.append(
            Figure(
                f"sequential estimate of the {name}, off by", abs(estimate / measured - 1), 0.05, "", detail
            )
        )
    return figures


def whole_command(runs: int) -> list[Figure]:
    """The command on the guide's group: everything from the start of Python to its end."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pipeline.yaml"
        file.write_text(GROUP, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "acp_action",
            "run-chain",
            "--config",
            str(file),
            "--provider",
            "local",
        ]
        took = [command_seconds([*command, "--output-dir", f"{folder}/out"]) for _ in range(runs)]
    return [
        Figure(
            "the whole command on the guide's group, beyond 2.8 s", statistics.median(took) - 2.8, 0.5, "s"
        )
    ]


def start_up(runs: int) -> list[Figure]:
    """``--help`` against a bare typer application, and the import against requests with pydantic."""
    python = [sys.executable, "-c"]
    command = [sys.executable, "-m", "acp_action", "--help"]
    imports = [[*python, "import acp_action"], [*python, "import requests, pydantic"]]
    pairs: dict[str, tuple[list[str], list[str], float]] = {
        "--help, against a bare typer application": (command, [*python, BARE_TYPER, "--help"], 1.15),
        "import acp_action, against import requests, pydantic": (imports[0], imports[1], 0.8),
    }
    figures = []
    for name, (ours, theirs, goal) in pairs.items():
        command_seconds(ours), command_seconds(theirs)
        a, b = zip(*((command_seconds(ours), command_seconds(theirs)) for _ in range(2 * runs)), strict=True)
        detail = f"{statistics.median(a) * 1000:.0f} ms against {statistics.median(b) * 1000:.0f} ms"
        figures.append(Figure(name, ratio(a, b), goal, detail=detail))
    return figures


def loading(runs: int, count: int = 10_000) -> list[Figure]:
    """Load, validate and plan a file of ten thousand steps."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "big.yaml"
        file.write_text(big_pipeline(count), encoding="utf-8")
        found = [child(BIG, str(file)) for _ in range(runs)]
        parsed = statistics.median(child(AGAINST_PARSER, str(file))["ratio"] for _ in range(runs))
        alone = child(YAML_ALONE, str(file))
    seconds = statistics.median(f["seconds"] for f in found)
    detail = f"PyYAML's safe_load alone {alone['seconds']:.1f} s, {alone['peak_mb']:.0f} MB"
    return [
        Figure(f"load, validate and plan {count} steps", seconds, 0.8, "s", detail),
        Figure("  loading alone, against libyaml's events", parsed, 4.5),
        Figure("  peak memory of that process", max(f["peak_mb"] for f in found), 120, "MB"),
    ]


def reporting(count: int = 10_000) -> list[Figure]:
    """Summarise a run of ten thousand steps and write its four files."""
    from acp_action.report.files import write_reports
    from tests.fakes import Trace, a_plan, a_step, carry_out

    half = count // 2
    steps = [a_step(i, f"s{i}", group=0, number=i + 1, total=count) for i in range(count)]
    plan = a_plan(steps, [() if i < half else (i - half,) for i in range(count)])
    with tempfile.TemporaryDirectory() as folder:
        done = carry_out(plan, [Trace()] * count, workers=32, folder=Path(folder))
        taken = min(timed(lambda: write_reports(done, Path(folder)))[0] for _ in range(3))
    return [Figure(f"report on {count} steps: figures and four files", taken, 1.0, "s")]


def big_pipeline(count: int) -> str:
    """Pairs of a picture and a video made from it."""
    pair = """
  - name: image_{0}
    type: text_to_image
    model: flux_schnell
    params:
      prompt: "a red sports car, number {0}"
      aspect_ratio: "16:9"
      seed: {0}
  - name: video_{0}
    type: image_to_video
    model: kling_2_6_pro
    input_from: image_{0}
    params:
      prompt: "it drives by, number {0}"
"""
    return "name: big\nsettings: {schedule: dataflow}\nsteps:" + "".join(
        pair.format(i) for i in range(count // 2)
    )
