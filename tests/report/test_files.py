"""Reports are on disk whatever happened, and old ones are read with care (DESIGN 5.7, F1, F3)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from acp_action.errors import OutputError, UsageError
from acp_action.report.files import load_report, write_form, write_reports
from acp_action.report.html import page
from acp_action.report.summarise import summarise
from tests.fakes import Trace, a_plan, a_step, carry_out, guide_run
from tests.report.runs import mixed_run
from tests.store.places import small_disk

if TYPE_CHECKING:
    from pathlib import Path


def test_four_files_stand_beside_the_outputs(tmp_path: Path) -> None:
    """Manifest and reports are written whole, and nothing else is left."""
    paths = write_reports(guide_run(tmp_path), tmp_path)
    assert (paths.manifest, paths.json, paths.markdown, paths.html, paths.problems) == (
        tmp_path / "manifest.json", tmp_path / "report.json", tmp_path / "report.md",
        tmp_path / "report.html", (),
    )  # fmt: skip
    assert len(list(tmp_path.iterdir())) == 4


def test_a_failed_run_is_reported_too(tmp_path: Path) -> None:
    """What was finished and what was not is in all of them."""
    write_reports(mixed_run(), tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["without_output"]
    assert load_report(tmp_path).status == "failed"


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """By folder or by file."""
    run = guide_run(tmp_path)
    paths = write_reports(run, tmp_path)
    assert paths.json is not None
    assert load_report(tmp_path) == load_report(paths.json) == summarise(run, tmp_path)


def test_on_a_full_disk_what_fits_is_written_and_the_rest_is_told(tmp_path: Path) -> None:
    """The manifest comes first; a report that does not fit leaves the old one and no torn file."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "report.json").write_text("old")
        (disk / "media").write_bytes(bytes(54_000))
        paths = write_reports(guide_run(disk), disk)
        assert paths.manifest == disk / "manifest.json"
        assert paths.json is None
        (problem, *_) = paths.problems
        assert problem.startswith(f"cannot write {disk}/report.json: the disk is full (")
        assert (disk / "report.json").read_text() == "old"
        assert not list(disk.glob(".*"))


def test_a_read_only_folder_is_told_for_each_file(tmp_path: Path) -> None:
    """No report can be written, and no exception hides the run's own result."""
    with small_disk(tmp_path / "disk", "64k", "ro") as disk:
        paths = write_reports(guide_run(disk), disk)
    assert paths[:4] == (None, None, None, None)
    assert len(paths.problems) == 4
    assert all("read-only" in problem for problem in paths.problems)


def test_a_link_in_a_reports_place_is_not_followed(tmp_path: Path) -> None:
    """What a link outside leads to is untouched; the other reports are written."""
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    victim.write_text("precious")
    (out / "report.md").symlink_to(victim)
    paths = write_reports(guide_run(out), out)
    assert paths.markdown is None
    assert "report.md is a symbolic link that leads outside" in paths.problems[0]
    assert victim.read_text() == "precious"
    assert load_report(out).status == "succeeded"


def test_a_pipeline_file_in_a_reports_place_is_called_one(tmp_path: Path) -> None:
    """Nobody is told to run again what was run."""
    (tmp_path / "pipeline.yaml").write_text("steps: []\n")
    with pytest.raises(UsageError, match=r"pipeline\.yaml is no report; name the output folder") as caught:
        load_report(tmp_path / "pipeline.yaml")
    assert "run the pipeline" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no report at .*; name the output folder"),
        ("", "is torn or is no report: .*; name the output folder of a run, or its report.json"),
        ('{"schema": "acp-report/1", "steps": [', "is torn or is no report"),
        ("[" * 100_000, "is torn or is no report"),
        ('{"schema": "acp-report/1", "speedup": NaN}', "NaN is not JSON"),
        ('{"schema": "acp-report/1", "speedup": 1e999}', "1e999 is too large a number"),
        ("[]", "this is not a report"),
        ('{"schema": "acp-report/7"}', "it is in the form acp-report/7"),
        ('{"schema": "acp-report/1"}', "Field required"),
    ],
)
def test_a_report_that_cannot_be_used_is_explained(tmp_path: Path, text: str | None, words: str) -> None:
    """Missing, torn, foreign and other versions are told apart, with what to do."""
    if text is not None:
        (tmp_path / "report.json").write_text(text)
    with pytest.raises(UsageError, match=words):
        load_report(tmp_path)


