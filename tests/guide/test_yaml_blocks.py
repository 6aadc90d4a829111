"""Every YAML block of the guide loads, plans and runs with the embedded provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action import AIPipelineManager
from acp_action.config.model import Settings
from tests.guide.blocks import Block, block, blocks, whole

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = blocks("yaml")


def run(text: str, folder: Path):  # type: ignore[no-untyped-def]
    """Run a pipeline text with the embedded provider."""
    file = folder / "pipeline.yaml"
    file.write_text(whole(text), encoding="utf-8")
    manager = AIPipelineManager(provider="local", output_dir=folder / "out")
    return manager.run_pipeline(file, input_text="a quiet harbour at dawn")


def test_the_guide_has_its_blocks() -> None:
    """A guide that lost its fences would pass every other test."""
    assert len(BLOCKS) == 19
    assert len(blocks("python")) == 5


@pytest.mark.parametrize("shown", BLOCKS, ids=str)
def test_a_block_runs_and_leaves_its_files(shown: Block, tmp_path: Path) -> None:
    """Each step succeeds and its file is there; fragments run once what they left out is put in."""
    result = run(shown.text, tmp_path)
    assert [(s.name, s.reason) for s in result if not s.success] == []
    assert all(s.output_path and s.output_path.stat().st_size > 0 for s in result)
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_the_hybrid_flows_as_drawn(tmp_path: Path) -> None:
    """base_image, then the three of the group, then final; the drawing names them all."""
    result = run(block("yaml", "Hybrid Pipelines").text, tmp_path)
    drawn = block("", "Hybrid Pipelines").text
    assert all(step.name in drawn for step in result)
    middle = [result[n] for n in ("video_version", "edited_version", "upscaled_version")]
    start = {s.name: s.attempts[0].started for s in result}
    assert all(start[s.name] >= result["base_image"].attempts[0].finished for s in middle)
    assert start["final"] >= max(s.attempts[0].finished for s in middle)


def test_the_comments_of_the_group_options_are_true() -> None:
    """``fail_fast: true  # Default``: what the guide calls a default is one."""
    for heading in ("Fail-Fast Mode (Default)",):
        assert "# Default" in block("yaml", heading).text
    assert Settings().fail_fast is None  # nothing said: the cascade's default, which the table test holds
