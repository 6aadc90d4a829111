"""Which environment variables ``{{env.NAME}}`` may read: those the trusted side names, and no credential.

A pipeline file is not trusted. What it can read it can send to a provider inside a prompt, so a value that
looks like a key stays closed even when somebody opens it by name.
"""

from __future__ import annotations

import re
from math import log2
from typing import TYPE_CHECKING, Final

from acp_action.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_PART: Final = re.compile(
    r"KEYS?|PASS|PASSPHRASE|CREDS?|AUTH|AUTHORIZATION|COOKIE|SESSION|SIGNATURE|PRIVATE|OIDC|JWT|PAT|DSN"
    r"|\w*(?:APIKEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL)S?"
)
_SHAPES: Final = (
    ("an API key", re.compile(r"\b(?:sk|pk|rk)[-_](?=[A-Za-z0-9_-]{16})")),
    ("a GitHub token", re.compile(r"\b(?:gh[oprsu]_|github_pat_)[A-Za-z0-9_]{10}")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{10}")),
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12}")),
    ("a Replicate token", re.compile(r"\br8_[A-Za-z0-9]{10}")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z0-9]{10}")),
    ("a Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{10}")),
    ("a Slack token", re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{6}")),
    ("a fal key", re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{16}")),
    ("a signed token", re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")),
    ("an address with a password", re.compile(r"://[^/\s:@]+:[^/\s@]+@")),
)
_MOST_MIB: Final = 10_000
_LONG_WORD: Final = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_RANDOM_BITS: Final = 4.2
"""Bits a character from which a long word counts as random; hexadecimal digests have at most 4."""


def allowed_environment(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that templates may read, by name.

    Raises UsageError, with every complaint, for a name that is none, a variable that is not set, and a
    variable that looks like a credential.
    """
    allowed: dict[str, str] = {}
    complaints = []
    for name in dict.fromkeys(names):
        if not _NAME.fullmatch(name):
            complaints.append(f"'{name}' is not the name of an environment variable")
        elif name not in environ:
            complaints.append(f"the environment variable {name} is not set; set it, or do not allow it")
        elif reason := credential_like(name, environ[name]):
            complaints.append(
                f"the environment variable {name} stays closed to pipeline files: {reason}; "
                "providers get their keys without templates"
            )
        else:
            allowed[name] = environ[name]
    if complaints:
        raise UsageError("\n".join(complaints))
    return allowed


def credential_like(name: str, value: str) -> str | None:
    """Why a variable looks like a credential, None when it does not. The reason never quotes the value.

    >>> credential_like("FAL_KEY", "x")
    "its name holds 'KEY'"
    """
    for part in name.upper().split("_"):
        if _SECRET_PART.fullmatch(part):
            return f"its name holds '{part}'"
    for kind, shape in _SHAPES:
        if shape.search(value):
            return f"its value looks like {kind}"
    if any(_is_random(word) for word in _LONG_WORD.findall(value)):
        return "its value looks like a random key"
    return None


def _is_random(word: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit)
    return all(any(map(kind, word)) for kind in kinds) and _entropy(word) > _RANDOM_BITS


def _entropy(word: str) -> float:
    shares = [word.count(c) / len(word) for c in set(word)]
    return -sum(share * log2(share) for share in shares)


SIZE_VARIABLE: Final = "ACP_MAX_PIPELINE_MIB"


def largest_pipeline(environ: Mapping[str, str], default: int) -> int:
    """The most bytes a pipeline file may have: ``default``, or what ACP_MAX_PIPELINE_MIB says in MiB.

    Raises UsageError for anything but a whole number from 1 to 10,000.
    """
    said = environ.get(SIZE_VARIABLE, "").strip()
    if not said:
        return default
    if not said.isascii() or not said.isdigit() or not 1 <= int(said[:9]) <= _MOST_MIB:
        raise UsageError(
            f"{SIZE_VARIABLE} is {said[:40]!r}; write a whole number of MiB, from 1 to {_MOST_MIB}"
        )
    return int(said) * 2**20
