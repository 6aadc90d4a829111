"""What was paid for is paid for once: reruns, lost files, doubts, full disks, two runs at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import StopSwitch
from acp_action.api.codes import exit_code
from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.config.cascade import Overrides
from acp_action.engine.verdict import Patience
from acp_action.errors import FatalError, OutputError, PolicyRefusal, StopWork, UnknownOutcome
from acp_action.providers.registry import adapters
from acp_action.store.group_commit import GroupCommit
from acp_action.store.journal import Journal
from tests.oracle.paying import Paying, Service, files_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acp_action.api.run import PipelineResult
    from acp_action.providers.base import Request, Token

PICTURE = {"name": "hero", "type": "text_to_image", "model": "flux_dev", "params": {"prompt": "{{input}}"}}
SPEECH = {"name": "voice", "type": "text_to_speech", "model": "elevenlabs", "params": {"text": "{{input}}"}}


@dataclass
class House:
    """An output folder, and services that keep a ledger beside it."""

    place: Path
    mishap: Callable[[Request, Token], object] = lambda _request, _token: None
    point: Callable[[str], None] = lambda _name: None

    @property
    def output(self) -> Path:
        return self.place / "output"

    @property
    def bills(self) -> list[str]:
        return Service(self.place).billed()

    def run(
        self, *steps: dict[str, Any], text: str = "a cat", fail_fast: bool = False, **wishes: Any
    ) -> PipelineResult:
        """Carry these steps out, side by side."""
        service = Service(self.place)
        jobs = {"fal": True, "elevenlabs": False, "gemini": False}
        providers: dict[str, Any] = {
            name: Paying(name, service, self.point, jobs=has_jobs, mishap=self.mishap)
            for name, has_jobs in jobs.items()
        }
        providers["local"] = adapters()["local"]
        config = {"settings": {"schedule": "dataflow", "fail_fast": fail_fast}, "steps": [*steps]}
        overrides = Overrides(output_dir=str(self.output))
        plan = plan_pipeline(config, Wishes(overrides, text), providers)
        return carry_out(plan, make_ready(plan, providers), providers=providers, **wishes)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A new one."""
    return House(tmp_path)


def lose_the_answer(_request: Request, _token: Token) -> None:
    """Billed, and the connection is gone."""
    raise UnknownOutcome("the connection was lost after the request had been sent")


def statuses(result: PipelineResult) -> list[str]:
    """How the steps ended, in plan order."""
    return [step.status.value for step in result]


def test_a_finished_run_asks_nobody_when_it_is_run_again(house: House) -> None:
    """I18: no request, no cost; the files and the manifest are as before, and the report says so."""
    first = house.run(PICTURE, SPEECH)
    before = files_of(house.output)
    again = house.run(PICTURE, SPEECH)
    assert (statuses(first), statuses(again)) == (["succeeded"] * 2, ["cached"] * 2)
    assert sorted(house.bills) == ["hero", "voice"]
    assert files_of(house.output) == before
    assert (first.report.cost, again.report.cost) == (0.1, 0.0)
    assert again["hero"].metadata["paid_earlier"]["cost"] == 0.05  # type: ignore[index, call-overload]
    assert again["hero"].output == first["hero"].output


def test_another_input_is_another_request(house: House) -> None:
    """And going back to the first one is free: its result is still there."""
    house.run(PICTURE)
    first = files_of(house.output)
    house.run(PICTURE, text="a dog")
    assert house.bills == ["hero", "hero"]
    assert files_of(house.output) != first
    assert statuses(house.run(PICTURE)) == ["cached"]
    assert (files_of(house.output), len(house.bills)) == (first, 2)


def test_what_a_failed_run_drew_and_stamped_is_kept_for_the_next(house: House) -> None:
    """Else a text with {{random}} in it would be ordered again by each run that takes the failed one up."""
    drawn = {**PICTURE, "params": {"prompt": "a cat, {{random}}, {{timestamp}}"}}
    other = {"name": "frame", "type": "text_to_image", "model": "local", "params": {"prompt": "x"}}
    broken = {**other, "params": {"prompt": "x", "fail": True}}
    assert statuses(house.run(drawn, broken)) == ["succeeded", "failed"]
    assert statuses(house.run(drawn, other)) == ["cached", "succeeded"]
    assert house.bills.count("hero") == 1


def test_a_run_after_a_successful_one_draws_anew(house: House) -> None:
    """A refresh is to make something new."""
    drawn = {**PICTURE, "params": {"prompt": "a cat, {{random}}"}}
    assert [statuses(house.run(drawn)) for _ in range(2)] == [["succeeded"]] * 2
    assert house.bills == ["hero", "hero"]


