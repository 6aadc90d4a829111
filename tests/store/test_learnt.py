"""What is remembered of providers' limits from run to run, and how little a bad file can do."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acp_action.engine.throttle import Lanes, Throttle
from acp_action.store.learnt import SCHEMA, read, remembered

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_000_000.0
OURS = {("fal", "0123456789ab")}
LANE: dict[str, dict[str, Any]] = {
    "pace": {"rate": 5.0, "measured": 5.0, "plateau": 4.0, "span": 0.0, "agreeing": 2},
    "cap": {"level": 10, "confirmed": 2, "failures": 1},
}
WHOLE = {"schema": SCHEMA, "at": NOW, "lanes": {"fal/0123456789ab/flux": LANE}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with its state folder."""
    (tmp_path / "acp-state").mkdir(mode=0o700)
    return tmp_path


def state(folder: Path) -> Path:
    """Where it is written."""
    return folder / "acp-state/lanes.json"


def write(folder: Path, value: object) -> None:
    """A file as somebody may have left it."""
    state(folder).write_text(value if isinstance(value, str) else json.dumps(value))


def a_run(folder: Path, refusals: int, *, now: float = NOW, account: str = "0123456789ab") -> Lanes:
    """Lanes of a new process that is refused a few times, and what it leaves behind."""
    with remembered(folder, OURS, lanes=Lanes(), now=lambda: now) as lanes:
        lane = lanes.lane("fal", account, "google/flux")
        for n in range(refusals):
            ticket = lane.try_admit(now + 10.0 * n)
            assert not isinstance(ticket, float)
            lane.refused(ticket, now + 10.0 * n + 0.1)
    return lanes


def test_the_next_process_goes_on_from_what_this_one_learnt(folder: Path) -> None:
    """The file is for its owner alone; names with slashes are no trouble."""
    learnt = a_run(folder, 1).lane("fal", "0123456789ab", "google/flux").snapshot()
    assert state(folder).stat().st_mode & 0o777 == 0o600
    with remembered(folder, OURS, lanes=Lanes(), now=lambda: NOW + 3600.0) as lanes:
        assert learnt is not None
        assert lanes.lane("fal", "0123456789ab", "google/flux").snapshot() == learnt
        assert lanes.lane("fal", "another account", "google/flux").snapshot() is None


def test_after_a_day_it_counts_no_more(folder: Path) -> None:
    """Nor does what is from the future."""
    write(folder, WHOLE)
    for now in (NOW + 24 * 3600.0, NOW - 1.0):
        with remembered(folder, OURS, lanes=Lanes(), now=lambda now=now: now) as lanes:  # type: ignore[misc]
            assert lanes.lane("fal", "0123456789ab", "flux").snapshot() is None


def test_a_run_that_asked_nobody_makes_it_look_no_younger(folder: Path) -> None:
    """Everything was there already: what is written stays as old as it is."""
    write(folder, WHOLE)
    with remembered(folder, OURS, lanes=Lanes(), now=lambda: NOW + 1000.0) as lanes:
        lanes.lane("fal", "0123456789ab", "flux")
    assert json.loads(state(folder).read_text()) == WHOLE


def test_a_lane_that_is_there_already_goes_on_from_what_it_knows_itself(folder: Path) -> None:
    """Two runs in one process: the second one's file changes nothing."""
    lanes = Lanes()
    lane = lanes.lane("fal", "0123456789ab", "flux")
    write(folder, WHOLE)
    with remembered(folder, OURS, lanes=lanes, now=lambda: NOW):
        assert lanes.lane("fal", "0123456789ab", "flux") is lane
        assert lane.snapshot() is None


