"""A run that wrote no report is told from its log, as far as the log goes."""

from __future__ import annotations

import errno
import json
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acp_action.api.compare import compare
from acp_action.api.what_if import what_if
from acp_action.engine.result import Attempt, Status, StepResult
from acp_action.engine.throttle import Limits
from acp_action.errors import UsageError
from acp_action.events import StepStarted
from acp_action.report.files import find_run, write_reports
from acp_action.report.forms import FORMS, render
from acp_action.report.model import RunReport
from acp_action.report.planned import plan_values
from acp_action.report.summarise import summarise
from acp_action.store.journal_lines import unsealed
from acp_action.store.manifest import build_manifest, iso_time
from acp_action.store.run_log import RunLog
from acp_action.store.strict_json import to_json
from tests.fakes import guide_run
from tests.plan.make import plan_text
from tests.report.logs import Logged, logged_run, resealed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.report.files import Found

SEEDS = st.integers(0, 100_000)


@contextmanager
def any_logged(seed: int) -> Iterator[Logged]:
    """A run with its log, in a folder that goes away."""
    with tempfile.TemporaryDirectory() as place:
        yield logged_run(Path(place), seed)


def as_written(report: RunReport) -> RunReport:
    """The report as it comes back from its file."""
    return RunReport.from_dict(json.loads(to_json(report.to_dict())))


def every_form(found: Found, folder: Path) -> None:
    """Each form can be made."""
    for form in FORMS:
        text = render(form, found.report, folder, folder, found.manifest, filed=found.filed)
        assert text.encode()


@settings(max_examples=50)
@given(SEEDS)
def test_the_whole_log_tells_what_the_run_told(seed: int) -> None:
    """Figure by figure, and record by record of the manifest: whatever ends its steps had."""
    with any_logged(seed) as (run, folder, _):
        found = find_run(folder)
        assert as_written(found.report) == as_written(summarise(run, folder.resolve()))
        assert json.loads(to_json(found.manifest)) == json.loads(
            to_json(build_manifest(run, folder.resolve()))
        )


@settings(max_examples=40)
@given(SEEDS, st.data())
def test_a_log_cut_anywhere_tells_what_was_settled_by_then(seed: int, data: st.DataObject) -> None:
    """A kill may come in the middle of a line: what stands before it is told as the whole run tells it."""
    with any_logged(seed) as logged:
        head, *rest = logged.lines
        content = b"".join(rest[:-1])
        cut = data.draw(st.integers(0, len(content)))
        logged.log.write_bytes(head + content[:cut])
        found = find_run(logged.folder)
        whole = as_written(summarise(logged.run, logged.folder.resolve()))
        records = [unsealed(line) for line in content[:cut].split(b"\n") if line]
        settled = {r["step"] for r in records if r is not None and r["do"] == "settled"}
        for index in settled:
            assert found.report.steps[index] == whole.steps[index]
        assert (found.report.status, len(found.report.steps)) == ("stopped", len(whole.steps))
        assert found.report.total_duration <= whole.total_duration
        assert found.report.warnings == whole.warnings
        assert "the run was killed at about" in found.report.stopped


ONE_OF_EACH = """
settings: {schedule: dataflow}
steps:
  - {name: a, type: text_to_image, params: {prompt: a}}
  - type: parallel_group
    name: g
    steps:
      - {name: b, type: image_to_image, input_from: a, params: {prompt: b}}
      - {name: c, type: text_to_image, params: {prompt: c}}
  - {name: d, type: image_to_video, input_from: b, params: {prompt: d}}
"""
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@settings(max_examples=40)
@given(st.integers(0, 50), st.data())
def test_a_log_by_anybody_is_told_or_refused_in_words(seed: int, data: st.DataObject) -> None:
    """Sealed as it should be, with anything anywhere in it: no form of the report breaks."""
    with tempfile.TemporaryDirectory() as place:
        logged = logged_run(Path(place), seed, plan_text(ONE_OF_EACH))
        records = [unsealed(line.rstrip(b"\n")) for line in logged.lines]
        for _ in range(data.draw(st.integers(1, 3))):
            container, key = data.draw(st.sampled_from(places(records)))
            container[key] = data.draw(JUNK)
        logged.log.write_bytes(b"".join(map(resealed, records)))
        with suppress(UsageError):
            every_form(find_run(logged.folder), logged.folder)