def test_fresh_makes_everything_anew(house: House) -> None:
    """Asked for by name, it is paid for again."""
    house.run(PICTURE)
    assert statuses(house.run(PICTURE, fresh=True)) == ["succeeded"]
    assert house.bills == ["hero", "hero"]


@pytest.mark.parametrize(
    ("end", "status"), [(FatalError, "failed"), (PolicyRefusal, "refused"), (UnknownOutcome, "doubt")]
)
def test_an_answer_that_leads_nowhere_is_left_only_by_fresh(
    house: House, end: type[Exception], status: str
) -> None:
    """N6, P7, P9: paid, and nothing comes of it. Who runs again does not pay again unless he asks for it."""
    left = iter(range(3))

    def expire(name: str) -> None:
        if name == "before the download" and next(left, None) is not None:
            raise end("the file is gone")

    house.point = expire
    first, again = house.run(PICTURE), house.run(PICTURE)
    assert statuses(first) == statuses(again) == [status]
    assert "the file is gone; it may be paid for: " in again["hero"].reason
    assert "only with --fresh" in again["hero"].reason
    assert house.bills == ["hero"]
    assert statuses(house.run(PICTURE, fresh=True)) == ["succeeded"]
    assert house.bills == ["hero", "hero"]
    assert statuses(house.run(PICTURE)) == ["cached"]


def test_random_is_not_reused(house: House) -> None:
    """Another number is another text."""
    step = {**PICTURE, "params": {"prompt": "car {{random}}"}}
    house.run(step)
    house.run(step)
    assert house.bills == ["hero", "hero"]


@pytest.mark.parametrize("step", [PICTURE, SPEECH], ids=["job", "call"])
def test_a_deleted_output_is_put_back(house: House, step: dict[str, Any]) -> None:
    """F8: from what is kept, with no request."""
    house.run(step)
    before = files_of(house.output)
    for name in before:
        (house.output / name).unlink()
    assert statuses(house.run(step)) == ["cached"]
    assert (files_of(house.output), len(house.bills)) == (before, 1)


def test_an_output_that_was_replaced_is_put_back(house: House) -> None:
    """F8: seen by its hash, although the size is the same."""
    house.run(PICTURE)
    before = files_of(house.output)
    path = house.output / "hero.png"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[::-1])
    assert statuses(house.run(PICTURE)) == ["cached"]
    assert (files_of(house.output), len(house.bills)) == (before, 1)


def test_what_was_edited_with_its_copy_is_fetched_again(house: House) -> None:
    """F7: an editor that writes into the file spoils the kept one; the answer it came from is still known."""
    house.run(PICTURE)
    before = files_of(house.output)
    for _ in range(3):
        with (house.output / "hero.png").open("r+b") as file:
            file.write(b"scribble")
        again = house.run(PICTURE)
        assert statuses(again) == ["succeeded"]
        assert (files_of(house.output), len(house.bills)) == (before, 1)
        # It was paid for in the first run, whose report says so.
        assert (again.report.cost, again["hero"].metadata["paid_earlier"]["cost"]) == (0.0, 0.05)  # type: ignore[index, call-overload]


def test_what_cannot_be_fetched_again_is_not_paid_for_unasked(house: House) -> None:
    """F7: bytes that came with the answer are gone with their file; the message says what it costs."""
    house.run(SPEECH)
    with (house.output / "voice.mp3").open("r+b") as file:
        file.write(b"scribble")
    result = house.run(SPEECH)
    assert statuses(result) == ["failed"]
    assert "for 0.05 USD, but its files are gone or were changed" in result["voice"].reason
    assert "--fresh" in result["voice"].reason
    assert house.bills == ["voice"]
    assert statuses(house.run(SPEECH, fresh=True)) == ["succeeded"]


def test_an_answer_that_was_lost_is_in_doubt_until_a_person_decides(house: House) -> None:
    """N2: told with its cost and how to go on; exit 3; nothing is sent by itself, in this run or the next."""
    house.mishap = lose_the_answer
    first = house.run(PICTURE, SPEECH)
    house.mishap = House.mishap
    second = house.run(PICTURE, SPEECH)
    assert [statuses(first), statuses(second)] == [["doubt"] * 2] * 2
    assert exit_code(first) == exit_code(second) == 3
    assert "it may have been billed, at up to 0.05 USD; look at" in second["hero"].reason
    assert len(house.bills) == 2
    third = house.run(PICTURE, SPEECH, resubmit_doubtful=True)
    assert (statuses(third), len(house.bills)) == (["succeeded"] * 2, 4)


