"""Secrets never leave: every text that is shown, written or handed in passes ``redact``.

A process knows its secrets as a whole: a key given for one run must not show up in what another one writes.
So there is one list, ``SECRETS``, which whoever is handed a secret adds it to before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acp_action.artifacts import JsonValue

SHORTEST: Final = 8
"""Characters; a shorter text stands in ordinary words, and blotting it out would tell more than it hides."""

_BLOT: Final = "***"
# The first and the last letters of a base64 text also depend on what stands before and after the secret.
_BASE64_SHIFTS: Final = (0, 1, 2)


class Redactor:
    """Blots out secrets, also percent-encoded, in base64, as JSON writes them, and line by line."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> bool:
        """Blot this out from now on; False for what is too short to be found safely."""
        forms = {form for part in _parts(secret) for form in _forms(part)}
        self._forms |= forms
        if forms:
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        return bool(forms)

    def clear(self) -> None:
        """Forget all; for tests."""
        self._forms.clear()
        self._pattern = None

    def __call__(self, text: str) -> str:
        """The text without secrets; one that holds none comes back as it is."""
        if self._pattern is None:
            return text
        blotted = self._pattern.sub(_BLOT, text)
        # What stood around a secret may be another one.
        while blotted != text:
            text, blotted = blotted, self._pattern.sub(_BLOT, blotted)
        return text

    def within(self, value: JsonValue | Mapping[str, JsonValue]) -> bool:
        """Whether a text in the value, at any depth, holds a secret."""
        if self._pattern is None:
            return False
        if isinstance(value, Mapping):
            return any(self.within(item) for pair in value.items() for item in pair)
        if isinstance(value, list):
            return any(map(self.within, value))
        return isinstance(value, str) and self._pattern.search(value) is not None

    def bytes(self, content: bytes) -> bytes:
        """UTF-8 text without secrets; what is not text, such as a picture, comes back as it is."""
        if self._pattern is None:
            return content
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return content
        return self(text).encode("utf-8")


def _parts(secret: str) -> Iterator[str]:
    yield secret.strip()
    yield from (line.strip() for line in secret.splitlines())


def _forms(part: str) -> Iterator[str]:
    # Late: --help has no secrets, and needs none of these.
    import base64
    import json
    from urllib.parse import quote, quote_plus

    if len(part) < SHORTEST:
        return
    yield part
    yield from (quote(part, safe=""), quote_plus(part), json.dumps(part)[1:-1])
    raw = part.encode("utf-8", "replace")
    for shift in _BASE64_SHIFTS:
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            coded = encode(bytes(shift) + raw).decode().rstrip("=")
            yield coded[-(-shift * 4 // 3) : len(coded) - 1]


SECRETS: Final = Redactor()
"""What this process must never show."""


def redact(text: str) -> str:
    """The text without the secrets of this process."""
    return SECRETS(text)
