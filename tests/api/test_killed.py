"""A run that was killed is reported from what it wrote down; a copy of its folder is what a kill leaves."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.config.cascade import Overrides
from acp_action.engine import run as engine
from acp_action.engine.throttle import Lanes
from acp_action.errors import RateLimited, TransientError
from acp_action.events import StepFinished, StepParked, StepStarted
from acp_action.providers.local.provider import LocalProvider
from acp_action.report.files import find_run
from acp_action.report.wording import next_words
from tests.oracle.paying import Paying, Service
from tests.store.places import small_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from acp_action.api.run import PipelineResult
    from acp_action.events import Event
    from acp_action.providers.base import Product, Request, Token
    from acp_action.report.files import Found
    from acp_action.report.model import StepLine

HERO = {"name": "hero", "type": "text_to_image", "model": "flux_dev", "params": {"prompt": "a cat"}}
FRAME = {"name": "frame", "type": "text_to_image", "model": "local", "params": {"prompt": "a frame"}}
AFTER = {**FRAME, "name": "after", "needs": "hero"}
VOICE = {"name": "voice", "type": "text_to_speech", "model": "elevenlabs", "params": {"text": "hello"}}


@dataclass
class House:
    """An output folder, services that keep a ledger, and copies of the folder as it stood at a moment."""

    place: Path
    mishap: Callable[[Request, Token], object] = lambda _request, _token: None
    point: Callable[[str], None] = lambda _name: None
    local: LocalProvider = field(default_factory=LocalProvider)

    @property
    def output(self) -> Path:
        return self.place / "output"

    @property
    def killed(self) -> Path:
        return self.place / "killed"

    def kill(self, *_: object) -> None:
        """Keep what is there, as if the process had been killed now; the first time counts."""
        if not self.killed.exists():
            shutil.copytree(self.output, self.killed)

    def run(self, *steps: dict[str, Any], **options: Any) -> PipelineResult:
        """Carry these steps out."""
        service = Service(self.place, self.point)
        providers: dict[str, Any] = {
            name: Paying(name, service, self.point, jobs=name == "fal", mishap=self.mishap)
            for name in ("fal", "elevenlabs")
        }
        providers["local"] = self.local
        settings = {"schedule": "dataflow", "fail_fast": False}
        wishes = Wishes(Overrides(output_dir=str(self.output)))
        plan = plan_pipeline({"name": "House", "settings": settings, "steps": [*steps]}, wishes, providers)
        return carry_out(plan, make_ready(plan, providers), providers=providers, **options)

    def step(self, name: str) -> StepLine:
        """What is told of a step of the killed run."""
        return next(step for step in find_run(self.killed).report.steps if step.name == name)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A new one."""
    return House(tmp_path)


def at(house: House, kind: type[Event], name: str, attempt: int = 1) -> Sequence[Any]:
    """Listeners that kill when a step has this event."""

    def listen(event: Event) -> None:
        of_step = isinstance(event, kind) and getattr(event, "step", "") == name
        if of_step and getattr(event, "attempt", attempt) == attempt:
            house.kill()

    return (listen,)


def test_a_request_whose_answer_nobody_heard_is_in_doubt(house: House) -> None:
    """With what it may have cost and how to go on, in the words of a run that saw it itself."""
    house.point = lambda name: house.kill() if name == "billed, not answered" else None
    house.run(HERO, AFTER)
    report = find_run(house.killed).report
    assert house.step("hero").status == "doubt"
    assert house.step("hero").reason == (
        "the run was killed while it was under way, when its request had been sent; it may have been billed, "
        "at up to 0.05 USD; look at the provider's own list, then run again with --resubmit-doubtful to "
        "order it once more"
    )
    assert (report.status, report.cost_unknown) == ("stopped", 1)
    assert report.stopped.endswith("; run the same command again: what was paid for is taken up")


def test_a_doubt_that_may_be_paid_for_twice_is_sent_again(house: House) -> None:
    """As ``max_duplicate_cost`` allows the next run to."""
    house.point = lambda name: house.kill() if name == "billed, not answered" else None
    house.run({**HERO, "max_duplicate_cost": 0.1})
    assert house.step("hero").reason.endswith("; the next run sends it again, as max_duplicate_cost allows")