def test_a_doubt_of_an_earlier_run_stops_nothing_but_what_needs_it(house: House) -> None:
    """Else a run with fail_fast would end there each time, until somebody orders what is in doubt."""

    def lose(request: Request, token: Token) -> None:
        if request.step == "hero":
            lose_the_answer(request, token)

    house.mishap = lose
    follower = {"name": "clip", "type": "image_to_video", "model": "kling_2_6_pro", "input_from": "hero"}
    other = {"name": "frame", "type": "text_to_image", "model": "local", "params": {"prompt": "x"}}
    late = {**SPEECH, "needs": "frame"}
    first = house.run(PICTURE, follower, fail_fast=True)
    second = house.run(PICTURE, {**follower, "params": {"prompt": "slow"}}, other, late, fail_fast=True)
    assert statuses(first) == ["doubt", "skipped"]
    assert statuses(second) == ["doubt", "skipped", "succeeded", "succeeded"]
    assert second["clip"].reason == "because 'hero' is in doubt"
    assert sorted(house.bills) == ["hero", "voice"]


def test_a_disk_that_was_full_of_media_costs_no_second_order(house: House) -> None:
    """F1: the answer is written down before the media, so that the next run only fetches them."""

    def full(name: str) -> None:
        if name == "before the download":
            raise OSError(28, "No space left on device")

    house.point = full
    first = house.run(PICTURE)
    house.point = House.point
    assert statuses(first) == ["failed"]
    assert "the disk is full" in first["hero"].reason
    assert (statuses(house.run(PICTURE)), house.bills) == (["succeeded"], ["hero"])


def test_a_full_disk_stops_the_run_and_lets_what_is_under_way_go_on(house: House) -> None:
    """What is paid for is not called off, and nothing more is ordered that there would be no room for."""
    waiting, stops = threading.Event(), list[StopWork]()

    def full(name: str) -> None:
        if name == "before the download":
            waiting.wait(5)
            raise OSError(28, "No space left on device")

    def wait(request: Request, token: Token) -> None:
        if request.step == "other":
            waiting.set()
            try:
                token.wait(5)
            except StopWork as stop:
                stops.append(stop)
                raise

    house.point, house.mishap = full, wait
    later = {**PICTURE, "name": "later", "needs": "other", "params": {"prompt": "another"}}
    result = house.run(PICTURE, {**PICTURE, "name": "other", "params": {"prompt": "a dog"}}, later)
    assert statuses(result) == ["failed", "doubt", "skipped"]
    assert "the disk is full" in result.stopped
    assert exit_code(result) == 1
    assert [getattr(stop, "resumable", False) for stop in stops] == [True]


def test_a_step_in_doubt_beside_a_failure_is_a_failure(house: House) -> None:
    """Exit 3 is for runs in which nothing else is wrong."""

    def fail(request: Request, token: Token) -> None:
        if request.step == "voice":
            raise FatalError("no such voice")
        lose_the_answer(request, token)

    house.mishap = fail
    result = house.run(PICTURE, SPEECH)
    assert (statuses(result), exit_code(result)) == (["doubt", "failed"], 1)


def test_cheap_requests_may_be_sent_again_by_themselves(house: House) -> None:
    """``max_duplicate_cost``: within a run as a retry, and in the next run too."""
    lost: list[str] = []

    def once(request: Request, token: Token) -> None:
        if not lost:
            lost.append(request.step)
            lose_the_answer(request, token)

    house.mishap = once
    result = house.run({**PICTURE, "max_duplicate_cost": 0.05})
    assert (statuses(result), house.bills) == (["succeeded"], ["hero", "hero"])
    assert [attempt.outcome for attempt in result["hero"].attempts] == ["transient", "done"]


def test_dearer_requests_are_not(house: House) -> None:
    """A cent less, and it is in doubt, which the message says."""
    house.mishap = lose_the_answer
    result = house.run({**PICTURE, "max_duplicate_cost": 0.04})
    assert statuses(result) == ["doubt"]
    assert "more than max_duplicate_cost" in result["hero"].reason
    assert house.bills == ["hero"]


def test_a_run_that_was_stopped_goes_on_with_its_job(house: House) -> None:
    """X1: the provider hears that the stop is no farewell, and the next run asks for the job."""
    stop, heard = StopSwitch(), []

    def interrupted(_request: Request, token: Token) -> None:
        stop.stop("interrupted")
        try:
            token.wait(60.0)
        except Exception as error:
            heard.append(getattr(error, "resumable", None))
            raise

    house.mishap = interrupted
    step = {**PICTURE, "name": "late"}
    first = house.run(step, stop=stop)
    assert (statuses(first), heard) == (["doubt"], [True])
    assert "interrupted, when its request had been sent" in first["late"].reason


