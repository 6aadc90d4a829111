"""What providers are taken to let through when an account's own limits are not known; for simulations.

A run never relies on these figures: its throttle learns the real ones. They come from plans that many people
have, and each says where it is from; the ones that nobody has published are assumptions and say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class UsualLimits(NamedTuple):
    """One provider's limits, None for what it does not limit.

    ``concurrency``: requests that it works on at once; more of them wait in its queue where it ``queues``,
    and are refused where not. ``requests`` are let through in any ``window`` seconds. ``per_model``: each
    model has limits of its own. ``tells_wait``: a refusal says how long to wait. ``announces``: answers name
    the limit. ``none``: there is surely no limit, as for work on this machine; else requests begin slowly
    until more is known. ``spread``: sigma of the lognormal distribution that service times are drawn from.
    """

    concurrency: int | None = None
    requests: int | None = None
    window: float = 60.0
    queues: bool = False
    per_model: bool = False
    tells_wait: bool = False
    announces: bool = False
    none: bool = False
    spread: float = 0.5
    source: str = ""


USUAL: Final[Mapping[str, UsualLimits]] = {
    "local": UsualLimits(none=True, spread=0.0, source="this machine"),
    "fal": UsualLimits(
        concurrency=2,
        queues=True,
        source="fal's documentation: 2 in progress for a new account, up to 40 as it pays",
    ),
    "elevenlabs": UsualLimits(
        concurrency=5,
        announces=True,
        spread=0.3,
        source="ElevenLabs' help page: 5 at once on the Creator plan (2 Free, 3 Starter, 10 Pro, 15 Scale)",
    ),
    "replicate": UsualLimits(
        requests=10,
        window=1.0,
        tells_wait=True,
        source="Replicate's documentation: 600 predictions a minute, short bursts above it",
    ),
    "gemini": UsualLimits(
        requests=60,
        per_model=True,
        tells_wait=True,
        source="an assumption: figures differ by project and model and are shown in its console only",
    ),
    "openrouter": UsualLimits(source="OpenRouter's documentation: no fixed limit for paid models"),
    "openai": UsualLimits(
        requests=20,
        tells_wait=True,
        announces=True,
        source="an assumption, that of a second usage tier; the account's own stands on every answer",
    ),
}
"""By provider name."""

_NONE: Final = UsualLimits(source="nothing is known of its limits, so none is assumed")


def usual_limits(provider: str) -> UsualLimits:
    """What is assumed of this provider; no limits for one that nothing is known of."""
    return USUAL.get(provider, _NONE)