def test_of_other_accounts_nothing_is_kept(folder: Path) -> None:
    """What other runs of the process learn stays out of this folder."""
    a_run(folder, 1, account="of another run")
    assert not state(folder).exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "[" * 100_000,
        "null",
        '{"at": NaN}',
        json.dumps({**WHOLE, "schema": "acp-lanes/2"}),
        json.dumps({**WHOLE, "at": True}),
        json.dumps({**WHOLE, "at": "now"}),
        json.dumps({**WHOLE, "lanes": [LANE]}),
        json.dumps({**WHOLE, "more": 1}),
        json.dumps({**WHOLE, "lanes": {f"a/b/{n}": LANE for n in range(501)}}),
        json.dumps({**WHOLE, "lanes": {"a/b/" + "c" * 300_000: LANE}}),
        '{"at": ' + "9" * 5000 + "}",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_file_that_is_none_of_ours_is_not_used_and_that_is_said(
    folder: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever stands in it: the run begins as with a provider of which nothing is known."""
    write(folder, content)
    assert read(state(folder)) == {}
    assert "lanes.json cannot be used" in caplog.text


def test_neither_a_link_nor_a_pipe_is_read(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No link leads elsewhere, and a pipe holds nobody up."""
    elsewhere = folder / "elsewhere"
    elsewhere.write_text(json.dumps(WHOLE))
    state(folder).symlink_to(elsewhere)
    assert read(state(folder)) == {}
    state(folder).unlink()
    os.mkfifo(state(folder))
    assert read(state(folder)) == {}
    assert caplog.text.count("cannot be used") == 2


@pytest.mark.parametrize(
    ("meter", "field", "value"),
    [
        ("pace", "rate", 1e-9),
        ("pace", "rate", 1e9),
        ("pace", "rate", "5"),
        ("pace", "rate", True),
        ("pace", "measured", -1.0),
        ("pace", "plateau", 0.0),
        ("pace", "plateau", None),
        ("pace", "span", 1e9),
        ("pace", "span", float("nan")),
        ("pace", "agreeing", -1),
        ("pace", "agreeing", float("inf")),
        ("cap", "level", 0),
        ("cap", "level", float("inf")),
        ("cap", "level", [10]),
        ("cap", "confirmed", -1),
        ("cap", "failures", 10**6),
    ],
)
def test_a_figure_out_of_bounds_takes_its_entry_with_it(
    folder: Path, meter: str, field: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """The other entries count, and the log says how many do not."""
    bad = {**LANE, meter: {**LANE[meter], field: value}}
    write(folder, {**WHOLE, "lanes": {"fal//good": LANE, "fal//bad": bad}})
    assert read(state(folder)) == {"at": NOW, "lanes": {"fal//good": LANE}}
    assert "1 of 2 entries" in caplog.text


@pytest.mark.parametrize("lane", [None, {}, {"pace": LANE["pace"]}, {**LANE, "wall": 1}, {**LANE, "cap": []}])
def test_an_entry_of_another_form_is_passed_over(folder: Path, lane: object) -> None:
    """Whatever stands in its place."""
    write(folder, {**WHOLE, "lanes": {"fal//": lane}})
    assert read(state(folder))["lanes"] == {}


numbers = st.one_of(st.floats(0.0, 1e5), st.integers(0, 10**5))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_file_makes_requests_quicker_than_they_are_without_one(data: Any) -> None:
    """A provider that refuses nothing is sent no request earlier than by a lane that knows nothing."""
    pace = {name: data.draw(numbers, name) for name in LANE["pace"]}
    cap = {name: data.draw(numbers, name) for name in LANE["cap"]}
    told = Throttle()
    told.restore({"pace": pace, "cap": cap})
    with_file, without = starts(told), starts(Throttle())
    assert all(ours >= theirs - 1e-9 for ours, theirs in zip(with_file, without, strict=True))


def test_a_file_that_promises_too_much_costs_hardly_more_refusals_than_none() -> None:
    """A limit of five a second, told to be five thousand: the first refusal ends the dream."""
    from tests.engine.servers import Client, TokenBucket

    liar = Throttle()
    pace = {"rate": 5000.0, "measured": 5000.0, "plateau": 0.01, "span": 0.0, "agreeing": 1000}
    assert liar.restore({"pace": pace, "cap": {"level": 5000, "confirmed": 1000, "failures": 0}})
    lied_to = Client(TokenBucket(5.0, 5.0), liar, jobs=400).run()
    cold = Client(TokenBucket(5.0, 5.0), Throttle(), jobs=400).run()
    assert len(lied_to.refusals) <= len(cold.refusals) + 3
    assert lied_to.seconds <= 1.05 * cold.seconds


def starts(throttle: Throttle, count: int = 60) -> list[float]:
    """When so many requests leave that are all let in at once, each as early as may be."""
    now, moments = 0.0, []
    for _ in range(count):
        now = max(throttle.next_opening(now), now)
        throttle.completed(throttle.admit(now), now)
        moments.append(now)
    return moments
