"""Every bad answer of a service with jobs has its outcome, and no order is paid twice."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from acp_action.errors import AccountClosed, RateLimited
from tests.providers.jobs import FAL, FAL_POLLED, KINDS, REPLICATE, Kind, attempt
from tests.providers.services import Remembering, a_token
from tests.simulators import fal_faults, replicate_faults

if TYPE_CHECKING:
    from pathlib import Path

# By the fault's name (a pattern): how the attempt ends, and how many bills stand then. The first that fits
# counts.
OUTCOMES = (
    (r"N2\..*", "UnknownOutcome", 1),
    (r"N3\.cut_after_id", "done", 1),
    (r"N3\..*", "UnknownOutcome", 1),
    (r"N4\.timeout|N11\.slow_json", "(DeadlineExpired|done)", 1),  # done: the late cancel finds it ended
    (r"N11\..*", "DeadlineExpired", 1),
    (r"N4\..*|N5\..*", "done", 1),
    (r"N6\.gone", "FatalError", 1),
    (r"N(6|7|8|9|10)\..*|N12\.hop|N13\..*", "done", 1),
    (r"N12\.order", "FatalError", 0),
    (r"N12\.(file|far|loop)", "FatalError", 1),
    (r"P1\..*|P2\..*|P3\.(concurrency|pace)", "RateLimited", 0),
    (r"P3\.busy", "TransientError", 0),
    (r"P4\..*|P5\..*", "AccountClosed", 0),
    (r"P6\.(crashed)", "TransientError", 0),
    (r"P6\.(400|422|rejected|failed)", "(FatalError|FieldError)", 0),
    (r"P7\.refused", "PolicyRefusal", 0),
    (r"P7\.nsfw", "PolicyRefusal", 1),
    (r"P8\.error|P11\..*|P13\..*", "done", 1),
    (r"P9\..*|P14\..*", "FatalError", 1),
    (r"P10\.stuck", "DeadlineExpired", 0),
    (r"P10\.aborted", "TransientError", 0),
)
# Rows that say something else of other services, and are held where they mean something.
ELSEWHERE = re.compile(r"P3\.day|N12\.(read|private|metadata)")
# What is the same code for both, and once is enough.
SHARED = re.compile(r"N(7|8|9|10|13)\..*|N11\.(drip|stall)|N12\.(hop|file|far|loop)|P1\..*")
# What a job's end is told with, so that no earlier question may use it up.
LASTING = re.compile(r"P(9|14)\..*")
HANGS = re.compile(r"N2\.timeout|N4\.timeout|N11\..*|P10\.stuck")
CASES = [
    pytest.param(kind, name, id=f"{kind.name}-{name}")
    for kind in (FAL, REPLICATE)
    for name in kind.simulator.faults()
    if not ELSEWHERE.fullmatch(name) and (kind is FAL or not SHARED.fullmatch(name))
]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_each_fault_has_its_outcome(
    kind: Kind, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of faults: how the attempt ends, what stands on the bill, and that one order was made."""
    end, bills = next((end, bills) for row, end, bills in OUTCOMES if re.fullmatch(row, name))
    for module in (fal_faults, replicate_faults):
        monkeypatch.setattr(module, "_HUGE", 2**20)  # what 64 MiB do is told where downloads are tested
    with kind.simulate() as sim:
        sim.script(name, times=math.inf if LASTING.fullmatch(name) else 1)
        token = a_token(0.3 if HANGS.fullmatch(name) else 5.0, hasty=0 if HANGS.fullmatch(name) else 20)
        made = attempt(kind, sim, tmp_path, token=token, seed=7)
        assert re.fullmatch(end, made.end), made.error
        assert len(sim.ledger) == bills
        assert len(sim.calls("order")) == 1
    assert made.trail.doubtful == (made.end == "UnknownOutcome")
    assert [*tmp_path.iterdir()] == ([made.product.files[0].path] if made.product else [])


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_ten_bad_answers_in_a_row_are_outlasted(kind: Kind, tmp_path: Path) -> None:
    """Trouble with the status or the result is met by asking again; the order is not repeated."""
    with kind.simulate() as sim:
        sim.script("N4.504", times=10)
        made = attempt(kind, sim, tmp_path, token=a_token(20.0, hasty=200))
        assert made.end == "done"
        assert len(sim.calls("order")) == len(sim.ledger) == 1


