"""The front door: what can be imported, what it costs, and that both doors are one."""

from __future__ import annotations

import inspect
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import acp_action
from acp_action import AIPipelineManager, AsyncAIPipelineManager

HEAVY = ("PIL", "av", "pydantic", "requests", "rich", "tenacity", "typer", "yaml")


def run_python(code: str, *, path: Path | None = None) -> str:
    """What a fresh interpreter prints; ``path``: found first by its imports."""
    lead = f"import sys; sys.path.insert(0, {str(path)!r}); " if path else "import sys; "
    done = subprocess.run(
        [sys.executable, "-c", lead + code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_all_is_sorted_and_importable() -> None:
    """__all__ lists the public names in order, each of which is there, and dir() knows them."""
    assert acp_action.__all__ == sorted(acp_action.__all__)
    assert [name for name in acp_action.__all__ if getattr(acp_action, name, None) is None] == []
    assert set(acp_action.__all__) <= set(dir(acp_action))


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    """A misspelt import fails as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'AIPipelineManger'"):
        _ = acp_action.AIPipelineManger


@pytest.mark.parametrize("code", ["import acp_action", "import acp_action.cli.app"])
def test_importing_costs_next_to_nothing(code: str) -> None:
    """The package loads nothing heavy before it is needed, its command line nothing but typer."""
    loaded = run_python(f"{code}; print([n for n in {HEAVY} if n in sys.modules])")
    assert loaded == ("[]" if code == "import acp_action" else "['typer']")


def test_nothing_of_ours_is_loaded_for_the_help() -> None:
    """--help imports the command line, the errors and what hides keys; none of the machinery."""
    code = (
        "from acp_action.cli.app import main; main(['--help']); "
        "print(sorted(m for m in sys.modules if m.startswith('acp_action.')))"
    )
    ours = run_python(code).splitlines()[-1]
    expected = ("cli", "cli.app", "cli.failure", "cli.streams", "errors", "redaction")
    assert ours == str([f"acp_action.{name}" for name in expected])


METHODS = [
    name for name, _ in inspect.getmembers(AIPipelineManager, inspect.isfunction) if not name.startswith("_")
]


@pytest.mark.parametrize("name", ["__init__", *METHODS])
def test_both_doors_have_the_same_signatures(name: str) -> None:
    """Every method of the one takes what the other's takes, with the same defaults and the same result."""
    plain, awaited = getattr(AIPipelineManager, name), getattr(AsyncAIPipelineManager, name)
    assert inspect.signature(plain) == inspect.signature(awaited)
    assert inspect.iscoroutinefunction(awaited) is (name != "__init__")


def test_both_doors_have_the_same_methods() -> None:
    """Neither door can do what the other cannot, and the guide's methods are there."""
    awaited: list[str] = [
        name
        for name, _ in inspect.getmembers(AsyncAIPipelineManager, inspect.isfunction)
        if not name.startswith("_")
    ]
    assert awaited == METHODS
    made = {"generate_image", "image_to_image", "image_to_video", "text_to_video", "text_to_speech"}
    assert {"run_pipeline", "analyze_image", *made} == set(METHODS)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The wheel of this checkout, unpacked; built without the network."""
    if not (repository / "acp_action").is_dir():
        pytest.skip("it is built from the sources, which are not here")
    folder = tmp_path_factory.mktemp("wheel")
    build: list[Any] = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*build, "--no-index", "--disable-pip-version-check", "--wheel-dir", folder, repository],
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_guides_import_path_works(wheel: Path) -> None:
    """From the wheel, the path that the guide imports from gives the very same classes."""
    code = (
        "from packages.core.ai_content_pipeline.pipeline.manager import AIPipelineManager as a, "
        "AsyncAIPipelineManager as b; import acp_action; "
        "print(a is acp_action.AIPipelineManager, b is acp_action.AsyncAIPipelineManager); "
        "print(acp_action.__file__)"
    )
    same, file = run_python(code, path=wheel).splitlines()
    assert same == "True True"
    assert Path(file).is_relative_to(wheel)


def test_the_wheel_has_all_that_is_read_at_run_time(wheel: Path, repository: Path) -> None:
    """Files that are no modules (catalogue, starter, marker of types) are in the wheel too."""
    wanted = {
        path.relative_to(repository)
        for path in (repository / "acp_action").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert {path for path in wanted if not (wheel / path).is_file()} == set()
    assert Path("acp_action/cli/starter.yaml") in wanted


def test_the_repository_has_no_packages_folder(repository: Path) -> None:
    """The guide's path is mapped when the wheel is built; it is no place in the repository."""
    assert not (repository / "packages").exists()
