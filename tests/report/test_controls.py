"""Nothing that a report is shown as is obeyed by a terminal, whoever made the report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.report.compare import compare_runs
from acp_action.report.compare_view import comparison_text
from acp_action.report.comparison import Run
from acp_action.report.forms import FORMS, Form, render
from acp_action.report.html.answers import Beside, render_comparison, render_what_if
from acp_action.report.model import RunReport
from acp_action.report.summarise import summarise
from acp_action.report.what_if import Assumed, Trial, WhatIf
from acp_action.report.what_if_view import what_if_text
from acp_action.store.manifest import build_manifest
from tests.fakes import guide_run
from tests.report.runs import OUT, mixed_run

OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
EVERY = "".join(map(chr, (*range(32), *range(0x7F, 0xA0)))) + "\x1b]52;c;cHdu\x07\x9b31m\r\n"
KEPT = ("held_by", "schema", "started")
"""Of a report, what cannot be anything, or has a form of its own."""


def spoilt(value: Any, evil: str, key: str = "") -> Any:
    """The value with every text in it spoilt, and the keys of what is counted."""
    match value:
        case str():
            return value if key in KEPT else value + evil
        case list():
            return [spoilt(item, evil, key) for item in value]
        case dict():
            free = key in ("counts", "params", "notes")
            return {name + evil if free else name: spoilt(item, evil, name) for name, item in value.items()}
    return value


def forged(evil: str) -> tuple[RunReport, dict[str, Any]]:
    """A report and a manifest that somebody wrote by hand."""
    run = mixed_run()
    report = spoilt(json.loads(json.dumps(summarise(run, OUT).to_dict())), evil)
    return RunReport.from_dict(report), spoilt(build_manifest(run, OUT), evil)


def check(text: str) -> None:
    """Nothing in it but what is seen, line ends and tabs."""
    assert not OBEYED.search(text)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_forged_report_is_obeyed(form: Form) -> None:
    """Every text in it holds every control character, of both sets."""
    report, manifest = forged(EVERY)
    check(render(form, report, OUT, OUT, manifest))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6))
def test_no_text_in_a_report_is_obeyed(evil: str) -> None:
    """Whatever it is; the page is left to the test above, because it takes its time."""
    report, _ = forged(evil)
    for form in FORMS:
        if form not in ("html", "svg"):
            check(render(form, report, OUT, OUT))


def test_what_is_json_has_the_same_values() -> None:
    """They are escaped, not replaced."""
    report, _ = forged(EVERY)
    assert RunReport.from_dict(json.loads(render("json", report, OUT, OUT))) == report
    events = [json.loads(line) for line in render("jsonl", report, OUT, OUT).splitlines()]
    assert events[0]["pipeline"] == report.pipeline


def test_no_comparison_of_forged_reports_is_obeyed() -> None:
    """Neither as a text nor as a page."""
    report, manifest = forged(EVERY)
    run = Run(f"out{EVERY}", report, manifest["outputs"])
    other = Run("out", summarise(mixed_run(), OUT), [])
    for a, b in ((run, other), (other, run), (run, run)):
        check(comparison_text(compare_runs(a, b)))
        check(render_comparison(compare_runs(a, b), Beside(a, OUT, "./"), Beside(b, OUT, "./")))


def test_no_answer_to_what_if_is_obeyed() -> None:
    """Names of providers, sources and notes come from the report."""
    trials = (Trial("ordered", 1, 2.0, 1.0, 0), Trial("ordered", 2, 1.0, 2.0, 0))
    found = WhatIf(
        "run", EVERY, 2, EVERY, 1, 2.0, 2.0, 2.0, 0,
        (Assumed(EVERY, EVERY, EVERY),), (EVERY,), trials, (EVERY,),
    )  # fmt: skip
    check(what_if_text(found))
    check(render_what_if(found))


def test_what_a_step_of_the_path_waited_for_is_no_markup() -> None:
    """It may hold the name of a provider, which a forged report may have from anybody."""
    report = summarise(guide_run(), OUT)
    (item,) = report.critical_path
    item = replace(item, waited=1.0, waited_for="rate limit of [x](https://e.example) <b>")
    told = render("md", replace(report, critical_path=(item,)), OUT, OUT)
    assert "of waiting for the rate limit of `[x](https://e.example)` `<b>`" in told