@pytest.mark.parametrize("kind", [FAL_POLLED, REPLICATE], ids=lambda k: k.name)
@pytest.mark.parametrize("fault", ["N4.drop", "N5.unknown", "N5.backwards", "N5.404"])
def test_a_status_without_sense_is_tolerated(kind: Kind, fault: str, tmp_path: Path) -> None:
    """Unknown states, steps backwards, and not being known yet pass."""
    with kind.simulate() as sim:
        sim.script(fault, times=2)
        made = attempt(kind, sim, tmp_path)
        assert (made.end, len(sim.ledger)) == ("done", 1)


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_a_redirected_question_is_no_answer(kind: Kind, tmp_path: Path) -> None:
    """No redirect is followed with the key; the job stays on the trail."""
    with kind.simulate() as sim:
        sim.script("N12.read", times=3)
        made = attempt(kind, sim, tmp_path)
        assert made.end == "FatalError"
        assert "points elsewhere" in str(made.error)
    assert made.trail.job is not None


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_nobody_there_is_no_doubt(kind: Kind, tmp_path: Path) -> None:
    """A connection that is refused sent nothing."""
    with kind.simulate() as sim, sim.unreachable():
        made = attempt(kind, sim, tmp_path)
    assert made.end == "TransientError"
    assert made.trail.lines == ["intended", "withdrawn"]


@pytest.mark.parametrize(
    ("kind", "fault", "why"),
    [
        (FAL, "P4.credit", "credit"),
        (FAL, "P5.401", "key"),
        (FAL, "P5.403", "key"),
        (REPLICATE, "P4.credit", "credit"),
        (REPLICATE, "P5.401", "key"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_closed_account_is_told_apart(kind: Kind, fault: str, why: str, tmp_path: Path) -> None:
    """Key and credit each stop the provider, with the name of the variable and without its value."""
    with kind.simulate() as sim:
        sim.script(fault)
        error = attempt(kind, sim, tmp_path).error
    assert isinstance(error, AccountClosed)
    assert error.why == why
    assert sim.key not in str(error)
    assert (f"{sim.provider.upper()}_KEY" in str(error)) == (why == "key")


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_a_wait_in_the_text_is_honoured(kind: Kind, tmp_path: Path) -> None:
    """``resets in ~2s`` counts like the header."""
    with kind.simulate() as sim:
        sim.script("P2.body")
        error = attempt(kind, sim, tmp_path).error
    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert 0 < error.retry_after < 10


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_a_rejected_field_is_told_by_the_file_s_name(kind: Kind, tmp_path: Path) -> None:
    """The service's words, and the parameter as it stands in the file."""
    with kind.simulate() as sim:
        sim.script("P6.422")
        error = attempt(kind, sim, tmp_path).error
    assert str(error).startswith("params.prompt: ")
    assert "Field is bad" in str(error)


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_an_expired_address_is_read_anew_by_the_job_s_id(kind: Kind, tmp_path: Path) -> None:
    """A later run with the result written down, and its address gone."""
    with kind.simulate() as sim:
        first = attempt(kind, sim, tmp_path)
        sim.script("N6.410")
        again = attempt(kind, sim, tmp_path, trail=Remembering(result=first.trail.result))
        assert again.end == "done"
        assert len(sim.calls("order")) == 1


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_media_in_the_answer_are_not_written_down(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data URI is asked for again by the job's id; the trail holds addresses only."""
    with kind.simulate() as sim:
        sim.script("P14.garbage", times=math.inf)
        monkeypatch.setattr("acp_action.providers.jobs.adapter._LONGEST_KEPT", 8)
        made = attempt(kind, sim, tmp_path)
        assert made.end == "FatalError"
        sim.calm()
        assert made.trail.result is not None
        assert made.trail.result["files"] == [""]
        again = attempt(kind, sim, tmp_path, trail=Remembering(result=made.trail.result))
        assert (again.end, len(sim.calls("order"))) == ("done", 1)


@pytest.mark.parametrize(
    ("kind", "fault", "settled", "end"),
    [
        (FAL, "P7.nsfw", True, "PolicyRefusal"),
        (FAL, "P9.empty", False, "done"),
        (REPLICATE, "P7.refused", True, "PolicyRefusal"),
        (REPLICATE, "P9.empty", False, "done"),
    ],
    ids=lambda value: str(getattr(value, "name", value)),
)
def test_what_may_be_billed_is_not_ordered_again(
    kind: Kind, fault: str, settled: bool, end: str, tmp_path: Path
) -> None:
    """A later run says the same of a refusal, and asks a job without files once more; it orders nothing."""
    with kind.simulate() as sim:
        sim.script(fault, times=math.inf)
        made = attempt(kind, sim, tmp_path)
        assert made.error is not None
        assert (made.trail.lines[-1] == "settled") == settled
        assert "withdrawn" not in made.trail.lines
        sim.calm()
        again = attempt(kind, sim, tmp_path, trail=made.trail)
        assert (again.end, len(sim.calls("order"))) == (end, 1)
