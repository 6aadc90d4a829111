"""The doctor asks every service once, at the same time, and says what each answered."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.api.doctor import examine
from acp_action.engine.clock import SystemClock
from acp_action.errors import AccountClosed, DeadlineExpired, RateLimited, TransientError
from acp_action.providers.accounts import read_accounts
from acp_action.providers.remote import Probe
from tests.plan.make import plan_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from acp_action.providers.account import Account
    from acp_action.providers.base import Provider, Token
    from acp_action.report.diagnosis import Finding

KEYS = {"FAL_KEY": "kid:ksecret-for-tests", "OPENAI_API_KEY": "openai-for-tests"}
PLAN = "steps: [{name: a, type: text_to_image, model: flux_dev, params: {prompt: a cat}}]"


class Asked:
    """A provider that answers the doctor as it is told."""

    def __init__(self, account: Account, answer: Callable[[Token], Probe]) -> None:
        self.account = account
        self.name = account.provider
        self.probe = answer


def providers(values: Mapping[str, str] = KEYS, **answers: Callable[[Token], Probe]) -> dict[str, Provider]:
    """All providers that take a key; those without an answer must not be asked."""
    found: Any = {n: Asked(a, answers.get(n, _unasked)) for n, a in read_accounts(values).items()}
    return found  # type: ignore[no-any-return]


def _unasked(_token: Token) -> Probe:
    raise AssertionError("it was asked")


def fine(_token: Token) -> Probe:
    """An answer."""
    return Probe("3 of 9 used", format_datetime(datetime.now(UTC), usegmt=True))


def raising(error: Exception) -> Callable[[Token], Probe]:
    """An answer that is an error."""

    def answer(_token: Token) -> Probe:
        raise error

    return answer


def named(findings: tuple[Finding, ...], name: str) -> Finding:
    """The finding of this name; there is one."""
    (found,) = [finding for finding in findings if finding.name == name]
    return found


def test_an_accepted_key_is_told_with_its_variable_and_what_is_said(in_tmp: Path) -> None:
    """And a service without a key is no failure where no pipeline needs it."""
    found = examine(providers(fal=fine, openai=fine))
    assert (named(found, "fal").state, named(found, "clock").state) == ("ok", "ok")
    assert named(found, "fal").what.startswith("FAL_KEY is accepted (0.")
    assert named(found, "fal").what.endswith("; 3 of 9 used")
    assert (named(found, "gemini").state, named(found, "output folder").state) == ("none", "ok")
    assert not (in_tmp / "output").exists()


@pytest.mark.parametrize(
    ("error", "state", "about_key"),
    [
        (AccountClosed("FAL_KEY is refused", why="key"), "fail", True),
        (AccountClosed("no credit", why="credit"), "warn", False),
        (RateLimited("slow down"), "warn", False),
        (TransientError("fal: no route"), "fail", False),
        (DeadlineExpired("no result"), "fail", False),
        (RuntimeError("a bug"), "fail", False),
    ],
)
def test_every_answer_is_a_finding(error: Exception, state: str, about_key: bool, in_tmp: Path) -> None:
    """Refused keys fail as keys, empty accounts warn, silence and bugs fail; none stops the others."""
    found = examine(providers(fal=raising(error), openai=fine))
    assert (named(found, "fal").state, named(found, "fal").about_key) == (state, about_key)
    assert named(found, "openai").state == "ok"


def test_with_a_plan_only_what_it_needs_is_looked_at(in_tmp: Path) -> None:
    """Its providers alone; a key that is missing is a failure then, and says who needs it."""
    found = examine(providers({"OPENAI_API_KEY": "openai-for-tests"}), plan=plan_text(PLAN))
    assert [f.name for f in found if f.area == "Providers"] == ["fal"]
    fal = named(found, "fal")
    assert (fal.state, fal.what, fal.about_key) == (
        "fail",
        "no key, and 1 step of the pipeline needs it",
        True,
    )
    assert "FAL_KEY" in fal.mend


def test_faults_of_an_account_are_told_and_it_is_not_asked(in_tmp: Path) -> None:
    """No request leaves with a key or to an address that is wrong."""
    found = examine(providers({"FAL_KEY": "short"}))
    assert named(found, "fal").what.startswith("FAL_KEY: the key has fewer")


def test_another_address_is_named_with_its_variable(in_tmp: Path) -> None:
    """So that nobody looks for a gateway's fault at the provider."""
    values = {**KEYS, "ACP_FAL_BASE_URL": "https://gateway.example/fal"}
    found = examine(providers(values, fal=raising(TransientError("no answer")), openai=fine))
    assert named(found, "fal").what == "no answer (at https://gateway.example/fal)"
    assert named(found, "fal").mend == "check ACP_FAL_BASE_URL"


def test_services_are_asked_at_the_same_time_and_not_for_ever(in_tmp: Path) -> None:
    """Both are under way at once; one that never answers is left behind when the time is over."""
    both, never = threading.Barrier(2, timeout=10), threading.Event()

    def stuck(_token: Token) -> Probe:
        both.wait()
        never.wait()
        return Probe()

    def met(token: Token) -> Probe:
        both.wait()
        return fine(token)

    # A tenth of a second in all, with the grace that follows.
    found = examine(providers(fal=stuck, openai=met), patience=-1.9)
    never.set()
    assert named(found, "openai").state == "ok"
    assert (named(found, "fal").state, named(found, "fal").what) == ("fail", "no answer in time")


class _Ahead(SystemClock):
    """A machine whose clock is ten minutes ahead."""

    def wall(self) -> float:
        return SystemClock.wall() + 600


def test_a_clock_that_is_wrong_is_a_warning(in_tmp: Path) -> None:
    """By the dates of the answers; more than five minutes count."""
    clock = named(examine(providers(fal=fine, openai=fine), clock=_Ahead()), "clock")
    assert (clock.state, clock.what[:31]) == ("warn", "10 minutes ahead of the service")


def test_what_is_allowed_and_what_is_in_between_is_told(in_tmp: Path) -> None:
    """Proxies without their password, certificates that are not there, and switches that open something."""
    values = {
        "HTTPS_PROXY": "http://user:pass-for-tests@proxy.example:3128",
        "NO_PROXY": ".corp.example",
        "SSL_CERT_FILE": str(in_tmp / "missing.pem"),
        "ACP_ALLOW_HTTP": "1",
    }
    found = examine(providers(values))
    assert named(found, "proxy").what == "https goes through proxy.example:3128, but not to .corp.example"
    assert named(found, "certificates").state == "fail"
    assert named(found, "allowed").state == "warn"


def test_a_folder_that_cannot_be_used_fails(in_tmp: Path) -> None:
    """As it would before a run."""
    (in_tmp / "taken").write_text("a file")
    assert named(examine(providers({}), folder=in_tmp / "taken"), "output folder").state == "fail"
