"""Which variables ``{{env.NAME}}`` may read: those that are named, and never a credential."""

from __future__ import annotations

import re

import pytest

from acp_action.config.environment import allowed_environment, credential_like
from acp_action.errors import UsageError

ENVIRON = {"TEAM": "web", "CITY": "Zürich", "FAL_KEY": "abc", "NOTE": "sk-" + "a" * 30, "EMPTY": ""}


def test_only_named_variables_are_open() -> None:
    """The trusted side names each variable; the rest of the environment stays closed."""
    assert allowed_environment(["TEAM", "CITY", "TEAM", "EMPTY"], ENVIRON) == {
        "TEAM": "web", "CITY": "Zürich", "EMPTY": "",
    }  # fmt: skip


def test_all_complaints_come_together() -> None:
    """What is no name, not set, or a credential is told at once, and no value is shown."""
    with pytest.raises(UsageError) as caught:
        allowed_environment(["A-B", "ABSENT", "FAL_KEY", "NOTE", "TEAM"], ENVIRON)
    lines = str(caught.value).splitlines()
    assert [re.findall("A-B|ABSENT|FAL_KEY|NOTE", line) for line in lines] == [
        ["A-B"], ["ABSENT"], ["FAL_KEY"], ["NOTE"],
    ]  # fmt: skip
    assert "a" * 30 not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["FAL_KEY", "OPENAI_APIKEY", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "DB_PASSWORD", "SENTRY_DSN",
     "AWS_SECRET_ACCESS_KEY", "api_key", "MYSECRET", "NPM_AUTH", "SESSION_COOKIE", "GH_PAT"],
)  # fmt: skip
def test_names_of_credentials(name: str) -> None:
    """A variable that is called like a key is one, whatever it holds."""
    assert "its name holds" in (credential_like(name, "x") or "")


@pytest.mark.parametrize(
    "value",
    ["sk-proj-" + "a1B2" * 8, "sk_" + "0123456789abcdef" * 3, "ghp_" + "a" * 36, "github_pat_" + "A1" * 20,
     "AKIAIOSFODNN7EXAMPLE", "r8_" + "Ab1" * 12, "AIza" + "Sy" * 17, "xoxb-123456-abcdef", "hf_" + "a" * 30,
     "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "-----BEGIN RSA PRIVATE KEY-----", "https://me:pw@host/x",
     "a: Zk3Qp9XvT2mWb7Lr5Ny8Hc4Jd6Gs1Fa0Ue", "glpat-" + "x" * 20,
     "12345678-1234-1234-1234-123456789abc:" + "0f" * 16],
)  # fmt: skip
def test_values_of_credentials(value: str) -> None:
    """A value that looks like a key is one, whatever it is called; the reason does not quote it."""
    reason = credential_like("NOTE", value)
    assert reason is not None
    assert value not in reason


@pytest.mark.parametrize(
    ("name", "value"),
    [("TEAM", "web"), ("MONKEY", "banana"), ("KEYBOARD", "qwertz"), ("PWD", "/home/runner/work/a/a"),
     ("GITHUB_SHA", "3b99504acc33d94c08fe56e35c820965661b05f8"),
     ("BRANCH", "feature/a-long-name-of-a-branch"),
     ("PROMPT", "a lighthouse on a cliff at dusk, in the style of a woodcut"),
     ("URL", "https://example.org/a?b=c"),
     ("UUID", "12345678-1234-1234-1234-123456789abc"), ("DATE", "2026-11-23T10:00:00Z")],
)  # fmt: skip
def test_ordinary_variables_are_let_through(name: str, value: str) -> None:
    """Names, paths, hashes of commits, dates and prompts are no credentials."""
    assert credential_like(name, value) is None
