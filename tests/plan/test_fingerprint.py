"""I9: what is asked for decides, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from acp_action.artifacts import MediaFile, Output
from acp_action.errors import FatalError
from acp_action.plan.fingerprint import fingerprint
from acp_action.providers.base import Request, Source
from tests.fakes import a_model

TOP = Path(__file__).resolve().parent.parent.parent


def request(**changes: Any) -> Request:
    """A request for a picture."""
    plain = Request(
        "hero", "text_to_image", a_model(), {"seed": 1, "size": [2, 3.0]}, (), "a cat", 1, 0, preview=False,
        stage=lambda _extension: Path(),
    )  # fmt: skip
    return plain._replace(**changes)


def picture(digest: str, path: str = "/out/a.png") -> Output:
    """The output of a step before."""
    return Output("image", (MediaFile("image", Path(path), 3, digest),))


SAME = fingerprint(request())


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "a dog"}, {"text": None}, {"params": {"seed": 2, "size": [2, 3]}}, {"params": {}},
        {"params": {"seed": True, "size": [2, 3]}}, {"params": {"seed": "1", "size": [2, 3]}},
        {"model": a_model("flux_schnell")}, {"model": a_model(provider="replicate")},
        {"type": "image_to_image"}, {"media": (picture("ab"),)},
        {"media": (Source("image", url="https://example.com/a.png"),)},
    ],
)  # fmt: skip
def test_what_is_billed_changes_it(changes: dict[str, Any]) -> None:
    """Prompt, parameters, model and media."""
    assert fingerprint(request(**changes)) != SAME


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"size": (2, 3), "seed": 1.0}}, {"params": MappingProxyType({"seed": 1, "size": [2, 3]})},
        {"attempt": 4, "refusals": 2}, {"step": "villain"}, {"stage": None},
    ],
)  # fmt: skip
def test_what_is_not_billed_does_not(changes: dict[str, Any]) -> None:
    """The order of keys, the way numbers are written, and the attempt."""
    assert fingerprint(request(**changes)) == SAME


def test_a_step_before_counts_by_its_content() -> None:
    """The same picture under another name is the same; another picture under the same name is not."""
    before = fingerprint(request(media=(picture("ab", "/out/a.png"),)))
    assert fingerprint(request(media=(picture("ab", "/elsewhere/b.png"),))) == before
    assert fingerprint(request(media=(picture("cd", "/out/a.png"),))) != before


def test_a_file_counts_by_its_content(tmp_path: Path) -> None:
    """Edited, it is another one; copied elsewhere, it is not."""
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    first.write_bytes(b"one")
    second.write_bytes(b"one")

    def of(path: Path) -> str:
        return fingerprint(request(media=(Source("image", path),)))

    before = of(first)
    assert of(second) == before
    first.write_bytes(b"two")
    assert of(first) != before


def test_a_file_that_is_gone_fails_the_step(tmp_path: Path) -> None:
    """It was there when the run was checked."""
    with pytest.raises(FatalError, match=r"cannot read .*gone.png: No such file"):
        fingerprint(request(media=(Source("image", tmp_path / "gone.png"),)))


def test_another_address_is_another_service() -> None:
    """What a stand-in made in a test is not served as the real thing."""
    local = fingerprint(request(), {"api": "http://127.0.0.1:1"})
    assert local not in (SAME, fingerprint(request(), {"api": "http://127.0.0.1:2"}))
    assert fingerprint(request(), {}) == SAME


def test_every_process_finds_the_same() -> None:
    """It does not hang on the hash seed, the folder or the machine."""
    program = "from tests.plan.test_fingerprint import SAME; print(SAME)"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        cwd=TOP, env={"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert told.stdout.strip() == SAME
