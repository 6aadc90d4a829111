"""The pages of compare and what-if: self-contained, harmless, and the same figures as the text."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image

from acp_action.report.compare import compare_runs
from acp_action.report.compare_view import comparison_text
from acp_action.report.comparison import Run
from acp_action.report.html.answers import Beside, render_comparison, render_what_if
from acp_action.report.html.plot import draw_trials
from acp_action.report.summarise import summarise
from acp_action.report.what_if import Assumed, Trial, WhatIf
from acp_action.report.what_if_view import what_if_text
from tests.fakes import Trace, a_plan, a_step, carry_out
from tests.report.runs import EVIL, mixed_run

if TYPE_CHECKING:
    from pathlib import Path


def beside(folder: Path, colour: str, *names: str, evil: str = "") -> Beside:
    """A run whose folder has a picture of this colour for each step."""
    folder.mkdir()
    steps = [a_step(i, name) for i, name in enumerate(names)]
    report = summarise(carry_out(a_plan(steps, name=f"Show{evil}"), [Trace() for _ in names]))
    report = replace(report, steps=tuple(replace(s, files=(f"{s.name}.png",)) for s in report.steps))
    for name in names:
        Image.new("RGB", (64, 48), colour if name == "other" else "white").save(folder / f"{name}.png")
    sha = {name: (colour if name == "other" else "white") for name in names}
    outputs = [{"step": name, "file": f"{name}.png", "kind": "image", "sha256": sha[name]} for name in names]
    return Beside(Run(f"{folder.name}{evil}", report, outputs), folder, f"./{folder.name}/")


def compared(tmp_path: Path, evil: str = "") -> str:
    """The page of two runs: one step differs, one is alike, each run has one of its own."""
    a = beside(tmp_path / "a", "red", "alike", "other", "gone", evil=evil)
    b = beside(tmp_path / "b", "blue", "alike", "other", "new", evil=evil)
    return render_comparison(compare_runs(a.run, b.run), a, b)


def check_harmless(page: str) -> None:
    """Nothing runs, nothing is loaded from elsewhere, and no foreign text is markup."""
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "script-src" not in page
    assert "default-src 'none'" in page
    addresses = re.findall(r"""(?:src|href|poster)="([^"]*)""", page)
    assert [address for address in addresses if not address.startswith(("./", "data:", "#"))] == []


def test_pictures_stand_next_to_each_other_the_differing_ones_first(tmp_path: Path) -> None:
    """Each step has both pictures, small ones in the page, and links to the files; the alike come last."""
    page = compared(tmp_path)
    check_harmless(page)
    assert re.findall(r"<h3><bdi>(\w+)</bdi>", page) == ["other", "gone", "new", "alike"]
    assert page.count("data:image/webp") == 6
    assert re.findall(r'href="(\./[ab]/other\.png)"', page) == ["./a/other.png", "./b/other.png"]
    assert page.count("not in this run") == 2
    assert "Steps that are alike (1)" in page


def test_foreign_texts_are_shown_letter_by_letter(tmp_path: Path) -> None:
    """Names of runs and steps, reasons and texts come from anywhere."""
    check_harmless(compared(tmp_path, evil=EVIL))
    run = Run(f"x{EVIL}", summarise(mixed_run(EVIL)), [])
    other = Run("y", replace(run.report, steps=()), [])
    sides = (Beside(run, tmp_path, "./"), Beside(other, tmp_path, "./"))
    page = render_comparison(compare_runs(run, other), *sides)
    check_harmless(page)
    assert "&lt;img src=x" in page


def tried(evil: str = "") -> WhatIf:
    """A run tried with three numbers of workers under both schedules."""
    trials = [Trial("ordered", n, 12.0 / n, float(n), 0) for n in (1, 2, 4)]
    trials += [Trial("dataflow", n, 10.0 / n, float(n), 0) for n in (1, 2, 4)]
    return WhatIf(
        "run", f"Show{evil}", 5, "ordered", 2, 6.0, 6.03, 12.0, 1,
        (Assumed("fal", "2 at once", f"seen{evil}"),), (f"note{evil}",), tuple(trials), (f"advice{evil}",),
    )  # fmt: skip


def test_the_page_of_trials_has_every_figure() -> None:
    """Advice, picture and table; the replay's error, and what was assumed."""
    page = render_what_if(tried())
    check_harmless(page)
    cells = re.findall(r'<td class="num">([^<]+)</td>', page)
    assert cells[:4] == ["12.0s", "1.0x", "10.0s", "1.0x"]
    assert "Played again under the same settings: 6.0s, 0.5% off" in page
    assert "fal: 2 at once (seen)" in page
    check_harmless(render_what_if(replace(tried(EVIL), stopped=EVIL, doubt=EVIL)))


