from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.errors import ArtifactError
from acp_action.github.twirp import (
    Passing,
    Refused,
    Reply,
    answer_of,
    field,
    listed_in,
    origin_of,
    retry_after,
    retry_delay,
    scope_of,
    timestamp,
)
from tests.github.artifact_rules import make_token

JSON = {"content-type": "application/json"}


@given(st.integers(), st.floats(0, 1e9))
def test_waits_are_those_of_the_official_client(seed: int, asked: float) -> None:
    """3 s, then at random between 3·1.5^(n-1) and 3·1.5^n; what the server asks for counts up to a minute."""
    rng = random.Random(seed)
    assert retry_delay(1, rng) == 3.0
    for attempt in (2, 3, 4):
        assert 3 * 1.5 ** (attempt - 1) <= retry_delay(attempt, rng) <= 3 * 1.5**attempt
        assert min(asked, 60) <= retry_delay(attempt, rng, asked) <= max(asked, 60)


@pytest.mark.parametrize(
    ("value", "seconds"), [("12", 12.0), ("-1", 0.0), ("Fri, 1 Jan", 0.0), ("²", 0.0), ("", 0.0)]
)
def test_retry_after_is_a_number_or_nothing(value: str, seconds: float) -> None:
    """A date, or anything odd, is no reason to wait longer than by ourselves."""
    assert retry_after(Reply(503, {"retry-after": value}, b"")) == seconds


def test_ids_are_read_from_the_token() -> None:
    """The scope of the artifact service names run and job, among other scopes."""
    expected = {"workflow_run_backend_id": "r-1", "workflow_job_run_backend_id": "j-2"}
    assert scope_of(make_token("r-1", "j-2")) == expected


@pytest.mark.parametrize("scopes", ["", "Actions.ExampleScope", "Actions.Results:r", "Actions.Results:r:j:x"])
def test_token_without_the_scope_is_explained(scopes: str) -> None:
    """A GitHub Enterprise Server hands out tokens that have no right to artifacts of this kind."""
    with pytest.raises(
        ArtifactError, match=r"no scope Actions\.Results.*Enterprise Server.*upload-artifact: false"
    ):
        scope_of(make_token(scopes=scopes))


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "a.e30.c", "a.bnVsbA.c", "a.W10.c", "a.é.c"])
def test_token_that_is_none_is_told_without_showing_it(token: str) -> None:
    """What is no token of a runner is said to be none."""
    with pytest.raises(ArtifactError, match=r"^ACTIONS_RUNTIME_TOKEN is not a token of an Actions runner"):
        scope_of(token)


@pytest.mark.parametrize(
    ("url", "origin"),
    [("https://r.example/a/b?c", "https://r.example"), ("http://localhost:1/", "http://localhost:1")],
)
def test_only_the_origin_of_the_results_url_counts(url: str, origin: str) -> None:
    """Whatever follows the host is no part of the service's address."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url", ["", "r.example", "ftp://r.example", "https://", "https://user:word@r.example"]
)
def test_results_url_that_is_none_is_an_error(url: str) -> None:
    """Nothing is sent to what is no plain address of the web."""
    with pytest.raises(ArtifactError, match="ACTIONS_RESULTS_URL"):
        origin_of(url)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05Z"),
    ],
)
def test_timestamps_are_written_as_the_protocol_wants(moment: datetime, text: str) -> None:
    """RFC 3339 in UTC; three digits of a second where it is not a whole one."""
    assert timestamp(moment) == text


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_status_that_may_pass_is_worth_another_try(status: int) -> None:
    """A server in trouble, and one that is asked too often, may answer next time."""
    with pytest.raises(Passing, match=f"M: HTTP {status}: busy"):
        answer_of(Reply(status, JSON, b'{"msg": "busy"}'), "M", hide="t")


def test_page_in_place_of_an_answer_is_worth_another_try() -> None:
    """A page of a proxy, even with status 200, is no answer of the service."""
    with pytest.raises(Passing, match="HTTP 200 with text/html in place of JSON"):
        answer_of(Reply(200, {"content-type": "text/html; charset=utf-8"}, b"<html>"), "M", hide="t")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 302])
def test_clear_no_is_not_worth_another_try(status: int) -> None:
    """The server has understood; asking again would change nothing."""
    with pytest.raises(Refused) as caught:
        answer_of(Reply(status, JSON, b'{"code": "c", "msg": "no\\n  way"}'), "M", hide="t")
    assert (caught.value.status, str(caught.value)) == (status, f"HTTP {status}: no way")


def test_full_storage_is_explained_and_final() -> None:
    """The account's quota is told whatever the status is."""
    with pytest.raises(Refused, match=r"storage for artifacts is used up; delete artifacts"):
        answer_of(Reply(503, JSON, b'{"msg": "insufficient usage to create artifact"}'), "M", hide="t")


def test_server_that_repeats_the_token_does_not_get_it_printed() -> None:
    """What we told the server never comes back in a message, even cut in the middle."""
    body = b'{"msg": "%s tok.en.sig"}' % (b"x" * 290)
    with pytest.raises(Refused) as caught:
        answer_of(Reply(400, JSON, body), "M", hide="tok.en.sig")
    assert "tok" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "text"), [({"a_b_c": 1}, "1"), ({"aBC": "1"}, "1"), ({"a_b_c": None}, ""), ({}, "")]
)
def test_fields_are_found_in_both_spellings(answer: dict[str, object], text: str) -> None:
    """GitHub answers in snake_case, others in camelCase; 64-bit numbers are texts or numbers."""
    assert field(answer, "a_b_c") == text


def test_newest_of_a_listing_is_first() -> None:
    """Only the very name counts, and ids are numbers: 10 is newer than 9."""
    items = [
        {"name": "a", "databaseId": "9"},
        {"name": "ab", "database_id": "11"},
        {"name": "a", "database_id": 10},
    ]
    assert [found.id for found in listed_in({"artifacts": items}, "a")] == ["10", "9"]