def test_a_folder_in_the_reports_place_is_explained(tmp_path: Path) -> None:
    """An error of the system is told in words."""
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UsageError, match=r"cannot read .*: Is a directory"):
        load_report(tmp_path)


def test_a_giant_is_not_read(tmp_path: Path) -> None:
    """A file of any size in the report's place costs no memory."""
    with (tmp_path / "report.json").open("wb") as file:
        os.truncate(file.fileno(), 1 << 40)
    with pytest.raises(UsageError, match="too large"):
        load_report(tmp_path)


def test_a_page_that_cannot_be_made_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other reports are there, and what went wrong is told."""

    def fail(*_given: object) -> str:
        raise ZeroDivisionError("no width")

    monkeypatch.setattr(page, "render_html", fail)
    paths = write_reports(guide_run(tmp_path), tmp_path)
    assert (paths.html, paths.markdown) == (None, tmp_path / "report.md")
    (problem,) = paths.problems
    assert problem.startswith(f"cannot make {tmp_path}/report.html: ZeroDivisionError: no width; ")
    assert not (tmp_path / "report.html").exists()


def test_ten_thousand_steps_are_reported(tmp_path: Path) -> None:
    """No step is left out of the files, however many there are."""
    steps = [a_step(i, f"s{i}", group=0, number=i + 1, total=10_000) for i in range(10_000)]
    plan = a_plan(steps, [() if i < 5000 else (i - 5000,) for i in range(10_000)])
    run = carry_out(plan, [Trace()] * 10_000, workers=32, folder=tmp_path)
    assert not write_reports(run, tmp_path).problems
    assert len(load_report(tmp_path).steps) == 10_000


def test_a_form_is_a_file_of_any_name(tmp_path: Path) -> None:
    """With or without an extension; one that was there is replaced, also through a link within the folder."""
    for name in ("report", "Report.HTML", "a.tar.gz", "x.with space"):
        write_form(tmp_path / name, "new\n")
        assert (tmp_path / name).read_text() == "new\n"
    (tmp_path / "link").symlink_to("report")
    write_form(tmp_path / "link", "newer\n")
    assert (tmp_path / "link").read_text() == "newer\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "Report.HTML", "a.tar.gz", "link", "report", "x.with space",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out", "it is a folder; name a file, in it or elsewhere"),
        ("none/x.html", r"the folder .*none does not exist; make it first, or name a file elsewhere"),
        ("file/x.html", r"the folder .*file is no folder; make it first, or name a file elsewhere"),
        ("link", "it is a symbolic link that leads out of its folder; name the file it stands for"),
        ("circle", "it is a symbolic link that leads out of its folder; name the file it stands for"),
        ("x" * 300, "the path is too long; name another file"),
    ],
)
def test_where_no_form_can_be_written_a_file_is_asked_for(tmp_path: Path, name: str, words: str) -> None:
    """Nobody is told to remove what may be the results, or to use an option that the command lacks."""
    (tmp_path / "out").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("/etc/hostname")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match=f"^cannot write .*: .*{words}$"):
        write_form(tmp_path / name, "new")


def test_into_a_pipe_a_form_is_written_through(tmp_path: Path) -> None:
    """It stays the pipe that it is."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_form(tmp_path / "pipe", "new\n")
        assert os.read(reader, 100) == b"new\n"
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