def test_a_run_that_was_stopped_is_told_its_way_to_the_end() -> None:
    """How far its time is off the recorded one says nothing, so nothing is said of that."""
    found = replace(tried(), stopped="interrupted")
    for told in (render_what_if(found), what_if_text(found)):
        assert "It was stopped; under the same settings it takes 6.0s to its end" in told
        assert "0.5" not in told
    assert (found.off, found.to_dict()["off"], found.to_dict()["stopped"]) == (None, None, "interrupted")


def test_a_replay_that_is_far_off_and_trials_in_doubt_are_told() -> None:
    """What 2 % could not be had of is told at once; in place of advice stands why there is none."""
    found = replace(tried(), replayed=6.3, advice=(), doubt="who knows")
    for told in (render_what_if(found), what_if_text(found)):
        assert "6.3s, 5.0% off; other figures may be as far" in told
        assert "No advice: who knows" in told


def test_the_picture_keeps_times_and_workers_in_proportion() -> None:
    """Half the time is half the height; numbers of workers stand at even distances from left to right."""
    plot = draw_trials(tried())
    (one, two, four) = plot.curves[0].dots
    assert (plot.bottom - one.y, plot.bottom - four.y) == (
        2 * (plot.bottom - two.y),
        (plot.bottom - two.y) / 2,
    )
    assert [dot.x for dot in (one, two, four)] == ["0%", "50%", "100%"]
    assert plot.own == two.y
    assert [tick.label for tick in plot.workers] == ["1", "2", "4"]
    assert [tick.label for tick in plot.times] == ["0", "5s", "10s"]
    assert plot.knee is None


def test_the_knee_is_marked_where_the_run_stands() -> None:
    """In words at the schedule of the run, as a full dot at every other; not where the most still pays."""
    trials = [Trial("dataflow", n, took, 1.0, 0) for n, took in ((1, 8.0), (2, 4.0), (3, 4.0))]
    trials += [Trial("ordered", n, took, 1.0, 0) for n, took in ((1, 4.1), (2, 4.0), (3, 4.0))]
    plot = draw_trials(replace(tried(), trials=tuple(trials)))
    assert plot.knee == ("0%", plot.curves[1].dots[0].y, "1 worker is enough", False)
    assert [[dot.enough for dot in curve.dots] for curve in plot.curves] == [
        [False, True, False], [True, False, False],
    ]  # fmt: skip
    # Two names and the recorded time at one height stand apart.
    heights = sorted([*(curve.label_y for curve in plot.curves), plot.own_y])
    assert all(b - a >= 16 for a, b in pairwise(heights))


def test_a_long_prompt_is_shown_where_it_differs(tmp_path: Path) -> None:
    """What follows a hundred words that are the same, in its own direction and with its joined emoji."""
    same = "a lighthouse on a cliff at dusk, " * 20
    sides = [beside(tmp_path / name, "red", "other") for name in ("a", "b")]
    sides[0].run.records[0]["params"] = {"prompt": f"{same}warm 👩🏽‍🚀"}  # type: ignore[index]
    sides[1].run.records[0]["params"] = {"prompt": f"{same}cold"}  # type: ignore[index]
    found = compare_runs(sides[0].run, sides[1].run)
    page = render_comparison(found, sides[0], sides[1])
    assert re.findall(r"<li>(\w+) <bdi>….*?(\w+)(?: 👩🏽‍🚀)?</bdi> → <bdi>….*?(\w+)</bdi>", page) == [
        ("prompt", "warm", "cold")
    ]
    assert "warm" in comparison_text(found)
