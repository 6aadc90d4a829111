from __future__ import annotations

import hashlib
import json
import os
import random
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.errors import ArtifactError
from acp_action.github.archive import Archive, pack
from acp_action.github.names import original_name

if TYPE_CHECKING:
    from collections.abc import Mapping


def pack_all(root: Path, contents: Mapping[str, bytes], compression: int = 6) -> Archive:
    """Write the files below a folder and pack them."""
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return pack(root, [root / name for name in contents], root.parent / "out.zip", compression=compression)


def unpacked(archive: Archive) -> dict[str, bytes]:
    """The contents by name, each checked against its CRC."""
    with zipfile.ZipFile(archive.path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def entries(archive: Archive) -> dict[str, zipfile.ZipInfo]:
    """What the archive says of its files."""
    with zipfile.ZipFile(archive.path) as opened:
        return {entry.filename: entry for entry in opened.infolist()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder to make an artifact of."""
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


file_names = (
    st.binary(min_size=1, max_size=20).filter(lambda raw: not set(raw) & set(b"/\x00")).map(os.fsdecode)
)


@given(st.dictionaries(file_names.filter(lambda n: n not in (".", "..")), st.binary(max_size=99), min_size=1))
def test_what_was_packed_comes_out(contents: dict[str, bytes]) -> None:
    """Every file comes out with its bytes; its real name is the one in the archive or told by the note."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        archive = pack_all(root, contents)
        found = unpacked(archive)
        note = next((n for n in found if n.endswith("RENAMED.json") and n not in archive.renamed), None)
        renamed = json.loads(found.pop(note)) if note and archive.renamed else {}
    assert renamed == archive.renamed
    assert {renamed.get(name, name): content for name, content in found.items()} == contents
    assert {name: original_name(name) for name in renamed} == renamed


def test_size_and_digest_are_those_of_the_file(root: Path) -> None:
    """What the service will be told of the zip is true."""
    archive = pack_all(root, {"a.txt": b"a", "b.png": b"b"})
    content = archive.path.read_bytes()
    assert (archive.bytes, archive.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert archive.files == 2


def test_same_files_make_the_same_bytes(root: Path) -> None:
    """Neither the order of the files, nor their times, nor the day count."""
    contents = {"b/x.json": b"{}", "a.png": b"1", "ä.txt": b"2"}
    first = pack_all(root, contents)
    for path in root.rglob("*"):
        os.utime(path, (time.time() - 1e6, 0))
    again = pack(root, [root / n for n in reversed(contents)], root.parent / "again.zip")
    assert again.sha256 == first.sha256
    assert list(entries(again)) == ["a.png", "b/x.json", "ä.txt"]
    assert {entry.date_time for entry in entries(again).values()} == {(1980, 1, 1, 0, 0, 0)}


def test_media_are_stored_and_texts_are_deflated(root: Path) -> None:
    """Media are compressed already; deflating them again costs time and saves nothing."""
    same = b"the same again " * 500
    found = entries(pack_all(root, {"a.PNG": same, "b.mp4": same, "c.wav": same, "d.json": same, "e": same}))
    stored = {name for name, entry in found.items() if entry.compress_type == zipfile.ZIP_STORED}
    assert stored == {"a.PNG", "b.mp4", "c.wav"}
    assert found["d.json"].compress_size < len(same) / 10


def test_level_of_compression_counts(root: Path) -> None:
    """0 stores texts too, 9 makes them smaller than 1 does."""
    text = random.Random(1).choices(b"abcdef ", k=50_000)
    sizes = [pack_all(root, {"a.txt": bytes(text)}, compression=level).bytes for level in (0, 1, 9)]
    assert sizes[0] > len(text)
    assert sizes[1] > sizes[2]


def test_sizes_stand_before_the_contents(root: Path) -> None:
    """A program that unpacks while it downloads finds the end of a stored file: no size comes after it."""
    found = entries(pack_all(root, {"a.png": b"PK\x03\x04", "b.txt": b"b"}))
    assert {entry.flag_bits & 0x08 for entry in found.values()} == {0}


def test_large_file_gets_the_fields_of_zip64(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large for the old fields is written with the new ones, and only such a file."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    archive = pack_all(root, {"large.png": b"l" * 2000, "small.png": b"s"})
    content = archive.path.read_bytes()
    assert content[4:6] == b"\x2d\x00"
    assert unpacked(archive) == {"large.png": b"l" * 2000, "small.png": b"s"}


def test_memory_stays_flat(root: Path) -> None:
    """A file is packed a piece at a time, however large it is."""
    (root / "film.mp4").touch()
    os.truncate(root / "film.mp4", 64 * 1024 * 1024)
    tracemalloc.start()
    try:
        pack(root, [root / "film.mp4"], root.parent / "out.zip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


def test_renamed_files_are_told_in_a_note(root: Path) -> None:
    """The note maps the name in the archive to the real one, and gives way to a file of its own name."""
    archive = pack_all(root, {"a:b.txt": b"x", "RENAMED.json": b"mine"})
    found = unpacked(archive)
    assert archive.renamed == {"a%3Ab.txt": "a:b.txt"}
    assert json.loads(found["_RENAMED.json"]) == archive.renamed
    assert found["RENAMED.json"] == b"mine"


def test_no_file_is_an_error(root: Path) -> None:
    """An artifact of nothing is a mistake."""
    with pytest.raises(ArtifactError, match="no files"):
        pack(root, [], root.parent / "out.zip")


@pytest.mark.parametrize("name", ["../outside.txt", "missing.txt", "folder", "pipe"])
def test_what_is_no_file_of_the_root_is_an_error(root: Path, name: str) -> None:
    """A file outside, a missing one, a folder and a pipe are refused by name, and no archive is left."""
    (root.parent / "outside.txt").write_text("x")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    with pytest.raises(ArtifactError, match=name.rpartition("/")[2]):
        pack(root, [root / name], root.parent / "out.zip")
    assert not (root.parent / "out.zip").exists()


def test_symbolic_link_is_never_followed(root: Path, tmp_path: Path) -> None:
    """What a link leads to is not packed: neither by a file nor by a folder on the way."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("key")
    (root / "link.txt").symlink_to(secret / "key.txt")
    (root / "folder").symlink_to(secret)
    (root / "inner.txt").symlink_to(root / "link.txt")
    for name in ("link.txt", "folder/key.txt", "inner.txt", "folder/../secret/key.txt"):
        with pytest.raises(ArtifactError, match=r"symbolic link|is not in"):
            pack(root, [root / name], tmp_path / "out.zip")


@pytest.mark.parametrize("given", ["alias", "output"])
def test_root_may_be_reached_by_a_link(root: Path, given: str) -> None:
    """Only links below the root count: a workspace is often behind one."""
    (root / "a.txt").write_text("a")
    alias = root.parent / "alias"
    alias.symlink_to(root)
    archive = pack(alias, [root.parent / given / "a.txt"], root.parent / "out.zip")
    assert list(entries(archive)) == ["a.txt"]


def test_archive_does_not_pack_itself(root: Path) -> None:
    """The target among the files would never end."""
    (root / "out.zip").touch()
    with pytest.raises(ArtifactError, match="into itself"):
        pack(root, [root / "out.zip"], root / "out.zip")


def test_file_that_grows_meanwhile_is_an_error(root: Path) -> None:
    """Half a file is never handed in as if it were whole."""
    (root / "log.txt").write_bytes(b"x" * 100)

    def grow() -> None:
        with (root / "log.txt").open("ab") as file:
            file.write(b"more")

    with pytest.raises(ArtifactError, match="changed while"):
        pack(root, [root / "log.txt"], root.parent / "out.zip", stop=grow)


def test_stop_ends_the_work_and_leaves_nothing(root: Path) -> None:
    """Whatever the caller raises comes out, and the unfinished archive is removed."""
    (root / "film.mp4").write_bytes(bytes(3 * 1024 * 1024))
    asked: list[int] = []

    def stop() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(root, [root / "film.mp4"], root.parent / "out.zip", stop=stop)
    assert not (root.parent / "out.zip").exists()


def test_full_disk_is_told(root: Path) -> None:
    """An archive that cannot be written says where and why."""
    (root / "a.txt").write_text("a")
    with pytest.raises(ArtifactError, match=r"cannot write the archive .*missing/out\.zip: No such file"):
        pack(root, [root / "a.txt"], root / "missing" / "out.zip")
