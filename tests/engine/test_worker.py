"""One attempt: what it asks, what it publishes, and how exceptions become outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.artifacts import Output
from acp_action.catalogue.models import Param
from acp_action.engine.cancel import CancelToken
from acp_action.engine.clock import VirtualClock
from acp_action.engine.crew import Job
from acp_action.engine.outcome import Done, Doubt, Expired, Fatal, Refused, Stopped, Transient
from acp_action.engine.request import RunContext
from acp_action.engine.worker import make_performer, outcome_of
from acp_action.errors import (
    Cancelled,
    ConfigError,
    DeadlineExpired,
    FatalError,
    PolicyRefusal,
    RateLimited,
    TransientError,
    UnknownOutcome,
    Unrecorded,
)
from acp_action.providers.base import Product, RemoteJob, Source
from tests.engine.plans import MODEL, Spec, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.engine.outcome import Outcome
    from acp_action.providers.base import Request


class Fake:
    """A provider and a publisher in one: does as told, remembers what it saw."""

    name = "fake"

    def __init__(self, act: Callable[[Request], Any] = lambda _request: None) -> None:
        self.act = act
        self.requests: list[Request] = []
        self.published: list[str] = []
        self.discarded: list[str] = []

    def check(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    def expected_seconds(self, *_: Any) -> None:
        return

    def run(self, request: Request, token: CancelToken) -> Product:
        self.requests.append(request)
        return self.act(request) or Product("image")

    def stage_for(self, stem: str) -> Any:
        return lambda extension: stem + extension

    def publish(self, stem: str, product: Product) -> Output:
        self.published.append(stem)
        return Output(product.kind, ())

    def fault(self, stem: str, error: OSError) -> FatalError | None:
        return FatalError("disk full") if error.errno == 28 else None

    def discard(self, stem: str) -> None:
        self.discarded.append(stem)


def attempt(fake: Fake, token: CancelToken | None = None, **changes: Any) -> Outcome:
    """One attempt at the only step of a plan; ``changes`` to the step, or the run's ``input_text``."""
    input_text = changes.pop("input_text", None)
    plan = plan_of([Spec("only")], input_text=input_text)
    plan = replace(plan, steps=(plan.steps[0]._replace(**changes),))
    outputs = [None, Output("text", (), "a sunny day")]
    context = RunContext(plan, "2026-01-02T03:04:05Z", 5, outputs)
    perform = make_performer(context, {"fake": fake}, fake)  # type: ignore[dict-item]
    return perform(Job(0, 1, 0, token or CancelToken(VirtualClock())))


def test_a_success_is_published_and_carries_its_prompt() -> None:
    """Done holds output, product and the text that was used; nothing is discarded."""
    fake = Fake()
    outcome = attempt(fake, text="a cat")
    assert isinstance(outcome, Done)
    assert (outcome.text, fake.published, fake.discarded) == ("a cat", ["only"], [])


def test_a_failure_leaves_nothing_behind() -> None:
    """Temporary files of a failed attempt are removed."""

    def fail(_: Request) -> None:
        raise FatalError("no")

    fake = Fake(fail)
    assert attempt(fake) == Fatal("no")
    assert (fake.published, fake.discarded) == ([], ["only"])


@pytest.mark.parametrize("error", [UnknownOutcome, FatalError])
@pytest.mark.parametrize("id_is_known", [True, False])
def test_without_a_journal_no_flag_is_offered(error: type[Exception], id_is_known: bool) -> None:
    """A single call is known to no later run, so that flags of runs would mislead."""

    def fail(request: Request) -> None:
        assert request.trail is not None
        request.trail.intended(0.5)
        if id_is_known:
            request.trail.accepted(RemoteJob("job-7"))
        raise error("gone")

    outcome = attempt(Fake(fail))
    assert isinstance(outcome, Doubt if error is UnknownOutcome else Fatal)
    assert outcome.reason.startswith("gone")
    assert "--" not in outcome.reason
    assert ("before you order it again" in outcome.reason) == (error is UnknownOutcome)


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("no answer", "no answer; it may have been billed, at an unknown price; "),
        ("it may be billed", "it may be billed; it would be at an unknown price; "),
    ],
)
def test_that_it_may_be_billed_is_told_once(lost: str, told: str) -> None:
    """The provider's reader says so for most answers, and the step's price is told with it."""

    def lose(request: Request) -> None:
        assert request.trail is not None
        request.trail.intended(None)
        raise UnknownOutcome(lost)

    outcome = attempt(Fake(lose))
    assert isinstance(outcome, Doubt)
    assert outcome.reason.startswith(told)


