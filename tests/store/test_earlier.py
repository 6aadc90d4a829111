"""Files of an earlier run go when the step makes others, and only if they are surely ours (F8)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.providers.base import Product
from acp_action.store.outbox import Outbox
from tests.store.places import open_folder, without_rights
from tests.store.test_outbox import make

if TYPE_CHECKING:
    from pathlib import Path


def leave(folder: Path, name: str, content: bytes, *, listed: bytes | None = None) -> dict[str, Any]:
    """A file as an earlier run left it, and its record; ``listed``: what the manifest takes it for."""
    (folder / name).write_bytes(content)
    kept = content if listed is None else listed
    return {"file": name, "bytes": len(kept), "sha256": sha256(kept).hexdigest()}


def write_manifest(folder: Path, *records: Any) -> None:
    """An earlier run's manifest."""
    (folder / "manifest.json").write_text(json.dumps({"schema": "acp-manifest/1", "outputs": records}))


def test_an_output_of_another_extension_replaces_the_earlier_one(tmp_path: Path) -> None:
    """A picture that is now a JPEG does not stand beside the PNG of the last run."""
    write_manifest(tmp_path, leave(tmp_path, "a.png", b"old"))
    outbox = Outbox(tmp_path)
    outbox.publish("a", make(outbox, "a", b"new", extension="jpg"))
    assert not (tmp_path / "a.png").exists()
    assert (tmp_path / "a.jpg").exists()


def test_surplus_numbers_of_the_earlier_run_go(tmp_path: Path) -> None:
    """Four tiles after nine are four tiles."""
    write_manifest(tmp_path, *(leave(tmp_path, f"a_{n}.png", b"%d" % n) for n in range(1, 5)))
    outbox = Outbox(tmp_path)
    outbox.publish("a", make(outbox, "a", b"new", b"new", kind="images"))
    assert sorted(p.name for p in tmp_path.glob("a_*")) == ["a_1.png", "a_2.png"]


@pytest.mark.parametrize("content", [b"edited", b"OLD"])
def test_a_file_that_someone_changed_stays(tmp_path: Path, content: bytes) -> None:
    """Size and hash are held against the manifest before anything is removed."""
    write_manifest(tmp_path, leave(tmp_path, "a.png", content, listed=b"old"))
    Outbox(tmp_path).publish("a", Product("text", text="x"))
    assert (tmp_path / "a.png").read_bytes() == content


def test_a_file_that_no_manifest_lists_stays(tmp_path: Path) -> None:
    """What we did not make is not ours to remove."""
    leave(tmp_path, "a.psd", b"work")
    write_manifest(tmp_path)
    Outbox(tmp_path).publish("a", Product("text", text="x"))
    assert (tmp_path / "a.psd").exists()


def test_what_another_step_published_in_this_run_stays(tmp_path: Path) -> None:
    """A name that has passed to another step is not taken for the surplus of this one."""
    write_manifest(tmp_path, leave(tmp_path, "a_2.png", b"same"))
    outbox = Outbox(tmp_path)
    outbox.publish("a_2", make(outbox, "a_2", b"same"))
    outbox.publish("a", make(outbox, "a", b"new"))
    assert (tmp_path / "a_2.png").exists()


@pytest.mark.parametrize("name", ["../victim.png", "/etc/victim.png", "a\0.png", "", "a/../../victim.png"])
def test_a_forged_manifest_reaches_nothing_outside(tmp_path: Path, name: str) -> None:
    """Records with anything but a plain file name are passed over."""
    out = tmp_path / "out"
    out.mkdir()
    record = leave(tmp_path, "victim.png", b"precious")
    write_manifest(out, record | {"file": name})
    for stem in ("a", "victim", "../victim"):
        Outbox(out).publish("a", Product("text", text=stem))
    assert (tmp_path / "victim.png").exists()


def test_a_file_that_cannot_be_read_stays() -> None:
    """Without a look at its content nothing is removed, and nothing fails."""
    with open_folder() as folder:
        write_manifest(folder, leave(folder, "a.png", b"old"))
        (folder / "a.png").chmod(0o000)
        with without_rights():
            Outbox(folder).publish("a", Product("text", text="x"))
        assert (folder / "a.png").exists()


def test_a_link_is_never_removed(tmp_path: Path) -> None:
    """A link with the right name and the right content at its end is not a file we made."""
    record = leave(tmp_path, "kept", b"old") | {"file": "a.png"}
    (tmp_path / "a.png").symlink_to("kept")
    write_manifest(tmp_path, record)
    Outbox(tmp_path).publish("a", Product("text", text="x"))
    assert (tmp_path / "a.png").is_symlink()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schema": "acp-manifest/2", "outputs": []}', '{"schema": "acp-manifest/1"}',
     '{"schema": "acp-manifest/1", "outputs": [1, {"file": 2}, {"file": "a.png", "bytes": "3"}]}',
     "[" * 9999],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_vouches_for_nothing(tmp_path: Path, text: str) -> None:
    """A torn, foreign or newer manifest stops no publication and removes nothing."""
    leave(tmp_path, "a.png", b"old")
    (tmp_path / "manifest.json").write_text(text)
    Outbox(tmp_path).publish("a", Product("text", text="x"))
    assert (tmp_path / "a.png").exists()
