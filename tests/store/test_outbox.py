"""Outputs get their names whole or not at all (contract rule 10; F1, F3, F5, F8, F10, S12)."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from acp_action.artifacts import Kind, Output
from acp_action.errors import FatalError
from acp_action.providers.base import Product, ProductFile
from acp_action.store.outbox import Outbox


def make(
    outbox: Outbox, stem: str, *contents: bytes, kind: Kind = "image", extension: str = "png"
) -> Product:
    """A product whose files are staged in the outbox."""
    stage = outbox.stage_for(stem)
    files = []
    for content in contents:
        path = stage(extension)
        path.write_bytes(content)
        files.append(ProductFile("image", path, {"width": 1}))
    return Product(kind, tuple(files))


def names(folder: Path) -> list[str]:
    """Everything in the folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_an_output_gets_the_steps_name_and_is_measured(tmp_path: Path) -> None:
    """The file is ``<stem>.<ext>``, with its size, hash and the provider's facts; nothing else is left."""
    outbox = Outbox(tmp_path)
    output = outbox.publish("cover", make(outbox, "cover", b"picture"))
    (file,) = output.files
    assert file.path == tmp_path / "cover.png"
    assert (file.bytes, file.sha256, file.facts) == (7, hashlib.sha256(b"picture").hexdigest(), {"width": 1})
    assert names(tmp_path) == ["cover.png"]


def test_plural_outputs_are_numbered_even_when_there_is_one(tmp_path: Path) -> None:
    """The name of the first file does not depend on how many there are."""
    outbox = Outbox(tmp_path)
    output = outbox.publish("tiles", make(outbox, "tiles", b"a", b"b", kind="images"))
    assert [f.path.name for f in output.files] == ["tiles_1.png", "tiles_2.png"]
    assert (
        Path(str(outbox.publish("one", make(outbox, "one", b"a", kind="images")).value[0])).name
        == "one_1.png"
    )


def test_a_text_is_written_as_utf_8(tmp_path: Path) -> None:
    """A text product gets a file and keeps its text; what cannot be encoded does not stop it."""
    output = Outbox(tmp_path).publish("facts", Product("text", text="Küste\ud800\n"))
    assert (tmp_path / "facts.txt").read_bytes() == "Küste?\n".encode()
    assert output == Output("text", output.files, "Küste\ud800\n")
    assert output.files[0].facts == {"characters": 7}


def test_a_stage_creates_nothing_and_never_gives_a_path_twice(tmp_path: Path) -> None:
    """Temporary paths stand hidden beside the target, end in the extension, and are fresh."""
    stage = Outbox(tmp_path).stage_for("a")
    paths = [stage("mp4") for _ in range(3)]
    assert len(set(paths)) == 3
    assert {(p.parent, p.name[:3], p.suffix) for p in paths} == {(tmp_path, ".a.", ".mp4")}
    assert names(tmp_path) == []


def test_an_extension_cannot_lead_elsewhere(tmp_path: Path) -> None:
    """Only short lower-case extensions are taken."""
    with pytest.raises(ValueError, match="extension"):
        Outbox(tmp_path).stage_for("a")("../../x")


def test_what_a_failed_attempt_left_is_discarded(tmp_path: Path) -> None:
    """Half-written files go; those of other steps and finished outputs stay."""
    outbox = Outbox(tmp_path)
    outbox.publish("done", make(outbox, "done", b"x"))
    make(outbox, "other", b"x")
    make(outbox, "failed", b"x")
    outbox.discard("failed")
    assert [n.split(".")[1] for n in names(tmp_path) if n.startswith(".")] == ["other"]
    assert (tmp_path / "done.png").exists()