def test_a_failure_of_tidying_up_fails_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever removing temporary files raises, the worker comes back with the outcome of the attempt."""

    def fail(_: Request) -> None:
        raise FatalError("no")

    monkeypatch.setattr(Fake, "discard", lambda _self, stem: stem.encode("idna" * 9))
    assert attempt(Fake(fail)) == Fatal("no")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Cancelled("stop"), Stopped("stop")),
        (DeadlineExpired("late"), Expired("late")),
        (RateLimited("429", retry_after=3.0, kind="pace"), Refused("429", 3.0, "pace")),
        (TransientError("reset", retry_after=1.0), Transient("reset", 1.0)),
        (UnknownOutcome("lost"), Doubt("lost")),
        (PolicyRefusal("unwanted"), Fatal("unwanted", policy=True)),
        (FatalError("bad"), Fatal("bad")),
        (Unrecorded("no room"), Fatal("no room", halt=True)),
        (ConfigError([]), Fatal("ConfigError")),
    ],
)
def test_each_error_of_the_tree_has_its_outcome(error: Exception, outcome: Outcome) -> None:
    """One table from exceptions to outcomes."""
    assert outcome_of(error) == outcome


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), SystemExit(3), KeyError("x")])
def test_anything_else_is_our_bug_and_fails_the_step_alone(error: BaseException) -> None:
    """X9: the worker comes back, with the traceback for the report."""

    def fail(_: Request) -> None:
        raise error

    outcome = attempt(Fake(fail))
    assert isinstance(outcome, Fatal)
    assert outcome.reason.startswith(f"internal error: {type(error).__name__}")
    assert "Traceback" in outcome.traceback


def test_a_keyboard_interrupt_is_not_swallowed() -> None:
    """On the calling thread Ctrl-C must get through."""

    def interrupt(_: Request) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(Fake(interrupt))


def test_a_full_disk_is_told_in_the_stores_words() -> None:
    """An error of the file system is the publisher's to explain; another one stays as it is."""

    def fill(_: Request) -> None:
        raise OSError(28, "No space left on device")

    def other(_: Request) -> None:
        raise OSError(5, "I/O")

    assert attempt(Fake(fill)) == Fatal("disk full")
    assert "internal error: OSError" in attempt(Fake(other)).reason  # type: ignore[union-attr]


def test_a_cancelled_attempt_asks_nobody() -> None:
    """The token is looked at before the provider is called."""
    token, fake = CancelToken(VirtualClock()), Fake()
    token.cancel("stop")
    assert attempt(fake, token) == Stopped("stop")
    assert fake.requests == []


def test_what_was_given_up_is_not_published() -> None:
    """A late result must not appear beside a report that says there is none."""
    token = CancelToken(VirtualClock())
    fake = Fake(lambda _request: token.abandon())
    assert attempt(fake, token) == Stopped("given up")
    assert (fake.published, fake.discarded) == ([], ["only"])


def test_templates_are_filled_in_once() -> None:
    """Rule 3, I36: text that comes in is data, and is never expanded again."""
    fake = Fake()
    attempt(
        fake, templated=True, text="{{input}} at {{timestamp}}", input_text="a {{random}} {{input}}",
        params={"seed": "{{random}}", "tags": ["{{input}}", 3]},
    )  # fmt: skip
    (request,) = fake.requests
    assert request.text == "a {{random}} {{input}} at 2026-01-02T03:04:05Z"
    assert isinstance(request.params["seed"], int)
    assert request.params["tags"] == ["a {{random}} {{input}}", 3]


def test_a_retry_sees_the_same_random_numbers() -> None:
    """Drawn from the run's seed and the step's name."""
    fake = Fake()
    for _ in range(2):
        attempt(fake, templated=True, params={"seed": "{{random}}"})
    assert fake.requests[0].params == fake.requests[1].params


def test_a_steps_output_fills_a_template() -> None:
    """``{{step_x.output}}`` of a text step is its text."""
    fake = Fake()
    attempt(fake, templated=True, text="like {{step_words.output}}", references={"words": 1})
    assert fake.requests[0].text == "like a sunny day"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"text": "{{input}}", "templated": True, "input_text": "  "}, "the text is empty"),
        ({"text": None}, "the step needs a text"),
        ({"text": "see {{step_x.output}}", "templated": True, "references": {"x": 0}}, "is not there"),
        ({"params": {"a": "x {{input}}"}, "templated": True}, "params"),
    ],
)
def test_a_text_that_comes_out_empty_is_never_sent(changes: dict[str, Any], what: str) -> None:
    """T1: blank prompts and missing values fail before the provider is asked."""
    fake = Fake()
    outcome = attempt(fake, **changes)
    assert isinstance(outcome, Fatal)
    assert what in outcome.reason
    assert fake.requests == []


def test_text_comes_from_a_step_else_from_the_input() -> None:
    """Rule 2: a text step's output before the run's input; a type without text gets none."""
    fake = Fake()
    attempt(fake, text=None, text_from=1, input_text="ignored")
    attempt(fake, text=None, input_text="the input")
    attempt(fake, text=None, type="split_image", input_text="the input")
    assert [r.text for r in fake.requests] == ["a sunny day", "the input", None]


@pytest.mark.parametrize(("required", "text"), [(True, "the input"), (False, None)])
def test_an_optional_text_is_the_input_only_for_a_model_that_needs_one(
    required: bool, text: str | None
) -> None:
    """Rule 2: a picture that is only looked at is not asked about the run's input."""
    model = replace(MODEL, inputs=(Param("prompt", "str", required=required, kind="text"),))
    fake = Fake()
    attempt(fake, text=None, type="analyze_image", model=model, input_text="the input")
    assert fake.requests[0].text == text


def test_media_are_outputs_of_steps_and_sources_from_outside() -> None:
    """In the order the plan gives."""
    fake, source = Fake(), Source("image", url="https://example.com/a.png")
    attempt(fake, media=(1, source))
    assert fake.requests[0].media == (Output("text", (), "a sunny day"), source)
