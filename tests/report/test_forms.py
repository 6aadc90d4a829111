"""A finished run in every other form: a picture of its timeline, a trace, a table, its events."""

from __future__ import annotations

import csv
import io
import itertools
import json
import unicodedata
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.engine.outcome import Fatal, Transient
from acp_action.events import (
    LaneHeld,
    LaneReopened,
    StepProgressed,
    StepStarted,
    TimePassed,
    event_fields,
)
from acp_action.report.files import find_run, load_report, write_reports
from acp_action.report.forms import FORMS, render
from acp_action.report.replay import replayed
from acp_action.report.steps_csv import COLUMNS, render_csv
from acp_action.report.summarise import summarise
from acp_action.report.svg import render_svg
from acp_action.report.trace import trace_dict
from tests.engine.harness import DONE
from tests.engine.plans import Spec, plan_of
from tests.fakes import guide_run
from tests.report.golden import check
from tests.report.pages import Page
from tests.report.runs import EVIL, OUT, Played, any_play, any_run, mixed_run
from tests.report.showcase import HOSTILE, hostile_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.engine.outcome import Outcome
    from acp_action.engine.result import RunResult
    from acp_action.report.model import RunReport

SVG = "{http://www.w3.org/2000/svg}"


def parsed(report: RunReport) -> ET.Element:
    """The picture of a run, as a parser of XML reads it."""
    return ET.fromstring(render_svg(report))  # noqa: S314 - our own


@pytest.mark.parametrize("form", ["svg", "trace", "csv", "jsonl"])
def test_forms_read_as_agreed(form: Any) -> None:
    """As in ``tests/golden``."""
    text = render(form, summarise(mixed_run(), OUT), OUT, OUT)
    if form == "trace":
        text = "".join(f"{json.dumps(event)}\n" for event in json.loads(text)["traceEvents"])
    check(f"mixed.{form}", text)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_made_from_what_lies_in_the_folder(tmp_path: Path, form: Any) -> None:
    """Of a hostile run too, and each ends in one line end and can be written as UTF-8."""
    write_reports(hostile_run(tmp_path), tmp_path)
    text = render(form, load_report(tmp_path), tmp_path, tmp_path)
    assert text.rstrip("\n").encode()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\x1b" not in text


@pytest.mark.parametrize("evil", [*HOSTILE, EVIL])
def test_foreign_text_is_text_in_the_picture(evil: str) -> None:
    """It parses as XML and has the elements that it has without the attack; nothing in it leads anywhere."""
    elements = [element.tag for element in parsed(summarise(mixed_run("q"), OUT)).iter()]
    assert [element.tag for element in parsed(summarise(mixed_run(evil), OUT)).iter()] == elements
    assert {f"{SVG}a", f"{SVG}script", f"{SVG}image"}.isdisjoint(elements)


def test_a_picture_of_many_steps_is_one_of_workers() -> None:
    """Names of rows that could not be read are not drawn."""
    report = summarise(guide_run(), OUT)
    names = {text.text for text in parsed(report).iter(f"{SVG}text")}
    assert {"image_1", "image_4"} <= names
    assert "worker 1" not in names
    many = tuple(replace(report.steps[i % 4], name=f"s{i}") for i in range(100))
    names = {text.text for text in parsed(replace(report, steps=many)).iter(f"{SVG}text")}
    assert "worker 1" in names
    assert "s1" not in names


@given(any_run())
def test_the_trace_is_whole_and_nothing_in_it_overlaps(run: RunResult) -> None:
    """Every attempt is an event; on a track each begins where or after the one before ended."""
    report = summarise(run, OUT)
    events = trace_dict(report)["traceEvents"]
    stretches = [event for event in events if event["ph"] == "X"]
    for place in {(event["pid"], event["tid"]) for event in stretches}:
        track = [(e["ts"], e["ts"] + e["dur"]) for e in stretches if (e["pid"], e["tid"]) == place]
        assert all(start <= end for start, end in track)
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(track)))
    attempts = [event for event in stretches if event["pid"] == 1]
    assert len(attempts) == sum(len(step.attempts) for step in report.steps)
    assert sum(e["dur"] for e in attempts) == pytest.approx(report.waits.service * 1e6, abs=100)
    busy = [event["args"]["busy"] for event in events if event["ph"] == "C"]
    assert max(busy, default=0) <= report.peak
    assert not busy or busy[-1] == 0


SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
CELLS = st.text(
    st.sampled_from(f"{SIGNS};,\"'|a \t\n\r\x00\x0b\x85\u00a0\u3000\ufeff\u200b\u200d\u202e\u2028"),
    max_size=12,
)


def blank(char: str) -> bool:
    """Whether a spreadsheet may overlook it at the beginning of a cell."""
    return char.isspace() or char == '"' or unicodedata.category(char)[0] in "CZ"


def test_times_of_no_run_are_no_fault_of_the_program() -> None:
    """A forged report may have any number that JSON can say; every form is made of it all the same."""
    report = summarise(mixed_run(), OUT)
    steps = [
        replace(s, settled=1e308, attempts=tuple(replace(a, finished=1e308) for a in s.attempts))
        for s in report.steps
    ]
    for form in FORMS:
        assert render(form, replace(report, steps=tuple(steps), total_duration=1e308), OUT, OUT)


@given(st.text(max_size=30) | CELLS, st.sampled_from(",;\t"))
def test_no_cell_of_the_table_is_a_formula(text: str, separator: str) -> None:
    """Whatever it begins with, seen or not, and whatever the spreadsheet takes for the end of a cell."""
    report = summarise(guide_run(), OUT)
    steps = [replace(step, name=text, reason=" " + text, files=(text,)) for step in report.steps]
    table = render_csv(replace(report, steps=tuple(steps)))
    assert table.count("\n") == 5
    for row in csv.reader(io.StringIO(table), delimiter=separator):
        assert separator != "," or len(row) == len(COLUMNS)
        for cell in row:
            bare = "".join(itertools.dropwhile(blank, cell))
            assert not bare.startswith(tuple(SIGNS))


@pytest.mark.parametrize(
    ("evil", "told"),
    [
        *((f"{sign}1", f"'{sign}1") for sign in SIGNS),
        ("  =1", "'  =1"),
        ("\t=1", "' =1"),
        ("\u00a0=1", "' =1"),
        ("\u3000=1", "' =1"),
        ("\u200d=1", "'\u200d=1"),
        ("\ufeff=1", "\\ufeff=1"),
        ("\n=1", "⏎=1"),
        ('=cmd|" /C calc"!A0', '\'=cmd|" /C calc"!A0'),
        ("x;=1+1", "x;'=1+1"),
        ('x; "=1+1"', 'x;\' "=1+1"'),
        ("it said: no; try 1 - 2 = 3", "it said: no; try 1 - 2 = 3"),
        ("a\x1b[31m\x9b\x00", "a\\u001b[31m\\u009b\\u0000"),
    ],
)
def test_formulas_are_shown_as_they_are_written(evil: str, told: str) -> None:
    """After an apostrophe, which spreadsheets do not show; harmless texts have none."""
    (_, row) = list(csv.reader(io.StringIO(render_csv(_named(evil)))))[:2]
    assert row[0] == told


def test_numbers_stay_numbers() -> None:
    """Also one below nought, which begins as a formula does."""
    step = summarise(guide_run(), OUT).steps[0]
    report = replace(summarise(guide_run(), OUT), steps=(replace(step, seed=-5, cost=0.04),))
    row: list[Any] = list(csv.reader(io.StringIO(render_csv(report)), quoting=csv.QUOTE_NONNUMERIC))[1]
    told = dict(zip(COLUMNS, row, strict=True))
    assert (told["seed"], told["cost_usd"]) == (-5.0, 0.04)


def _named(name: str) -> Any:
    report = summarise(guide_run(), OUT)
    return replace(report, steps=(replace(report.steps[0], name=name), *report.steps[1:]))


@given(any_run())
def test_events_are_told_in_order(run: RunResult) -> None:
    """The run first and last, every attempt, every retry and every step between them."""
    report = summarise(run, OUT)
    events = replayed(report, OUT)
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("RunStarted", "RunFinished")
    assert all(a["at"] <= b["at"] for a, b in pairwise(events))
    attempts = sum(len(step.attempts) for step in report.steps)
    assert names.count("StepStarted") == attempts
    assert names.count("StepFinished") == len(report.steps)
    assert names.count("StepParked") == attempts - sum(bool(step.attempts) for step in report.steps)


