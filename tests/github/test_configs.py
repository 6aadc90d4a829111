"""Which pipeline files are meant, and that none of them lies outside of the workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from acp_action.errors import UsageError
from acp_action.github.configs import find_configs, output_names


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with some pipelines, beside a file of somebody else's."""
    for name in ("ws/a.yaml", "ws/b/one.yaml", "ws/b/two.yaml", "ws/odd [1].yaml", "outside.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("steps: []")
    (tmp_path / "ws/link.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "ws/here.yaml").symlink_to("a.yaml")
    return tmp_path / "ws"


def found(workspace: Path, *patterns: str) -> list[str]:
    """The files, as texts."""
    return [path.as_posix() for path in find_configs(patterns, workspace)]


def test_files_come_in_order_and_once(workspace: Path) -> None:
    """The order of the patterns, by name within one; what two patterns match is run once."""
    assert found(workspace, "b/two.yaml", "b/*.yaml", "a.yaml") == ["b/two.yaml", "b/one.yaml", "a.yaml"]


def test_a_name_with_brackets_is_a_name(workspace: Path) -> None:
    """What exists as it is written is no pattern."""
    assert found(workspace, "odd [1].yaml") == ["odd [1].yaml"]


def test_a_link_within_the_workspace_is_followed(workspace: Path) -> None:
    """It is the same file under another name."""
    assert found(workspace, "here.yaml") == ["here.yaml"]


def test_an_absolute_path_in_the_workspace_is_taken(workspace: Path) -> None:
    """Runners turn paths of the host into those of the container."""
    assert found(workspace, str(workspace / "a.yaml"), str(workspace / "b/*.yaml")) == [
        "a.yaml",
        "b/one.yaml",
        "b/two.yaml",
    ]


@pytest.mark.parametrize(
    "pattern",
    ["none.yaml", "*.yml", "b", "../outside.yaml", "/etc/passwd", "link.yaml", "../*.yaml", "/etc/*", "a\0b"],
)
def test_what_names_no_file_of_the_workspace_is_told(workspace: Path, pattern: str) -> None:
    """S12, S13: nothing outside is read, not through a link either; and nothing is passed over silently."""
    with pytest.raises(UsageError, match=r"^input 'config': "):
        find_configs((pattern,), workspace)


def test_every_bad_pattern_is_told(workspace: Path) -> None:
    """All of them at once."""
    with pytest.raises(UsageError) as wrong:
        find_configs(("x", "a.yaml", "y"), workspace)
    assert len(str(wrong.value).splitlines()) == 2


def test_outputs_of_files_of_one_name_are_kept_apart() -> None:
    """A file's own name is enough, unless two are alike."""
    configs = [Path("a/p.yaml"), Path("b/p.yaml"), Path("b/q.yaml")]
    assert output_names(configs) == ("a-p", "b-p", "q")