@settings(max_examples=20)
@given(st.integers(0, 50), st.data())
def test_garbled_bytes_cost_their_lines(seed: int, data: st.DataObject) -> None:
    """What the disk changed is left out, and the report says that something is missing."""
    with tempfile.TemporaryDirectory() as place:
        logged = logged_run(Path(place), seed, plan_text(ONE_OF_EACH))
        content = bytearray(logged.log.read_bytes())
        begin = len(logged.lines[0])
        at = data.draw(st.integers(begin, len(content) - 2))
        content[at] ^= data.draw(st.integers(1, 255))
        logged.log.write_bytes(bytes(content))
        found = find_run(logged.folder)
        assert [text for text in found.report.warnings if "line cannot be used" in text or "lines" in text]
        every_form(found, logged.folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged: it does not begin as a run's log does"),
        (b"\x00" * 99, "is damaged"),
        (resealed({"do": "opened", "log": "acp-run-log/7", "plan": {}}), "form 7, this one reads 1"),
        (resealed({"do": "opened", "log": "acp-run-log/1"}), "what was planned cannot be read"),
        (resealed({"do": "opened", "log": "acp-run-log/1", "plan": {"kinds": 1}}), "what was planned"),
    ],
)
def test_a_log_that_cannot_be_used_is_explained(tmp_path: Path, content: bytes, said: str) -> None:
    """With the way to the report that is there: that of the run before is not shown in its place."""
    logged = logged_run(tmp_path, 1)
    write_reports(guide_run(tmp_path), tmp_path)
    logged.log.write_bytes(content)
    with pytest.raises(UsageError, match=said) as caught:
        find_run(tmp_path)
    assert "name report.json itself to see the run before" in str(caught.value)
    assert find_run(tmp_path / "report.json").report.pipeline == guide_run().plan.name


def hostile(logged: Logged, change: Any) -> Found:
    """What is found when one of the lines of steps was changed."""
    records = [unsealed(line.rstrip(b"\n")) for line in logged.lines]
    for record in records:
        if record is not None:
            change(record)
    logged.log.write_bytes(b"".join(map(resealed, records)))
    return find_run(logged.folder)


@pytest.mark.parametrize("name", ["../victim.png", "/etc/passwd", "a/../../b.png", "", "a\0b"])
def test_no_file_outside_of_the_folder_is_named(tmp_path: Path, name: str) -> None:
    """A page would show it, and a comparison read it."""

    def lead_astray(record: dict[str, Any]) -> None:
        for file in (record.get("output") or {}).get("files", ()):
            file[1] = name

    found = hostile(logged_run(tmp_path, 3), lead_astray)
    assert not [step.files for step in found.report.steps if step.files]
    assert "cannot be used" in found.report.warnings[-1]


def test_groups_that_stand_in_each_other_are_refused(tmp_path: Path) -> None:
    """Nobody who walks up the groups walks for ever."""

    def turn(record: dict[str, Any]) -> None:
        for group in record.get("plan", {}).get("groups", ()):
            group[1] = 0

    with pytest.raises(UsageError, match="its group 'g' stands in itself"):
        hostile(logged_run(tmp_path, 3, plan_text(ONE_OF_EACH)), turn)


def test_steps_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    """Nothing of such a plan could ever have begun."""

    def turn(record: dict[str, Any]) -> None:
        for step in record.get("plan", {}).get("steps", ()):
            step[9] = [3]

    with pytest.raises(UsageError, match="wait for each other"):
        hostile(logged_run(tmp_path, 3, plan_text(ONE_OF_EACH)), turn)


def cut_before(logged: Logged, word: bytes) -> Found:
    """What is found of a run that was killed before the first line with this word."""
    lines = logged.lines
    first = next(number for number, line in enumerate(lines) if word in line)
    logged.log.write_bytes(b"".join(lines[:first]))
    return find_run(logged.folder)