def test_a_rest_that_cannot_be_removed_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is hidden, and the sweep of a later run takes it."""
    outbox = Outbox(tmp_path)
    make(outbox, "a", b"x")

    def fail(self: Path, missing_ok: bool) -> None:
        raise PermissionError(self)

    monkeypatch.setattr(Path, "unlink", fail)
    outbox.discard("a")
    assert len(names(tmp_path)) == 1


def test_unused_stages_are_removed_with_the_publication(tmp_path: Path) -> None:
    """An intermediate file of a provider is not left behind."""
    outbox = Outbox(tmp_path)
    product = make(outbox, "a", b"x", b"draft")
    outbox.publish("a", Product("image", product.files[:1]))
    assert names(tmp_path) == ["a.png"]


def test_an_output_replaces_the_one_of_the_last_run(tmp_path: Path) -> None:
    """File names are stable from run to run."""
    (tmp_path / "a.png").write_bytes(b"old")
    outbox = Outbox(tmp_path)
    outbox.publish("a", make(outbox, "a", b"new"))
    assert (tmp_path / "a.png").read_bytes() == b"new"


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_something_else_in_the_targets_place_is_refused(tmp_path: Path, kind: str) -> None:
    """A folder, a pipe or a link that leads outside is named, kept, and never written through."""
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    victim.write_text("precious")
    target = out / "a.png"
    if kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.symlink_to(victim)
    outbox = Outbox(out)
    with pytest.raises(FatalError, match=r"a\.png is a (folder|pipe|symbolic link).*remove it"):
        outbox.publish("a", make(outbox, "a", b"new"))
    assert victim.read_text() == "precious"
    assert names(out) == ["a.png"]


def test_a_link_that_stays_inside_is_replaced_not_followed(tmp_path: Path) -> None:
    """The new file takes the link's place; the file it led to is untouched."""
    (tmp_path / "v1.png").write_bytes(b"one")
    (tmp_path / "a.png").symlink_to("v1.png")
    outbox = Outbox(tmp_path)
    outbox.publish("a", make(outbox, "a", b"two"))
    assert not (tmp_path / "a.png").is_symlink()
    assert (tmp_path / "v1.png").read_bytes() == b"one"


def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    """A link to itself is named like any other obstacle."""
    (tmp_path / "a.png").symlink_to("a.png")
    outbox = Outbox(tmp_path)
    with pytest.raises(FatalError, match=r"symbolic link"):
        outbox.publish("a", make(outbox, "a", b"x"))


def test_a_temporary_file_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    """A provider's file must be a file; the content of a link's end is never published."""
    secret = tmp_path / "secret"
    secret.write_text("key")
    out = tmp_path / "out"
    out.mkdir()
    outbox = Outbox(out)
    path = outbox.stage_for("a")("png")
    path.symlink_to(secret)
    with pytest.raises(FatalError, match="symbolic links"):
        outbox.publish("a", Product("image", (ProductFile("image", path),)))
    assert names(out) == []


def test_an_empty_file_is_no_output(tmp_path: Path) -> None:
    """Zero bytes are never promoted, and neither is the good file beside them."""
    outbox = Outbox(tmp_path)
    with pytest.raises(FatalError, match=r"empty file for a_2\.png"):
        outbox.publish("a", make(outbox, "a", b"x", b"", kind="images"))
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("product", "error"),
    [
        (Product("images"), FatalError),
        (Product("image"), ValueError),
        (Product("text"), ValueError),
        (Product("image", (ProductFile("image", Path("/elsewhere/a.png")),)), ValueError),
    ],
)
def test_a_product_that_is_not_whole_is_refused(
    tmp_path: Path, product: Product, error: type[Exception]
) -> None:
    """Nothing made, or made in another place, is no output."""
    with pytest.raises(error):
        Outbox(tmp_path).publish("a", product)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EROFS])
def test_a_rename_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """When the disk fails at the last moment the error names the file, and nothing half done is left."""
    outbox = Outbox(tmp_path)
    (tmp_path / "a.png").write_bytes(b"old")
    product = make(outbox, "a", b"new")

    def fail(self: Path, target: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(FatalError, match=r"cannot write .*a\.png"):
        outbox.publish("a", product)
    assert names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_durable_outputs_are_synced_before_they_get_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``durable`` the file is synced, then renamed, then the folder is synced."""
    seen: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append((tmp_path / "a.png").exists()))
    outbox = Outbox(tmp_path, durable=True)
    outbox.publish("a", make(outbox, "a", b"x"))
    assert seen == [False, True]
    outbox.publish("b", Product("text", text="x"))
    assert len(seen) == 4


def test_a_relative_folder_is_held_to_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of outputs are absolute, so a change of folder in mid-run moves nothing."""
    monkeypatch.chdir(tmp_path)
    assert Outbox(Path("out")).folder == tmp_path / "out"


def test_many_workers_publish_at_once(tmp_path: Path) -> None:
    """Files of different steps never meet."""
    outbox = Outbox(tmp_path)

    def work(worker: int) -> None:
        for n in range(25):
            stem = f"s{worker}_{n}"
            outbox.publish(stem, make(outbox, stem, stem.encode()))

    threads = [threading.Thread(target=work, args=(w,)) for w in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        f"s{w}_{n}.png": f"s{w}_{n}" for w in range(8) for n in range(25)
    }
