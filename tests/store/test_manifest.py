"""The manifest tells of every file how it was made, and of every step without one why (rule 10, S23, I21)."""

from __future__ import annotations

import json
import math
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from acp_action.engine.result import Status
from acp_action.store.manifest import build_manifest, read_outputs, write_manifest
from tests.fakes import Trace, a_plan, a_step, an_output, carry_out, guide_run

OUT = Path("/out")


def strict(text: bytes) -> Any:
    """JSON without the constants that are not JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def mixed() -> dict[str, Any]:
    """The manifest of a run with one output, one failure and one skipped step."""
    plan = a_plan([a_step(i, name) for i, name in enumerate(("good", "bad", "never"))], [(), (), (1,)])
    traces = [
        Trace((("transient", 0.5), ("done", 1.0)), backoff=0.25, cost=0.04, changes={"seed": 7}),
        Trace((("fatal", 0.5),), reason="no credit"),
        Trace((), reason="because 'bad' failed"),
    ]
    return build_manifest(carry_out(plan, traces), OUT)


def test_an_output_is_described_whole() -> None:
    """Step, kind, name, size, hash, facts, model, provider, params, seed, attempts and times are there."""
    (record,) = mixed()["outputs"]
    assert record == {
        "step": "good", "kind": "image", "file": "good.png", "bytes": 3,
        "sha256": sha256(b"png").hexdigest(),
        "media": {"width": 64, "height": 64, "format": "PNG"}, "type": "text_to_image", "model": "flux_dev",
        "model_name": "Flux Dev", "provider": "fal", "preview": False, "status": "succeeded",
        "params": {"seed": 0}, "seed": 7, "cost": 0.04, "attempts": 2,
        "timings": {"started": 0.0, "settled": 1.75, "inputs": 0.0, "worker": 0.0, "throttle": 0.0,
                    "backoff": 0.25, "processor": 0.0, "service": 1.5},
        "notes": {},
    }  # fmt: skip


def test_steps_without_output_say_why() -> None:
    """A failed and a skipped step are listed with status, reason and times."""
    lost = {r["step"]: (r["status"], r["reason"], r["attempts"]) for r in mixed()["without_output"]}
    assert lost == {"bad": ("failed", "no credit", 1), "never": ("skipped", "because 'bad' failed", 0)}


def test_a_preview_is_marked_on_the_run_and_on_each_file() -> None:
    """By the plan, or by the provider's own word."""
    manifest = build_manifest(guide_run(preview=True), OUT)
    assert manifest["preview"]
    assert all(record["preview"] for record in manifest["outputs"])
    plan = a_plan([a_step(0, "a")])
    told = carry_out(plan, [Trace(changes={"metadata": {"preview": True}})])
    assert build_manifest(told, OUT)["preview"]
    assert not build_manifest(guide_run(), OUT)["preview"]


def test_files_elsewhere_keep_their_whole_path() -> None:
    """Names are relative to the folder only where that is true."""
    run = guide_run(Path("/cache/x"))
    assert build_manifest(run, OUT)["outputs"][0]["file"] == "/cache/x/image_1.png"
    assert build_manifest(run, Path("/cache"))["outputs"][0]["file"] == "x/image_1.png"


def test_the_file_is_strict_json_and_stands_whole(tmp_path: Path) -> None:
    """No NaN, no lone surrogate; what cannot be said is null or replaced."""
    plan = a_plan([a_step(0, "a", params={"x": math.nan, "y": "\ud800", "z": (1, OUT)})])
    path = write_manifest(carry_out(plan, [Trace()]), tmp_path)
    (record,) = strict(path.read_bytes())["outputs"]
    assert record["params"] == {"x": None, "y": "?", "z": [1, "/out"]}
    assert [p.name for p in tmp_path.iterdir()] == ["manifest.json"]


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """The records come back as they were."""
    run = guide_run(tmp_path)
    assert read_outputs(write_manifest(run, tmp_path)) == build_manifest(run, tmp_path)["outputs"]


def test_a_giant_in_the_manifests_place_is_not_read(tmp_path: Path) -> None:
    """A file of any size costs no memory."""
    with (tmp_path / "manifest.json").open("wb") as file:
        os.truncate(file.fileno(), 1 << 40)
    assert read_outputs(tmp_path / "manifest.json") == []


def test_cached_outputs_are_listed_with_their_status() -> None:
    """An output that cost no attempt is an output all the same."""
    plan = a_plan([a_step(0, "a")])
    cached = Trace((), status=Status.CACHED, changes={"output": an_output(OUT, "a")})
    (record,) = build_manifest(carry_out(plan, [cached]), OUT)["outputs"]
    assert (record["status"], record["attempts"], record["timings"]["started"]) == ("cached", 0, None)
