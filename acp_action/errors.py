"""Everything that can go wrong, as one tree, and what a problem of a pipeline file looks like.

AcpError                      exit code 1
├── ConfigError               2   the pipeline file has problems; carries all of them
├── UsageError                2   a flag, an argument or an input value is wrong
├── OutputError               2   the output folder cannot be used
│   └── PlaceTaken            2   another run or call that pays is at work there
├── MissingKeyError           3   a provider's key is missing
├── ArtifactError             1   files could not be packed or handed to the artifact service
├── StopWork                      the attempt must end; raised by a token's ``check`` and ``wait``
│   ├── Cancelled                 somebody asked the run or the step to stop
│   └── DeadlineExpired           the step's time is over
└── ProviderError                 an attempt did not produce its output
    ├── RateLimited               the provider refused for now; nothing was made or billed
    ├── AccountClosed             it takes nothing more from this account: key, credit, quota of the day
    ├── TransientError            worth another try; nothing was billed
    ├── FatalError                another try would end the same way
    │   └── Unrecorded            what is about to be paid cannot be written down, so it is not sent
    ├── PolicyRefusal             the provider refuses this content
    └── UnknownOutcome            a paid request may or may not have been executed
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acp_action.providers.base import Announced


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A question with the nearest choice, or an empty text when none is near.

    >>> did_you_mean("promt", ["prompt", "seed"])
    "did you mean 'prompt'?"
    """
    known = list(choices)
    folded = {c.casefold(): c for c in known}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.65)
    return f"did you mean '{folded[close[0]]}'?" if close else ""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file; line and column count from 1, the column in characters."""

    line: int
    column: int

    def of(self, file: str) -> str:
        """``file:line:column``, as editors and terminals take it."""
        return f"{file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a pipeline file, where it is, and how to mend it.

    ``caret``: the column of the place in ``line_text``, where that is only a part of a long line; else 0.
    """

    where: str
    what: str
    mend: str = ""
    file: str = "pipeline"
    position: Position | None = None
    line_text: str = ""
    severity: Literal["error", "warning"] = "error"
    caret: int = 0

    def __str__(self) -> str:
        """``file:line:column: where: what; how to mend it`` on one line."""
        place = self.position.of(self.file) if self.position else self.file
        text = ": ".join(part for part in (place, self.where, self.what) if part)
        return f"{text}; {self.mend}" if self.mend else text

    def render(self) -> str:
        """The one line, then the offending line of the file with a caret under the place."""
        if self.position is None or not self.line_text:
            return str(self)
        lead = f"{self.position.line:>5} | "
        before = "".join(map(_blank, self.line_text[: (self.caret or self.position.column) - 1]))
        return f"{self}\n{lead}{self.line_text}\n{' ' * (len(lead) - 2)}| {before}^"


def _blank(character: str) -> str:
    """White space as wide as a character is on a terminal; a tab stays a tab."""
    if character.isspace():
        return character
    if combining(character):
        return ""
    return "  " if east_asian_width(character) in "WF" else " "


class AcpError(Exception):
    """Base of every error that a user can act on."""

    exit_code = 1


class ConfigError(AcpError):
    """The pipeline file has problems; all of them are in ``problems``, in file order.

    ``draft``: what was loaded, with the faulty keys taken out, where it is still sound enough to be planned:
    so that the planner's problems can be told along with the loader's.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], draft: object = None) -> None:
        self.problems = tuple(problems)
        self.draft = draft
        super().__init__("\n".join(str(p) for p in self.problems))

    def render(self) -> str:
        """Every problem with its line and caret."""
        return "\n".join(p.render() for p in self.problems)


class UsageError(AcpError):
    """A flag, an argument or an input value is wrong."""

    exit_code = 2


class OutputError(AcpError):
    """The output folder cannot be used; the message names the path and the reason."""

    exit_code = 2


class PlaceTaken(OutputError):  # noqa: N818 - a state, not a fault
    """Another run that pays is at work in the folder, or a call with the same output."""


class MissingKeyError(AcpError):
    """A provider's key is missing; the message names the variable, the action input and the preview."""

    exit_code = 3


class ArtifactError(AcpError):
    """Files could not be packed into an artifact or handed in; the message says what to do.

    The files themselves stay where they are. It never holds a token or the query of a signed address.
    """


class StopWork(AcpError):  # noqa: N818 - a request, not a fault
    """The attempt must end now."""


class Cancelled(StopWork):
    """Somebody asked the run, the group or the step to stop.

    ``resumable``: the run was interrupted and may be taken up again later, so that work which a provider has
    begun, and which is paid anyway, may go on there. Else nobody wants the result any more.
    """

    def __init__(self, message: str = "", *, resumable: bool = False) -> None:
        super().__init__(message)
        self.resumable = resumable


class DeadlineExpired(StopWork):
    """The step's time is over; the message says what it waited for."""


class ProviderError(AcpError):
    """An attempt did not produce its output."""


class RateLimited(ProviderError):  # noqa: N818 - a state, not a fault
    """The provider refused for now. Nothing was made or billed.

    ``retry_after``: seconds to wait as told by the provider, None when it told nothing.
    ``kind``: what is limited, when the provider says so: requests in flight, or requests in a time.
    ``announced``: limits that the answer told of.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        kind: Literal["unknown", "concurrency", "pace"] = "unknown",
        announced: Announced | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.kind = kind
        self.announced = announced


class AccountClosed(ProviderError):  # noqa: N818 - a state, not a fault
    """The provider takes nothing more from this account, so no other step need ask. Nothing was billed.

    ``why``: the key is refused, the credit is used up, or the quota of the day is. ``reopens_in``: seconds,
    None when waiting would not help. ``model_only``: it holds for the model that was asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        why: Literal["key", "credit", "day"],
        reopens_in: float | None = None,
        model_only: bool = False,
    ) -> None:
        super().__init__(message)
        self.why = why
        self.reopens_in = reopens_in
        self.model_only = model_only


class TransientError(ProviderError):
    """Worth another try: nothing was billed. ``retry_after`` in seconds, None for our own back-off."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FatalError(ProviderError):
    """Another try would end the same way."""


class Unrecorded(FatalError):  # noqa: N818 - a state, not a fault
    """What is about to be paid for cannot be written down: nothing was sent, and nothing more may be."""


class Unstored(FatalError):  # noqa: N818 - a state, not a fault
    """What was made cannot be written: the disk is full, or gone. Others would fare no better."""


class PolicyRefusal(ProviderError):  # noqa: N818 - a decision of the provider
    """The provider refuses this content."""


class UnknownOutcome(ProviderError):  # noqa: N818 - a state, not a fault
    """A paid request may or may not have been executed; never sent again by itself."""
