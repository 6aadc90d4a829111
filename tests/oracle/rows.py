"""The fault model as a table: each fault that a simulator can have, and what the whole engine makes of it.

A row N1 … N14 or P1 … P14 is the place in the fault model; what stands behind the point is a case of it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Outcome(NamedTuple):
    """How a step ends in the run that the fault strikes, and in a second, calm one.

    ``bills``, ``bills_again``: how often it stands on the bill by then.
    """

    first: str
    bills: int
    again: str
    bills_again: int


WELL: Final = Outcome("succeeded", 1, "cached", 1)
"""RETRY and REATTACH: the step is made all the same, and paid once."""
DOUBT: Final = Outcome("doubt", 1, "doubt", 1)
"""Billed, and nobody knows: never sent again by itself."""
UNSURE: Final = Outcome("doubt", 0, "doubt", 0)
"""Not billed, which nobody can know: never sent again by itself either."""
FAIL: Final = Outcome("failed", 0, "succeeded", 1)
"""Turned down before anything was made: another run orders."""
LATER: Final = Outcome("failed", 1, "succeeded", 1)
"""Paid and not to be had for now: another run fetches it."""
LOST: Final = Outcome("failed", 1, "failed", 1)
"""Paid, and nothing comes of it: another run does not pay again, only --fresh does."""
REFUSED: Final = Outcome("refused", 0, "succeeded", 1)
"""The content is refused, and not billed."""
REFUSED_MAYBE: Final = Outcome("refused", 0, "refused", 0)
"""The content is refused when the work had begun, which may be billed: no blind retry."""
REFUSED_PAID: Final = Outcome("refused", 1, "refused", 1)
"""The content is refused, and billed: no blind retry."""
LATE: Final = Outcome("timed_out", 1, "succeeded", 1)
"""Not there in time; another run takes it up."""
CALLED_OFF: Final = Outcome("timed_out", 0, "succeeded", 1)
"""Never begun, and cancelled at the deadline."""

# Patterns of "provider fault"; the first that fits counts.
OUTCOMES: Final = (
    (r"(fal|replicate) N3\.cut_after_id", WELL),  # the id can be read
    (r"elevenlabs N(2\.(drop|reset|499|500|502|504|timeout)|3\.(html|no_id))", DOUBT),
    (r"elevenlabs N(3|7|8|9|13)\.(?!html|json).*", WELL),  # its history has what broke off
    (r"elevenlabs N13\.(html|json)", UNSURE),
    (r"\S+ N[23]\..*", DOUBT),
    (r"\S+ N(4|5)\..*", WELL),
    (r"\S+ N6\.gone", LOST),
    (r"\S+ N(6|7|8|9|10|13)\..*|\S+ N12\.hop", WELL),
    (r"\S+ N11\.(drip|stall)", LATE),
    (r"\S+ N11\.slow_json", WELL),
    (r"\S+ N12\.order", FAIL),
    (r"\S+ N12\..*", LATER),
    (r"\S+ P1\.(date|huge)", FAIL),  # over the cap
    (r"\S+ P(1|2)\..*", WELL),
    (r"\S+ P3\.(day|spend)", FAIL),
    (r"\S+ P3\..*|openrouter P8\.inside_(429|502)", WELL),
    (r"\S+ P(4|5)\..*|openrouter P8\.inside_402", FAIL),
    (r"fal P6\.crashed", WELL),
    (r"\S+ P6\..*", FAIL),
    (r"fal P7\.nsfw|gemini P7\..*|openrouter P7\.(filtered|refusal)", REFUSED_PAID),
    (r"replicate P7\.refused", REFUSED_MAYBE),
    (r"\S+ P7\..*", REFUSED),
    (r"fal P8\.error|gemini P8\.thoughts", WELL),
    (r"openai P8\..*", UNSURE),
    (r"gemini P8\.(inside|no_end)|openrouter P8\.no_end|(gemini|openrouter) P9\.empty", DOUBT),
    (r"\S+ P8\..*", LOST),
    (r"(fal|replicate) P(9\..*|14\.huge)", LATER),  # the job is asked again, which costs nothing
    (r"\S+ P9\..*", LOST),
    (r"\S+ P10\.stuck", CALLED_OFF),
    (r"\S+ P10\.aborted", WELL),
    (r"\S+ P11\..*", WELL),
    (r"\S+ P13\..*", WELL),
    (r"elevenlabs P14\..*", WELL),  # in an answer that is not asked for
    (r"\S+ P14\..*", LOST),
)

MAY_BE_LATE: Final = re.compile(r"N4\.timeout|N11\.slow_json")
"""At the deadline one more look is made, and what turns out to be done is fetched: WELL, or LATE."""

ELSEWHERE: Final = {
    "N12.private": "providers/test_download.py",
    "N12.metadata": "providers/test_download.py",
}
"""Faults that lead out of this machine, and where they are held."""

OF_THEIR_OWN: Final = ("N1", "N14", "P12")
"""Rows that no script of a simulator makes: nobody there, certificates, hidden retries."""

HANGS: Final = re.compile(r"N[24]\.timeout|N11\..*|P10\.stuck|P11\..*")
"""What takes as long as it is let."""
ALONE: Final = re.compile(r"P[1-5]\..*|P8\.inside_402")
"""What holds up or closes the whole provider."""
PICTURES: Final = re.compile(r"gemini P(14\..*|9\.no_image|7\.image)")
"""What strikes only a request for a picture."""
KINDS: Final = {
    "fal": {"order", "status", "result", "media", "cancel"},
    "replicate": {"order", "status", "media", "cancel"},
    "elevenlabs": {"order"},
    "gemini": {"order"},
    "openai": {"order"},
    "openrouter": {"order"},
}
"""The calls that the adapters make for these steps."""


def outcome_of(provider: str, fault: str) -> Outcome:
    """What the table says. Raises StopIteration for a fault that it does not know."""
    return next(outcome for row, outcome in OUTCOMES if re.fullmatch(row, f"{provider} {fault}"))


def is_right(provider: str, fault: str, seen: Outcome) -> bool:
    """Whether that is how it may end."""
    return seen == outcome_of(provider, fault) or (seen == LATE and MAY_BE_LATE.fullmatch(fault) is not None)
