"""Voices by name: those of old that everybody has, and how to look for others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import FatalError, did_you_mean
from acp_action.providers.reading import entry
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

PREMADE: Final[Mapping[str, str]] = {
    "rachel": "21m00Tcm4TlvDq8ikWAM",
    "drew": "29vD33N1CtxCmqQRPOHJ",
    "clyde": "2EiwWnXFnvU5JabPnv8n",
    "bella": "EXAVITQu4vr4xnSDxMaL",
    "antoni": "ErXwobaYiN019PkySvjV",
    "elli": "MF3mGyEYCl7XYWbV9V6O",
    "josh": "TxGEqnHWrfWFTfGW9XjX",
    "arnold": "VR6AewLTigWG4xSOukaG",
    "adam": "pNInz6obpgDQGcFmaJgB",
    "sam": "yoZ06aMxZJJ28mfd3POQ",
}
"""Voices that the service has had for all accounts; some may be gone."""

SEARCH: Final = "/v2/voices"
# An id becomes part of an address; those of the service have twenty letters and digits.
_ID: Final = re.compile(r"[A-Za-z0-9]{16,64}")
_SHOWN: Final = 8


def known_voice(name: str) -> str | None:
    """The id of a voice that is given by its id or by a name of old; None for a name to look for."""
    name = name.strip()
    found = PREMADE.get(name.casefold())
    return found or (name if _ID.fullmatch(name) else None)


def found_voice(name: str, answer: Any) -> str:
    """The id of the voice of this very name in the answer to a search.

    Raises FatalError, which offers what there is.
    """
    listed = entry(answer, "voices")
    voices = [
        (excerpt(str(entry(v, "name") or "")), str(entry(v, "voice_id") or ""))
        for v in (listed if isinstance(listed, list) else ())
    ]
    usable = [(label, voice) for label, voice in voices if _ID.fullmatch(voice)]
    wanted = name.strip().casefold()
    # The service writes "Name - what it is like" for some of its own voices.
    same = [v for label, v in usable if wanted in (label.casefold(), label.partition(" - ")[0].casefold())]
    if len(set(same)) == 1:
        return same[0]
    raise FatalError(_not_found(name, [label for label, _ in usable], len(set(same))))


def _not_found(name: str, labels: list[str], same: int) -> str:
    if same:
        return f"params.voice: {same} voices are called '{name}'; give params.voice_id instead"
    names = labels or list(PREMADE)
    near = did_you_mean(name, names) or f"there are {', '.join(names[:_SHOWN])}"
    return f"params.voice: there is no voice '{name}' in this account; {near}, or give params.voice_id"
