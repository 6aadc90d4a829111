"""Single calls are paid for once, too: what a dead process had ordered is gone on with by the next call."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.api import single
from acp_action.api.prepare import Wishes
from acp_action.api.single import Call, NameBook, run_call
from acp_action.config.cascade import Overrides
from acp_action.engine.cancel import StopSwitch
from acp_action.errors import FatalError, PlaceTaken, StopWork, UnknownOutcome
from acp_action.store.vault import STATE
from tests.oracle.paying import Paying, Service, files_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acp_action.engine.result import StepResult
    from acp_action.providers.base import Request, Token

FILE = "generate_image_a_cat.png"
NEXT = "generate_image_a_cat_2.png"


@dataclass
class House:
    """An output folder and a service with a ledger.

    ``names``: those of one process; None: each call is as if made by a new one.
    """

    place: Path
    monkeypatch: pytest.MonkeyPatch
    mishap: Callable[[Request, Token], object] = lambda _request, _token: None
    point: Callable[[str], None] = lambda _name: None
    names: NameBook | None = None

    @property
    def output(self) -> Path:
        return self.place / "output"

    @property
    def state(self) -> set[str]:
        """What is left in the state folder, but for the lock of those who open and close."""
        return {path.name for path in (self.output / STATE).iterdir()} - {"calls.lock"}

    @property
    def bills(self) -> list[str]:
        return Service(self.place).billed()

    def call(self, text: str = "a cat", name: str | None = None, **more: Any) -> StepResult:
        """Ask for a picture."""
        self.monkeypatch.setattr(single, "_NAMES", self.names or NameBook())
        provider: Any = Paying("fal", Service(self.place), self.point, jobs=True, mishap=self.mishap)
        wishes = Wishes(Overrides(output_dir=str(self.output)))
        return run_call(
            Call("generate_image", "text_to_image", text, None, "flux_dev", name),
            wishes,
            {"fal": provider},
            **more,
        )


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A new one."""
    return House(tmp_path, monkeypatch)


@pytest.fixture
def names() -> NameBook:
    """The names of one process."""
    return NameBook()


def lose_the_answer(_request: Request, _token: Token) -> None:
    """Billed, and the connection is gone."""
    raise UnknownOutcome("the connection was lost after the request had been sent")


def stopped_by(switch: StopSwitch) -> Callable[[Request, Token], object]:
    """Ctrl-C while the order is out; its answer comes when the call has heard of it."""

    def stop(_request: Request, token: Token) -> None:
        switch.stop("Ctrl-C")
        with suppress(StopWork):
            token.wait(20)

    return stop


def test_a_call_that_came_to_its_end_leaves_no_trail_and_is_made_anew(house: House) -> None:
    """Who asks a second time, from any process, wants a second picture, pays for it, and has both."""
    first, second = house.call(), house.call()
    assert (first.status, second.status) == ("succeeded", "succeeded")
    assert len(house.bills) == 2
    assert house.state == set()
    assert set(files_of(house.output)) == {FILE, NEXT}


def test_a_stopped_call_is_taken_up_by_the_next_one(house: House) -> None:
    """The job goes on at its provider; the same call asks for it and orders nothing."""
    switch = StopSwitch()
    house.mishap = stopped_by(switch)
    stopped = house.call(stop=switch)
    assert (stopped.status, house.state) == ("cancelled", {"calls"})
    house.mishap = lambda _request, _token: None
    again = house.call()
    assert (again.status, len(house.bills), house.state) == ("succeeded", 1, set())
    assert set(files_of(house.output)) == {FILE}


def test_a_stopped_call_is_taken_up_within_the_same_process(house: House, names: NameBook) -> None:
    """Its name is free again, since something can still come of it; then names are numbered as ever."""
    house.names = names
    switch = StopSwitch()
    house.mishap = stopped_by(switch)
    house.call(stop=switch)
    house.mishap = lambda _request, _token: None
    again, third = house.call(), house.call()
    assert (again.output_path, third.output_path) == (house.output / FILE, house.output / NEXT)
    assert (len(house.bills), house.state) == (2, set())


