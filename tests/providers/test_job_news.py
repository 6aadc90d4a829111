"""What an attempt tells of its job while it waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action.providers.jobs.news import JobNews
from acp_action.providers.jobs.watch import Look
from tests.providers.jobs import FAL, FAL_POLLED, KINDS, REPLICATE, Attempt, Kind, attempt
from tests.providers.services import Remembering, a_token
from tests.simulators.fal import FalSimulator
from tests.simulators.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

LONG = 30.0
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)


def told(*looks: tuple[float, Look]) -> list[tuple[str, str, int | None]]:
    """What is told of looks at their seconds."""
    made = Attempt(Remembering())
    news = JobNews(made.tell)
    for now, look in looks:
        news.saw(look, now)
    return made.told


def test_each_change_is_told_once() -> None:
    """Places count from 1 for the next; the same twice is no news; the end is told by the step's own."""
    looks = [Look("queued", position=6), Look("queued", position=6), Look("queued", position=0)]
    looks += [Look("starting"), Look("begun"), Look("begun"), Look("ended")]
    assert told(*enumerate(looks)) == [
        ("queued", "", 7),
        ("queued", "", 1),
        ("starting", "", None),
        ("begun", "", None),
    ]


def test_a_look_that_led_to_nothing_tells_why() -> None:
    """Once for all that follow each other, and then the job's state again, for those who show it."""
    looks = [
        Look("begun"),
        Look("unclear", trouble="HTTP 503"),
        Look("gone", trouble="HTTP 404"),
        Look("begun"),
    ]
    assert told(*enumerate(looks)) == [
        ("begun", "", None),
        ("unclear", "HTTP 503", None),
        ("begun", "", None),
    ]


def test_a_flood_of_changes_is_not_passed_on() -> None:
    """However often a service writes; what is left out is told by the next look that shows it."""
    flood = [(n / 1000, Look("queued", position=2000 - n)) for n in range(2001)]
    heard = told(*flood)
    assert 100 < len(heard) <= 103
    assert told(*flood, (9.0, Look("queued", position=0)))[-1] == ("queued", "", 1)


def test_another_state_is_told_however_many_places_came_before() -> None:
    """That the job is at work may be the last thing a service says for minutes."""
    flood = [(n / 200, Look("queued", position=150 - n)) for n in range(150)]
    assert told(*flood, (0.75, Look("begun")), (60.0, Look("ended")))[-1] == ("begun", "", None)


@each_kind
def test_a_job_is_followed_from_its_order_to_its_files(kind: Kind, tmp_path: Path) -> None:
    """The id first, so that it can be looked up there; that it is fetched last."""
    with kind.simulate() as sim:
        made = attempt(kind, sim, tmp_path)
    assert made.trail.job is not None
    assert made.told[0] == ("ordered", made.trail.job.id, None)
    assert made.told[-1] == ("fetching", "", None)
    assert {what for what, _, _ in made.told} <= {"ordered", "queued", "starting", "begun", "fetching"}


def ahead(sim: FalSimulator, count: int) -> list[Job]:
    """So many long jobs of others, in order."""
    jobs = [Job(f"other-{n}", "fal-ai/other", {}, "", sim.now(), LONG) for n in range(count)]
    for job in jobs:
        sim.queue.add(job)
    return jobs


@pytest.mark.parametrize("kind", [FAL, FAL_POLLED], ids=lambda k: k.name)
def test_places_in_the_queue_of_fal_are_told(kind: Kind, tmp_path: Path) -> None:
    """One job works and one waits before it: second, then next, then at work; by stream and by looks."""
    with kind.simulate(concurrency=1) as sim:
        assert isinstance(sim, FalSimulator)
        others = ahead(sim, 2)

        def note(what: str) -> None:
            if what == "queued":
                sim.queue.finish(others.pop(0), sim.now())

        made = attempt(kind, sim, tmp_path, heard=note)
    assert made.end == "done"
    assert made.told[1:3] == [("queued", "", 2), ("queued", "", 1)]


@each_kind
def test_a_job_of_an_earlier_run_is_taken_up(kind: Kind, tmp_path: Path) -> None:
    """By its id; a result that is known already only has to be fetched."""
    with kind.simulate() as sim:
        first = attempt(kind, sim, tmp_path).trail
        assert first.job is not None
        again = attempt(kind, sim, tmp_path, trail=Remembering(job=first.job))
        known = attempt(kind, sim, tmp_path, trail=Remembering(result=first.result))
    assert again.told == [("taken_up", first.job.id, None), ("fetching", "", None)]
    assert known.told == [("taken_up", "", None), ("fetching", "", None)]


@pytest.mark.parametrize("kind", [FAL_POLLED, REPLICATE], ids=lambda k: k.name)
def test_a_look_that_is_repeated_is_told(kind: Kind, tmp_path: Path) -> None:
    """The service is in trouble, and the job is asked for again."""
    with kind.simulate() as sim:
        sim.script("N5.unknown")
        made = attempt(kind, sim, tmp_path)
    assert made.end == "done"
    assert [what for what, detail, _ in made.told if "unknown state" in detail] == ["unclear"]


@pytest.mark.parametrize("kind", [FAL, REPLICATE], ids=lambda k: k.name)
def test_that_a_job_was_called_off_there_is_told(kind: Kind, tmp_path: Path) -> None:
    """As the last word of the attempt."""
    token = a_token()
    with kind.simulate(LONG) as sim:
        sim.script("P10.stuck")
        trail = Remembering("accepted", lambda: token.cancel("stopped by hand"))
        made = attempt(kind, sim, tmp_path, token=token, trail=trail)
    assert made.told[-1] == ("cancelled", made.told[0][1], None)