@given(any_play(stops=True))
def test_events_are_those_that_the_run_told(played: Played) -> None:
    """All but what lanes did, and expectations that the run itself gave rise to."""
    engine = played.engine()
    report = summarise(engine.run(played.stop_at), OUT)
    planned = {step.name: step.expected for step in played.plan.steps}
    lived: list[dict[str, Any]] = []
    for event in engine.recorder.events:
        match event:
            case LaneHeld() | LaneReopened() | StepProgressed() | TimePassed():
                continue
            case StepStarted():
                event = event._replace(expected=planned[event.step])
        lived.append(event_fields(event))
    told = replayed(report, OUT)
    assert [e["event"] for e in told[:1]] == ["RunStarted"]
    pairs = zip(sorted(told[1:], key=by_name), sorted(lived, key=by_name), strict=True)
    for one, other in pairs:
        assert one == roughly(other)


def by_name(event: Mapping[str, Any]) -> list[str]:
    """What tells an event from those of other steps, groups and attempts."""
    return [str(event.get(key, "")) for key in ("event", "step", "group", "scope", "attempt", "reason")]


def roughly(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event, its figures as exact as a report keeps them."""
    return {k: pytest.approx(v, abs=1e-4) if isinstance(v, float) else v for k, v in event.items()}


def test_a_report_that_says_no_pause_tells_the_time_that_passed() -> None:
    """Older versions did not write down what was decided: up to the next attempt, or to the end."""
    report = summarise(mixed_run(), OUT)
    (step,) = [step for step in report.steps if len(step.attempts) > 1][:1]
    old = replace(step, attempts=tuple(replace(attempt, pause=None) for attempt in step.attempts))
    first, second = old.attempts[:2]
    events = replayed(replace(report, steps=(old,), plan=None), OUT)
    parked = [event["delay"] for event in events if event["event"] == "StepParked"]
    assert parked[0] == pytest.approx(second.started - first.finished, abs=1e-6)


def test_a_stop_comes_before_the_steps_that_it_ended_and_after_the_one_it_came_from() -> None:
    """Also where all happened at one moment, and the files of a step are named in full."""
    plan = plan_of([Spec("a"), Spec("b"), Spec("c", data=[1])], max_workers=2, fail_fast=True)
    answers: dict[str, list[tuple[float, Outcome]]] = {
        "a": [(1.0, Fatal("bad"))],
        "b": [(0.5, Transient("broken", 4.0))],
        "c": [(1.0, DONE)],
    }
    events = replayed(summarise(Played(plan, answers, limited=False).run(), OUT), OUT)
    assert [(e["event"], e.get("step", "")) for e in events[1:-1]] == [
        ("StepStarted", "a"), ("StepStarted", "b"), ("StepParked", "b"), ("StepFinished", "a"),
        ("StopRequested", ""), ("StepFinished", "b"), ("StepFinished", "c"),
    ]  # fmt: skip
    parked, stop = events[3], events[5]
    assert (parked["at"], parked["why"]) == (0.5, "retry")
    assert 4.0 <= parked["delay"] <= 4.5, "what was planned, though the stop came sooner"
    assert (stop["at"], stop["scope"], stop["reason"]) == (1.0, "", "'a' failed")
    finished = [e for e in replayed(summarise(guide_run(OUT), OUT), OUT) if e["event"] == "StepFinished"]
    assert finished[0]["output"] == ("/out/image_1.png",)


def test_a_page_made_elsewhere_finds_the_files(tmp_path: Path) -> None:
    """Addresses are as seen from where the page will stand."""
    folder = tmp_path / "a b/out"
    folder.mkdir(parents=True)
    run = guide_run(folder)
    write_reports(run, folder)
    for step in run.steps:
        (folder / f"{step.name}.png").write_bytes(b"x")
    page = Page(render("html", load_report(folder), folder, tmp_path / "pages"))
    assert "./../a%20b/out/image_1.png" in page.values("href")
    assert "./image_1.png" in Page(render("html", load_report(folder), folder, folder)).values("href")


def page_text(folder: Path) -> str:
    """What the page of the run in a folder says."""
    found = find_run(folder)
    return Page(render("html", found.report, folder, folder, found.manifest)).text


def test_the_manifest_of_another_run_is_not_taken(tmp_path: Path) -> None:
    """Its prompts would stand beside pictures that were not made from them."""
    write_reports(mixed_run(), tmp_path)
    text = page_text(tmp_path)
    assert "Seed" in text
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    prompt = {"prompt": "of this run"}
    manifest["outputs"][0]["params"] = prompt
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert "of this run" in page_text(tmp_path)
    manifest["started"] = "2020-01-01T00:00:00.000Z"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert "of this run" not in page_text(tmp_path)