def test_a_stopped_call_with_a_number_is_found_by_the_next_process(house: House, names: NameBook) -> None:
    """The number was given for a call that is over; what was ordered is gone on with under it."""
    house.names = names
    house.call()
    switch = StopSwitch()
    house.mishap = stopped_by(switch)
    house.call(stop=switch)
    house.mishap, house.names = lambda _request, _token: None, None
    assert house.call().output_path == house.output / NEXT
    assert house.call().output_path == house.output / NEXT.replace("2", "3")
    assert (len(house.bills), house.state) == (3, set())


def test_what_is_named_alike_is_not_written_over(house: House) -> None:
    """Prompts that make the same name are told apart; a name that was given is the caller's word."""
    first = house.call("A cat!").output_path
    assert first is not None
    before = first.read_bytes()
    assert house.call("a cat?").output_path == house.output / NEXT
    assert first.read_bytes() == before
    assert house.call("a dog", name="generate_image_a_cat").output_path == first
    assert first.read_bytes() != before


def test_another_text_under_the_same_name_is_another_request(house: House) -> None:
    """And what is open of the first stays, until it is asked for."""
    switch = StopSwitch()
    house.mishap = stopped_by(switch)
    house.call(name="hero", stop=switch)
    house.mishap = lambda _request, _token: None
    assert house.call("a dog", name="hero").success
    assert (len(house.bills), house.state) == (2, {"calls"})
    assert house.call(name="hero").success
    assert (len(house.bills), house.state) == (2, set())


def test_a_doubt_is_told_once_and_then_the_caller_decides(house: House) -> None:
    """In doubt now: told with its price. The same call again is the decision to order again."""
    house.mishap = lose_the_answer
    told = house.call()
    assert told.status == "doubt"
    assert "up to 0.05 USD; look at the provider's own list before you order it again" in str(told.error)
    assert house.state == set()
    house.mishap = lambda _request, _token: None
    assert house.call().success
    assert len(house.bills) == 2


def test_an_order_that_leads_nowhere_is_told_and_let_go(house: House) -> None:
    """Else every call of that name would ask for a job of which nothing comes."""

    def fail(place: str) -> None:
        if place == "before the download":
            raise FatalError("job 7 failed at fal")

    house.point = fail
    failed = house.call()
    assert failed.status == "failed"
    assert str(failed.error).startswith("job 7 failed at fal; look at the provider's own list")
    house.point = lambda _name: None
    assert house.call().success
    assert (len(house.bills), house.state) == (2, set())


def test_two_processes_at_the_same_call_get_two_names(house: House) -> None:
    """The second one takes the next number, as a second call of one process does."""
    inside, go_on = threading.Event(), threading.Event()

    def hold(_request: Request, _token: Token) -> None:
        inside.set()
        assert go_on.wait(20)

    other = House(house.place, house.monkeypatch, hold)
    thread = threading.Thread(target=other.call)
    thread.start()
    assert inside.wait(20)
    second = house.call()
    with pytest.raises(PlaceTaken, match=r"another call is making 'generate_image_a_cat' in .*another name"):
        house.call(name="generate_image_a_cat")
    go_on.set()
    thread.join()
    assert second.success
    assert set(files_of(house.output)) == {FILE, NEXT}
    assert (len(house.bills), house.state) == (2, set())


def test_a_call_may_be_named_lock(house: House) -> None:
    """No name is in the way of the books."""
    assert house.call(name="lock").success
    assert house.state == set()


def test_previews_keep_no_books(tmp_path: Path) -> None:
    """What costs nothing leaves nothing but its file."""
    from acp_action import AIPipelineManager

    manager = AIPipelineManager(provider="local", output_dir=tmp_path)
    assert manager.generate_image("a cat", width=64, height=64).success
    assert not (tmp_path / STATE).exists()
