"""Every Python block of the guide runs unchanged, at the import path that the guide uses.

The blocks build on each other, as a reader types them: names of one are known to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.guide.blocks import Block, blocks, whole

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = blocks("python")
PIPELINE = whole('settings:\n  parallel: true\nsteps:\n  - type: "parallel_group"\n    steps:\n    - ...\n')


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a reader has at hand: a pipeline file, its name as ``config``, and the embedded provider."""
    pytest.importorskip(
        "packages.core.ai_content_pipeline.pipeline.manager",
        reason="the guide's import path is mapped in when the wheel is built; run with the wheel installed",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACP_PROVIDER", "local")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE, encoding="utf-8")
    return {"__name__": "__main__", "config": "pipeline.yaml"}


def execute(block: Block, names: dict[str, Any]) -> None:
    """Run the block as it stands in the guide."""
    exec(compile(block.text, f"guide block {block.number}", "exec"), names)  # noqa: S102 - that is the point


def test_method_3_runs_as_shown(typed: dict[str, Any]) -> None:
    """A manager is made and a pipeline is run, in parallel."""
    execute(BLOCKS[0], typed)
    assert typed["results"].success


def test_basic_parallel_execution_runs_as_shown(typed: dict[str, Any]) -> None:
    """A path and an input text are all it takes."""
    execute(BLOCKS[1], typed)
    assert [step.success for step in typed["results"]] == [True, True]


def test_async_processing_prints_the_paths(typed: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Three pictures side by side, each with its own file."""
    execute(BLOCKS[2], typed)
    paths = [line.removeprefix("Generated: ") for line in capsys.readouterr().out.splitlines()]
    assert len(set(paths)) == 3
    assert all(path.endswith(".png") for path in paths)


def test_custom_parallel_processing_gives_four_results(typed: dict[str, Any]) -> None:
    """One manager used from a pool of the caller's own."""
    execute(BLOCKS[1], typed)
    execute(BLOCKS[3], typed)
    assert [result.success for result in typed["results"]] == [True] * 4
    assert len({result.output_path for result in typed["results"]}) == 4


def test_the_metrics_print(typed: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """The three figures, by the names the guide uses."""
    execute(BLOCKS[1], typed)
    execute(BLOCKS[4], typed)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Total time", "Sequential estimate", "Speedup"]