def test_a_job_that_was_accepted_is_named(house: House) -> None:
    """Whoever looks into the provider's list finds it there."""
    house.point = lambda name: house.kill() if name == "before the download" else None
    house.run(HERO)
    made = "; fal has made it, and the next run fetches it"
    assert house.step("hero").reason == f"the run was killed while it was under way{made}"
    journal = house.killed / "acp-state/journal.jsonl"
    lines = [line for line in journal.read_text().splitlines(keepends=True) if '"settled"' not in line]
    journal.write_text("".join(lines))
    job = next(json.loads(line)["record"]["id"] for line in lines if '"accepted"' in line)
    known = f"; it is job {job} at fal, which the next run takes up"
    assert house.step("hero").reason == f"the run was killed while it was under way{known}"
    assert house.step("hero").status == "cancelled"


def test_a_step_that_was_not_ordered_yet_says_so(house: House) -> None:
    """Nothing was paid for it."""
    house.point = lambda name: house.kill() if name == "before the request" else None
    house.run(VOICE)
    journal = house.killed / "acp-state/journal.jsonl"
    lines = [line for line in journal.read_text().splitlines(keepends=True) if '"intended"' not in line]
    journal.write_text("".join(lines))
    assert house.step("voice").reason == "the run was killed while it was under way, before it was ordered"


def test_what_was_kept_is_used_by_the_next_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is paid for and on the disk, though the run did not live to say so."""
    from acp_action.store.outbox import Outbox

    place = Outbox.place

    def killed(outbox: Outbox, *given: Any, **options: Any) -> Any:
        house.kill()
        return place(outbox, *given, **options)

    monkeypatch.setattr(Outbox, "place", killed)
    house.run(HERO)
    assert house.step("hero").reason.endswith("; it was made, and the next run uses it")


def test_an_order_of_other_words_is_not_this_runs(house: House) -> None:
    """A doubt of a run before, about another prompt, is no doubt of this one."""
    house.point = lambda name: house.kill() if name == "billed, not answered" else None
    house.run(HERO)
    shutil.rmtree(house.output)
    house.killed.rename(house.output)
    house.point = lambda name: house.kill() if name == "before the request" else None
    house.run({**HERO, "params": {"prompt": "a dog"}})
    journal = house.killed / "acp-state/journal.jsonl"
    (*rest, last) = journal.read_text().splitlines(keepends=True)
    assert '"intended"' in last
    journal.write_text("".join(rest))
    assert house.step("hero").reason.endswith(", before it was ordered")


def test_a_journal_that_cannot_be_read_is_told(house: House) -> None:
    """Then nothing is said of orders, and why is said."""
    house.point = lambda name: house.kill() if name == "billed, not answered" else None
    house.run(HERO)
    journal = house.killed / "acp-state/journal.jsonl"
    journal.unlink()
    journal.mkdir()
    report = find_run(house.killed).report
    assert report.steps[0].reason == "the run was killed while it was under way"
    assert report.warnings[-1].startswith("what was ordered when the run ended is not known: ")


class Flaky(LocalProvider):
    """The embedded provider, after these errors."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self._errors = list(errors)

    def run(self, request: Request, token: Token) -> Product:
        """Fail, or make it."""
        if self._errors:
            raise self._errors.pop(0)
        return super().run(request, token)


