"""How long to wait, from all that providers say: finite, never negative, capped; garbage says nothing."""

from __future__ import annotations

import json
import math
import random
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.errors import AccountClosed, RateLimited
from acp_action.providers.base import Announced
from acp_action.providers.wire.answer import Answer
from acp_action.providers.wire.faults import limited
from acp_action.providers.wire.persist import pause_after
from acp_action.providers.wire.retry_after import CAP, announced, kind_of, retry_after, seconds_in
from tests.providers.wiring import WALL

DATE = formatdate(WALL, usegmt=True)
LATER = formatdate(WALL + 90, usegmt=True)


def said(body: Any = b"", *, now: float = WALL, **headers: Any) -> float | None:
    """What an answer with these headers (``_`` for ``-``) and this body asks for."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return retry_after(Answer(429, {k.replace("_", "-"): v for k, v in headers.items()}, content, ""), now)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("1.5", 1.5),
        ("0", 0),
        (" 7 ", 7),
        ("1e9", CAP),
        ("999999999999", CAP),
        (LATER, 90),
        (formatdate(WALL - 90, usegmt=True), 0),
        (formatdate(WALL + 10 * CAP, usegmt=True), CAP),
        ("-5", None),
        ("NaN", None),
        ("inf", None),
        ("-inf", None),
        ("", None),
        ("soon", None),
        ("٣٠", None),
        ("３０", None),
        ("1_000", None),
        ("0x10", None),
        ("+5", None),
        ("1e999", None),
        ("9" * 400, None),
        ("12, 13", None),
        ("Wed, 99 Foo 2025 99:99:99 GMT", None),
    ],
)
def test_p1_every_form_of_the_header(text: str, seconds: float | None) -> None:
    """Seconds and dates count; what Python's float() would take besides does not."""
    assert said(retry_after=text, date=DATE) == seconds


def test_a_date_is_held_against_the_server_s_own_clock() -> None:
    """This machine's clock may be wrong; without the server's it has to do."""
    assert said(retry_after=LATER, date=DATE, now=0.0) == 90
    assert said(retry_after=LATER, now=WALL + 30) == 60
    assert said(retry_after=LATER, date="garbage", now=WALL + 30) == 60


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"x_ratelimit_reset": "30"}, 30),
        ({"x_ratelimit_reset": str(WALL + 30)}, 30),
        ({"x_ratelimit_reset": str(int((WALL + 30) * 1000))}, 30),
        ({"x_ratelimit_reset": str(WALL - 30)}, 0),
        ({"x_ratelimit_reset_requests": "6m0s"}, 360),
        ({"x_ratelimit_reset_requests": "120ms"}, 0.12),
        (
            {
                "x_ratelimit_reset_requests": "1s",
                "x_ratelimit_remaining_requests": "0",
                "x_ratelimit_reset_tokens": "60s",
            },
            1,
        ),
        ({"x_ratelimit_reset_requests": "1s", "x_ratelimit_reset_tokens": "60s"}, 60),
        ({"ratelimit_reset": "12"}, 12),
        ({"x_ratelimit_reset": "NaN"}, None),
    ],
)
def test_other_headers(headers: dict[str, Any], seconds: float | None) -> None:
    """Milliseconds first; a reset as a span or a point in time; that of the limit which is used up."""
    assert said(date=DATE, **headers) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"detail": "Request was throttled. Your rate limit resets in ~30s."}, 30),
        ({"error": {"message": "Rate limit reached. Please try again in 1m26.4s. Visit …"}}, 86.4),
        ({"error": {"message": "Please retry in 34.074824224s."}}, 34.074824224),
        ({"error": {"message": "Please try again in 120ms"}}, 0.12),
        ({"message": "wait 2 minutes"}, 120),
        (b"Retry after 7 seconds", 7),
        (b"retry in 5 sheep", None),
        (b"3 retries used", None),
        (
            {
                "error": {
                    "details": [
                        {"@type": "type.googleapis.com/google.rpc.QuotaFailure"},
                        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"},
                    ]
                }
            },
            21,
        ),
        ([{"error": {"details": [{"retryDelay": "0.5s"}]}}], 0.5),
        ({"error": {"details": [{"retryDelay": {"seconds": "21"}}]}}, 21),
        ({"error": {"details": [{"retryDelay": "-3s"}]}}, None),
        (
            {
                "error": {
                    "metadata": {
                        "headers": {
                            "X-RateLimit-Limit": "20",
                            "X-RateLimit-Remaining": "0",
                            "X-RateLimit-Reset": str(int((WALL + 44) * 1000)),
                        }
                    }
                }
            },
            44,
        ),
    ],
)
def test_p2_the_body_counts_where_headers_say_nothing(body: Any, seconds: float | None) -> None:
    """Sentences, Google's RetryInfo, and the headers that OpenRouter passes on."""
    assert said(body, date=DATE) == (None if seconds is None else pytest.approx(seconds))


def test_the_header_goes_before_the_body() -> None:
    """It is meant for programs."""
    assert said(b"retry in 99 seconds", retry_after="3") == 3