def test_a_result_that_comes_too_late_is_there_for_the_next_run(house: House) -> None:
    """It was paid for: an attempt that hears nothing is given up, and what it makes is kept all the same."""
    stop, go_on, back = StopSwitch(), threading.Event(), threading.Event()

    def deaf(_request: Request, _token: Token) -> None:
        stop.stop("enough")
        go_on.wait(10.0)

    house.mishap = deaf
    journal_closes = Journal.close

    def waited(journal: Journal) -> None:
        go_on.set()
        back.wait(10.0)
        journal_closes(journal)

    keep = Journal._keep

    def kept(journal: Journal, step: str, key: str, line: Any, /, *, sync: bool) -> Any:
        full = keep(journal, step, key, line, sync=sync)
        if line["do"] == "fetched":
            back.set()
        return full

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "close", waited)
        patch.setattr(Journal, "_keep", kept)
        first = house.run(SPEECH, stop=stop, patience=Patience(grace=0.0))
    house.mishap = House.mishap
    second = house.run(SPEECH)
    assert (statuses(first), statuses(second), house.bills) == (["cancelled"], ["cached"], ["voice"])
    assert list(files_of(house.output)) == ["voice.mp3"]


def test_a_journal_that_cannot_be_written_ends_the_run_before_the_first_request(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F2: nothing is billed, and the exit code is that of a limit."""
    put = GroupCommit._put

    def full(commit: GroupCommit, line: bytes) -> None:
        if b'"intended"' in line:
            raise OSError(28, "No space left on device")
        put(commit, line)

    monkeypatch.setattr(GroupCommit, "_put", full)
    result = house.run(PICTURE, SPEECH, {**PICTURE, "name": "more"})
    assert set(statuses(result)) <= {"cancelled", "skipped"}
    assert house.bills == []
    assert "the disk is full" in result.stopped
    assert exit_code(result) == 3


def test_two_runs_in_one_folder_are_one_too_many(house: House) -> None:
    """X13: the second ends at once with code 2, before anything is sent."""
    house.output.mkdir()
    with Journal(house.output), pytest.raises(OutputError, match="another run is at work") as refused:
        house.run(PICTURE)
    assert refused.value.exit_code == 2
    assert house.bills == []


def test_previews_keep_no_books(house: House) -> None:
    """The embedded provider costs nothing: no state folder, no lock, whoever else is at work."""
    step = {**PICTURE, "model": "local", "params": {"prompt": "a", "width": 16, "height": 16}}
    assert statuses(house.run(step)) == ["succeeded"]
    assert not (house.output / "acp-state").exists()


def test_the_reports_warn_of_a_damaged_journal(house: House) -> None:
    """F6: who may have paid for something unknown has to be told."""
    house.run(PICTURE)
    journal = house.output / "acp-state/journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"withdrawn"', b"") + b"garbage\n")
    result = house.run(PICTURE)
    assert statuses(result) == ["cached"]
    assert any("was damaged: 1 line cannot be read" in warning for warning in result.report.warnings)


def test_a_file_system_without_links_keeps_copies(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then an edit spoils only the output."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refuse)
    house.run(SPEECH)
    with (house.output / "voice.mp3").open("r+b") as file:
        file.write(b"scribble")
    assert statuses(house.run(SPEECH)) == ["cached"]
    assert b"scribble" not in files_of(house.output)["voice.mp3"]


def test_previews_among_paid_results_are_warned_of_and_undone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """They take the places of the paid ones, which the next run without previews puts back, unpaid."""
    house.run(PICTURE)
    paid = files_of(house.output)
    preview = house.run({**PICTURE, "provider": "local"})
    assert "has paid results; previews take the places of those of the same names" in caplog.text
    assert any("paid results" in warning for warning in preview.report.warnings)
    assert files_of(house.output) != paid
    assert statuses(house.run(PICTURE)) == ["cached"]
    assert (files_of(house.output), house.bills) == (paid, ["hero"])


def test_previews_wait_for_a_run_that_pays(house: House) -> None:
    """Its results would be taken away while they are made."""
    house.run(PICTURE)
    with Journal(house.output), pytest.raises(OutputError, match="another run is at work"):
        house.run({**PICTURE, "provider": "local"})
