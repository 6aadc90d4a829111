"""Looks at everything a run stands on, without paying: this machine, the folder, the keys, the services."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple

from acp_action.api.machine import machine_checks
from acp_action.api.prepare import keys_of
from acp_action.engine.cancel import CancelToken
from acp_action.engine.clock import SystemClock
from acp_action.errors import (
    AccountClosed,
    DeadlineExpired,
    ProviderError,
    RateLimited,
)
from acp_action.providers.keys import account_of
from acp_action.providers.registry import LOCAL, REGISTRY
from acp_action.report.diagnosis import PROVIDERS, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from acp_action.engine.clock import Clock
    from acp_action.plan.model import Plan
    from acp_action.providers.account import Account
    from acp_action.providers.base import Provider, Token
    from acp_action.report.diagnosis import State

PATIENCE: Final = 10.0
"""Seconds that all checks together may take; what has no answer by then has none."""

_GRACE: Final = 2.0
_SKEW: Final = 300.0
"""Seconds that this machine's clock may differ from a service's: signed addresses expire by the clock."""


class Examined(NamedTuple):
    """What came of one provider. ``skew``: seconds that this machine is ahead of its clock, where it told."""

    findings: tuple[Finding, ...]
    skew: float | None = None


def examine(
    providers: Mapping[str, Provider],
    *,
    plan: Plan | None = None,
    folder: Path | None = None,
    version: str = "",
    clock: Clock | None = None,
    patience: float = PATIENCE,
) -> tuple[Finding, ...]:
    """Everything that was found, this machine first; nothing is written, ordered or paid for.

    ``plan``: look only at what it needs; a missing key is a failure then. ``folder``: where outputs would go.
    ``version``: of the program. The services are asked at the same time, for at most ``patience`` seconds.
    """
    clock = clock or SystemClock()
    needed = {need.provider: need.steps for need in keys_of(plan, providers)} if plan else None
    names = [name for name in REGISTRY if name != LOCAL and (needed is None or name in needed)]
    token = CancelToken(clock, clock.now() + patience, patience)
    asked = _Asked(clock, token)
    for name in names:
        steps = () if needed is None else needed[name]
        asked.ask(name, partial(_provider, name, providers, steps, token, clock))
    found = [*machine_checks(plan, folder, providers, version)]
    answers = asked.answers(names, patience + _GRACE)
    return (*found, *_clock_check(answers), *(f for answer in answers for f in answer.findings))


class _Asked:
    """Questions to several services at once; each on a thread that nobody has to wait for."""

    def __init__(self, clock: Clock, token: CancelToken) -> None:
        self._clock = clock
        self._token = token
        self._mail: SimpleQueue[tuple[str, Examined]] = SimpleQueue()

    def ask(self, name: str, question: Callable[[], Examined]) -> None:
        """Begin; the question must not raise."""

        def work() -> None:
            self._mail.put((name, question()))

        threading.Thread(target=work, name=f"acp-doctor-{name}", daemon=True).start()

    def answers(self, names: Sequence[str], seconds: float) -> list[Examined]:
        """All answers in the order of ``names``; a finding says so where there is none in time."""
        end, found = self._clock.now() + seconds, dict[str, Examined]()
        while len(found) < len(names) and (left := end - self._clock.now()) > 0:
            found.update(self._clock.receive(self._mail, left))
        self._token.cancel("the time is over")
        return [found.get(name) or Examined((_silent(name),)) for name in names]


def _silent(name: str) -> Finding:
    return _finding(name, "fail", "no answer in time", "check the connection, proxies and firewalls")


# --- one provider


def _provider(
    name: str, providers: Mapping[str, Provider], steps: Sequence[str], token: Token, clock: Clock
) -> Examined:
    try:
        provider = providers[name]
        account = account_of(provider)
        if account is None:
            return Examined((_finding(name, "none", "it needs no key"),))
        if account.faults:
            return Examined(tuple(_finding(name, "fail", fault, about_key=True) for fault in account.faults))
        if not account.key:
            return Examined((_without_key(account, steps),))
        return _asked(provider, account, token, clock)
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, and stops no other
        return Examined((_finding(name, "fail", f"{type(error).__name__}: {error}", "please report this"),))


def _without_key(account: Account, steps: Sequence[str]) -> Finding:
    entry = REGISTRY[account.provider]
    give = f"set {entry.ways}, or give the action input '{entry.action_input}'"
    if not steps:
        return _finding(account.provider, "none", f"no key; to use it, {give}")
    count = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
    what = f"no key, and {count} of the pipeline need{'s' if len(steps) == 1 else ''} it"
    return _finding(account.provider, "fail", what, give, about_key=True)


def _asked(provider: Provider, account: Account, token: Token, clock: Clock) -> Examined:
    name, begun = account.provider, clock.now()
    probe = getattr(provider, "probe", None)
    if probe is None:
        return Examined((_finding(name, "none", f"{account.variable} is set; nothing free can be asked"),))
    try:
        answer = probe(token)
    except (ProviderError, DeadlineExpired) as error:
        return Examined((_refused(account, error),))
    verb = "are" if " and " in account.variable else "is"
    told = [
        f"{account.variable} {verb} accepted ({clock.now() - begun:.1f} s)",
        answer.said,
        _elsewhere(account),
    ]
    finding = _finding(name, "ok", "; ".join(filter(None, told)))
    return Examined((finding,), _skew(answer.date, clock.wall()))


def _refused(account: Account, error: Exception) -> Finding:
    name, elsewhere = account.provider, _elsewhere(account)
    where = f" ({elsewhere})" if elsewhere else ""
    said = f"{str(error).removeprefix(f'{name}: ')}{where}"
    match error:
        case AccountClosed(why="key"):
            return _finding(name, "fail", said, about_key=True)
        case AccountClosed() | RateLimited():
            return _finding(name, "warn", said, "runs will wait or fail until this is mended")
        case DeadlineExpired():
            return _silent(name)._replace(what=f"no answer in time{where}")
    variables = " and ".join(v for role, v in REGISTRY[name].urls if role in account.urls)
    return _finding(name, "fail", said, f"check {variables or 'the connection, proxies and firewalls'}")


def _elsewhere(account: Account) -> str:
    """The addresses that stand in for the provider's own."""
    return f"at {', '.join(account.urls.values())}" if account.urls else ""


def _finding(name: str, state: State, what: str, mend: str = "", *, about_key: bool = False) -> Finding:
    return Finding(PROVIDERS, name, state, what, mend, about_key)


# --- the clock


def _skew(date: str, now: float) -> float | None:
    """Seconds that this machine's clock is ahead of an answer's; None without a date."""
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _clock_check(answers: Iterable[Examined]) -> Iterator[Finding]:
    """One word on the clock, by the answer that is nearest to it: a service's own may be wrong."""
    skews = [answer.skew for answer in answers if answer.skew is not None]
    if not skews:
        return
    skew = min(skews, key=abs)
    if abs(skew) <= _SKEW:
        yield Finding("This machine", "clock", "ok", "as the services' clocks")
        return
    way = "ahead of" if skew > 0 else "behind"
    what = (
        f"{abs(skew) / 60:.0f} minutes {way} the services' clocks; addresses of results expire by the clock"
    )
    yield Finding("This machine", "clock", "warn", what, "set it, best by NTP")