@given(
    body=st.binary(max_size=200) | st.text(max_size=80).map(str.encode),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "retry-after-ms",
                "x-ratelimit-reset",
                "date",
                "x-ratelimit-reset-tokens",
                "x-ratelimit-limit-requests",
                "x-ratelimit-remaining-requests",
                "ratelimit-policy",
            ]
        ),
        st.text(max_size=40) | st.floats().map(str) | st.integers().map(str) | st.just(LATER),
    ),
    now=st.floats(0, 1e11),
)
@example(body=b"[" * 20_000, headers={}, now=0.0)
@example(body=b'{"error":' * 500 + b"1" + b"}" * 500, headers={}, now=0.0)
@example(body=b"retry in " + b"9" * 500 + b"s", headers={}, now=0.0)
def test_i35_any_bytes_give_a_finite_wait_or_none(body: bytes, headers: dict[str, str], now: float) -> None:
    """No answer, whatever is in it, raises or asks for a wait that never ends."""
    answer = Answer(429, headers, body, "")
    wait = retry_after(answer, now)
    assert wait is None or 0 <= wait <= CAP
    assert kind_of(answer) in ("unknown", "concurrency", "pace")
    assert len(answer.said) <= 300
    limits = announced(headers)
    assert limits is None or all(v is None or (math.isfinite(v) and v >= 0) for v in limits)


@given(hint=st.floats(0, CAP), number=st.integers(1, 2000), seeds=st.tuples(st.integers(), st.integers()))
def test_i26_a_wait_is_at_least_the_hint_and_spread(hint: float, number: int, seeds: tuple[int, int]) -> None:
    """Never shorter than told, hardly longer, and not the same for all who were told."""
    told = RateLimited("slow down", retry_after=hint)
    one, other = (pause_after(told, number, random.Random(seed)) for seed in seeds)
    assert hint <= one <= hint + 1
    assert one != other or seeds[0] == seeds[1] or hint < 1e-9 or abs(seeds[0]) == abs(seeds[1])
    assert 0 <= pause_after(RateLimited("slow down"), number, random.Random(seeds[0])) <= 20


@given(st.text(max_size=30))
def test_a_span_is_what_it_looks_like_or_nothing(text: str) -> None:
    """Nothing that holds more than ASCII digits, points and units is a span."""
    value = seconds_in(text)
    if value is not None:
        assert math.isfinite(value)
        assert set(text.strip()) <= set("0123456789.eE+mshdMSHD")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"detail": {"status": "too_many_concurrent_requests"}}', "concurrency"),
        (b"Too many requests in flight", "concurrency"),
        (b"You exceeded your current quota", "pace"),
        (b"Rate limit reached for gpt-image-1", "pace"),
        (b"Request was throttled", "pace"),
        (b"moderate your tone", "unknown"),
        (b"", "unknown"),
    ],
)
def test_p3_the_kind_of_limit_is_in_the_words(body: bytes, kind: str) -> None:
    """Requests in flight, requests in a time, or not told."""
    assert kind_of(Answer(429, {}, body, "")) == kind


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({"maximum-concurrent-requests": "5", "current-concurrent-requests": "2"}, Announced(concurrency=5)),
        (
            {
                "x-ratelimit-limit-requests": "100",
                "x-ratelimit-remaining-requests": "40",
                "x-ratelimit-reset-requests": "30s",
            },
            Announced(per_second=2.0, remaining=40, reset=30),
        ),
        (
            {
                "x-ratelimit-limit": "20",
                "x-ratelimit-remaining": "3",
                "x-ratelimit-reset": str(int((WALL + 8) * 1000)),
                "date": DATE,
            },
            Announced(remaining=3, reset=8),
        ),
        ({"ratelimit-policy": '"default";q=100;w=60'}, Announced(per_second=100 / 60)),
        ({"ratelimit-policy": "100;w=60"}, Announced(per_second=100 / 60)),
        ({"x-ratelimit-remaining": "many"}, None),
        ({"maximum-concurrent-requests": "0"}, None),
        ({}, None),
    ],
)
def test_limits_that_headers_announce(headers: dict[str, str], limits: Announced | None) -> None:
    """As far as they tell; a window of unknown length gives no pace."""
    assert announced(headers) == limits


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (b'{"error": {"message": "Rate limit exceeded: free-models-per-day"}}', {}, "day"),
        (b"You have used up your daily quota", {"retry-after": "7200"}, "day"),
        (b"Limit 200 on requests per day (RPD)", {"retry-after": "432"}, "day"),
        (b"Limit 200 on requests per day (RPD)", {"retry-after": "8.6"}, None),
        (b"Rate limit exceeded: free-models-per-min", {}, None),
        (b"Too many requests today and tomorrow", {}, None),
    ],
)
def test_a_quota_of_the_day_closes_the_account(body: bytes, headers: dict[str, str], why: str | None) -> None:
    """Waiting for tomorrow is not waiting; a day that is the last 24 hours may be over in a moment."""
    error = limited("fal: ordering: HTTP 429", Answer(429, headers, body, ""), 0.0)
    assert getattr(error, "why", None) == why
    told = float(headers["retry-after"]) if headers else None
    assert (error.reopens_in if isinstance(error, AccountClosed) else error.retry_after) == told
