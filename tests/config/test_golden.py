"""Several problems as a person meets them: one line each, the line of the file, and a caret."""

from __future__ import annotations

from pathlib import Path

import pytest

from acp_action.config.load import load_pipeline
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import ConfigError
from tests.report.golden import check

BROKEN = Path(__file__).with_name("broken.yaml")


def test_a_broken_pipeline_reads_like_this() -> None:
    """Rule 12: place, where, what, how to mend it; all of them, with line and caret."""
    source = YamlSource.from_text(BROKEN.read_text(encoding="utf-8"), "content/spring.yaml")
    with pytest.raises(ConfigError) as caught:
        load_pipeline(source)
    check("problems.txt", caught.value.render() + "\n")