@pytest.mark.parametrize(
    ("error", "outcome", "wait"),
    [
        (RateLimited("slow down", retry_after=0.01), "refused", "throttle"),
        (TransientError("the line was cut"), "transient", "backoff"),
    ],
)
def test_a_step_killed_between_attempts_keeps_those_it_had(
    house: House, error: Exception, outcome: str, wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in its next attempt, with the wait between them by its kind."""
    # What it learns of limits here is not for the runs of other tests.
    monkeypatch.setattr(engine, "_SHARED", Lanes())
    house.local = Flaky(error)
    house.run(FRAME, listeners=at(house, StepParked, "frame"))
    step = house.step("frame")
    assert [(attempt.outcome, attempt.reason) for attempt in step.attempts] == [(outcome, str(error))]
    assert step.reason == "the run was killed while it waited to be tried again"
    shutil.rmtree(house.killed)
    house.local = Flaky(error)
    house.run(FRAME, listeners=at(house, StepStarted, "frame", 2))
    step = house.step("frame")
    assert [attempt.outcome for attempt in step.attempts] == [outcome, "stopped"]
    assert getattr(step.split, wait) == pytest.approx(
        step.attempts[1].started - step.attempts[0].finished, abs=1e-5
    )


def test_a_run_that_lives_is_shown_as_it_stands(house: House) -> None:
    """Not as one that was killed: its lock is held."""
    seen: list[Found] = []

    def look(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "after":
            seen.append(find_run(house.output))

    house.run(HERO, AFTER, {**FRAME, "name": "last", "needs": "after"}, listeners=[look])
    (found,) = seen
    assert found.report.stopped.startswith("the run is still at work; this is how it stood at ")
    told = {step.name: (step.status, step.reason) for step in found.report.steps}
    assert told == {
        "hero": ("succeeded", ""),
        "after": ("cancelled", "it is under way"),
        "last": ("skipped", "it has not begun"),
    }
    assert next_words(found.report) == ""
    assert find_run(house.output).report.status == "succeeded"
    assert not list((house.output / "acp-state").glob("run-*"))


def test_the_run_before_is_not_shown_as_the_last(house: House) -> None:
    """A report.json of an earlier run stays what it is: named itself, it is shown."""
    house.run(FRAME)
    house.run({**FRAME, "name": "other"}, listeners=at(house, StepStarted, "other"))
    assert [step.name for step in find_run(house.killed).report.steps] == ["other"]
    assert [step.name for step in find_run(house.killed / "report.json").report.steps] == ["frame"]


def test_the_manifest_of_a_killed_run_has_what_was_made(house: House) -> None:
    """Parameters, hashes and sizes of what was settled, for pages and comparisons."""
    house.run(FRAME, {**AFTER, "needs": "frame"}, listeners=at(house, StepStarted, "after"))
    manifest = find_run(house.killed).manifest
    assert manifest is not None
    (record,) = manifest["outputs"]
    assert (record["file"], record["params"]["prompt"], len(record["sha256"])) == ("frame.png", "a frame", 64)
    assert [gone["step"] for gone in manifest["without_output"]] == ["after"]


def test_a_run_that_breaks_off_says_why(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program itself, or an interrupt that could not wait."""
    from acp_action.engine.scheduler import Scheduler

    def fail(*_given: object) -> None:
        raise ZeroDivisionError("no room")

    monkeypatch.setattr(Scheduler, "take", fail)
    with pytest.raises(ZeroDivisionError):
        house.run(FRAME)
    stopped = find_run(house.output).report.stopped
    assert stopped.startswith("the run broke off at about ")
    assert "(ZeroDivisionError: no room); run the same command again" in stopped


def test_reports_that_do_not_fit_are_told_by_the_log(tmp_path: Path) -> None:
    """On a full disk what was written while the run went stays, and tells all of it."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        house = House(disk)

        def fill(event: Event) -> None:
            if isinstance(event, StepFinished):
                free = shutil.disk_usage(disk).free
                (disk / "media").write_bytes(bytes(max(free - 4096, 0)))

        result = house.run(FRAME, listeners=[fill])
        assert result.unwritten
        found = find_run(house.output)
        assert (found.filed, found.report.status) == (False, "succeeded")
        assert found.report.steps == result.report.steps


def test_a_run_goes_on_when_it_cannot_keep_a_log(house: House) -> None:
    """It is named as a listener that failed is, in log and report."""
    house.output.mkdir()
    (house.place / "elsewhere").mkdir()
    (house.output / "acp-state").symlink_to(house.place / "elsewhere")
    result = house.run(FRAME)
    assert result.success
    assert "RunLog.heard: OutputError: " in result.report.warnings[0]
    assert "acp-state is a symbolic link" in result.report.warnings[0]
    assert list((house.place / "elsewhere").iterdir()) == []


def test_two_previews_at_once_keep_a_log_each(house: House) -> None:
    """The one that began last is the one that is told."""
    inside, go_on = threading.Event(), threading.Event()

    def wait(event: Event) -> None:
        if isinstance(event, StepStarted):
            inside.set()
            go_on.wait(30.0)

    first = threading.Thread(target=house.run, args=(FRAME,), kwargs={"listeners": [wait]})
    first.start()
    inside.wait(30.0)
    house.run({**FRAME, "name": "other"}, listeners=at(house, StepStarted, "other"))
    assert len(list((house.killed / "acp-state").iterdir())) == 2
    assert [step.name for step in find_run(house.killed).report.steps] == ["other"]
    go_on.set()
    first.join()
    assert not (house.output / "acp-state").exists()