def test_a_killed_run_can_be_played_and_compared(tmp_path: Path) -> None:
    """Steps that never ended are guessed; parameters, seeds and hashes are compared as for any run."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for folder in (killed, whole):
        folder.mkdir()
    run = logged_run(whole, 8, plan_text(ONE_OF_EACH)).run
    write_reports(run, whole)
    found = cut_before(logged_run(killed, 8, plan_text(ONE_OF_EACH)), b'"do":"ended"')
    assert found.report.status == "stopped"
    assert what_if(killed).steps == 4
    a, b = compare(killed, whole).steps[0].a, compare(killed, whole).steps[0].b
    assert a == b
    assert a is not None
    assert a.params == {"prompt": "a 0 ü"}
    assert a.files[0].sha256
    every_form(found, killed)


def test_the_run_that_began_last_is_the_one_that_is_told(tmp_path: Path) -> None:
    """Where a log could not be removed, as without locks, a later run that wrote its report wins over it."""
    logged = logged_run(tmp_path, 5)
    write_reports(guide_run(tmp_path), tmp_path)
    begun = logged.run.started_wall
    value = json.loads((tmp_path / "report.json").read_text())
    for began, log_wins in ((begun - 1.0, True), (begun, True), (begun + 1.0, False)):
        (tmp_path / "report.json").write_text(json.dumps(value | {"started": iso_time(began)}))
        assert find_run(tmp_path).filed is not log_wins


@settings(max_examples=40)
@given(SEEDS, st.integers(2, 60))
def test_a_log_that_failed_for_a_while_tells_all_in_the_end(seed: int, failing: int) -> None:
    """Whichever line met the fault: once there is room again, the end makes up for what is missing."""

    class Failing(RunLog):
        lines = 0

        def _write(self, line: bytes) -> None:
            self.lines += 1
            if self.lines == failing and b'"do":"ended"' not in line:
                raise OSError(errno.ENOSPC, "full")
            super()._write(line)

    with tempfile.TemporaryDirectory() as place:
        run, folder, _ = logged_run(Path(place), seed, kind=Failing)
        assert as_written(find_run(folder).report) == as_written(summarise(run, folder.resolve()))


NESTED = (
    """
settings: {schedule: dataflow, max_workers: 2, fail_fast: false}
steps:
  - type: parallel_group
    name: g
    max_workers: 3
    steps:
"""
    + "".join(f"      - {{name: s{i}, type: text_to_image, params: {{prompt: a}}}}\n" for i in range(5))
    + """
      - type: parallel_group
        name: inner
        max_workers: 2
        steps:
"""
    + "".join(f"          - {{name: t{i}, type: text_to_image, params: {{prompt: a}}}}\n" for i in range(5))
)


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([Limits(none=True), Limits(min_interval=1.5), Limits(concurrency=2)]))
def test_what_held_a_step_up_is_known_when_its_run_is_killed(seed: int, limits: Limits) -> None:
    """As in its whole run, but that where group and limit held it up at once, the group counts."""
    with tempfile.TemporaryDirectory() as place:
        logged = logged_run(Path(place), seed, plan_text(NESTED), limits=limits)
        lines, whole = logged.lines, summarise(logged.run, logged.folder.resolve())
        for number, line in enumerate(lines):
            record = unsealed(line.rstrip(b"\n"))
            if record is None or record["do"] != "started" or record["attempt"] != 1:
                continue
            end = whole.steps[record["step"]]
            if len(end.attempts) > 1:
                continue
            logged.log.write_bytes(b"".join(lines[: number + 1]))
            told, true = find_run(logged.folder).report.steps[record["step"]].split, end.split
            limited = true.throttle - end.attempts[0].queued
            assert told.worker + told.throttle == pytest.approx(true.worker + limited, abs=1e-5)
            assert told.worker >= true.worker - 1e-5
            if limited < 1e-5:
                assert told.throttle < 1e-5


def test_a_limit_that_lets_steps_start_one_by_one_is_blamed_for_it(tmp_path: Path) -> None:
    """There was room in the group all the while; once it is full, it is the group."""
    names = [f"s{i}" for i in range(5)]
    steps = "".join(
        f"      - {{name: {name}, type: text_to_image, params: {{prompt: a}}}}\n" for name in names
    )
    group = "steps:\n  - type: parallel_group\n    name: g\n    max_workers: 4\n    steps:\n"
    plan = plan_text(group + steps)
    log = RunLog(tmp_path, plan, plan_values(plan), beat=1000.0)
    for number, name in enumerate(names[:4]):
        log.heard(StepStarted(10.0 * number, name, "g", number + 1, 5, 1, number, "flux_dev", "fal", None))
    first = Attempt(1, 0.0, 37.0, 0, "fatal", "no")
    log.settled(0, StepResult("s0", "text_to_image", "flux_dev", "fal", "g", Status.FAILED, "no",
                              attempts=(first,), settled=37.0))  # fmt: skip
    log.heard(StepStarted(40.0, "s4", "g", 5, 5, 1, 0, "flux_dev", "fal", None))
    log.close(keep=True)
    found = find_run(tmp_path).report.steps
    assert [(step.split.worker, step.split.throttle) for step in found[1:]] == [
        (0.0, 10.0), (0.0, 20.0), (0.0, 30.0), (7.0, 33.0),
    ]  # fmt: skip


def test_a_torn_report_does_not_hide_a_log(tmp_path: Path) -> None:
    """What can be told is told."""
    logged = logged_run(tmp_path, 5)
    (tmp_path / "report.json").write_text("torn")
    assert find_run(tmp_path).filed is False
    logged.log.unlink()
    with pytest.raises(UsageError, match="torn"):
        find_run(tmp_path)
