"""Every scripted fault does to a call what its name promises, and bills what it says."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import requests

from tests.simulators.certificates import authority_file, tls
from tests.simulators.client import Client, calling
from tests.simulators.fal import FalSimulator
from tests.simulators.latency import Latency
from tests.simulators.replicate import ReplicateSimulator

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "/fal-ai/flux/schnell"
CAT = {"prompt": "a cat", "image_size": "square"}
CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
Seen: TypeAlias = "Callable[[requests.Response], Any]"


def fal() -> FalSimulator:
    """A fal that has everything ready at once."""
    return FalSimulator(latency=Latency(0, sigma=0))


def status(answer: requests.Response) -> int:
    """Of an answer."""
    return answer.status_code


def test_the_table_has_every_row_that_a_call_can_show() -> None:
    """N1 is ``unreachable``, N14 is ``tls``; P12 is a question to the log of requests."""
    rows = {f.row for sim in (FalSimulator, ReplicateSimulator) for f in sim.faults().values()}
    wanted = {f"N{n}" for n in range(2, 14)} | {f"P{n}" for n in range(1, 15)} - {"P12"}
    assert rows == wanted


@pytest.mark.parametrize("name", ["N2.drop", "N2.reset", "N3.short"])
def test_an_order_without_an_answer_is_billed(name: str) -> None:
    """The work is done; nobody hears of it."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        with pytest.raises(CUT):
            call("POST", MODEL, json=CAT)
        assert call("POST", MODEL, json=CAT).status_code == 200
    assert len(sim.ledger.by("a cat")) == 2
    assert [c.fault for c in sim.requests] == [name, ""]


def test_an_answer_that_never_comes_is_billed_too() -> None:
    """Whoever waits gives up."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script("N2.timeout")
        with pytest.raises(requests.ReadTimeout):
            call("POST", MODEL, json=CAT, timeout=0.1)
    assert len(sim.ledger) == 1


ORDERS: dict[str, tuple[Seen, Any, int]] = {
    "N2.499": (status, 499, 1),
    "N2.500": (status, 500, 1),
    "N2.502": (lambda a: "nginx" in a.text, True, 1),
    "N2.504": (status, 504, 1),
    "N3.cut": (lambda a: a.text, '{"status"', 1),
    "N3.cut_after_id": (lambda a: "request_id" in a.text, True, 1),
    "N3.no_id": (lambda a: a.json(), {"status": "IN_QUEUE"}, 1),
    "N3.html": (lambda a: (a.status_code, a.text[:6]), (200, "<html>"), 1),
    "N3.empty": (lambda a: a.content, b"", 1),
    "N12.order": (lambda a: (a.status_code, "/stolen" in a.headers["Location"]), (307, True), 0),
    "P1.nan": (lambda a: (a.status_code, a.headers["Retry-After"]), (429, "NaN"), 0),
    "P1.arabic": (lambda a: a.headers["Retry-After"].encode("latin-1").decode(), "٣", 0),
    "P1.absent": (lambda a: "Retry-After" in a.headers, False, 0),
    "P2.body": (lambda a: ("Retry-After" in a.headers, "2 s" in a.text), (False, True), 0),
    "P3.concurrency": (lambda a: "concurrent" in a.json()["detail"], True, 0),
    "P3.pace": (lambda a: a.headers["Retry-After"], "1", 0),
    "P3.day": (lambda a: (a.headers["Retry-After"], "Daily" in a.text), ("40000", True), 0),
    "P3.busy": (lambda a: a.json()["error_type"], "runner_scheduling_failure", 0),
    "P4.credit": (lambda a: (a.status_code, "Exhausted balance" in a.text), (403, True), 0),
    "P5.401": (status, 401, 0),
    "P5.403": (status, 403, 0),
    "P6.400": (status, 400, 0),
    "P6.422": (lambda a: a.json()["detail"][0]["loc"], ["body", "prompt"], 0),
}


@pytest.mark.parametrize("name", ORDERS)
def test_what_an_order_is_answered(name: str) -> None:
    """Once; the next one is answered well."""
    seen, wanted, bills = ORDERS[name]
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        assert seen(call("POST", MODEL, json=CAT)) == wanted
        assert len(sim.ledger) == bills
        assert call("POST", MODEL, json=CAT).json()["request_id"]


def read(call: Client, kind: str) -> requests.Response:
    """Status or result of a new job, or the file that it made."""
    job = call("POST", MODEL, json=CAT).json()
    if kind == "status":
        return call("GET", job["status_url"])
    result = call("GET", job["response_url"])
    return result if kind == "result" else call("GET", result.json()["images"][0]["url"], headers={})


READS: dict[str, tuple[str, Seen, Any]] = {
    "N4.500": ("status", status, 500),
    "N4.502": ("result", lambda a: (a.status_code, "nginx" in a.text), (502, True)),
    "N4.503": ("status", status, 503),
    "N4.504": ("result", status, 504),
    "N4.429": ("status", status, 429),
    "N4.cut": ("result", lambda a: a.text.endswith("}"), False),
    "N4.hang_up": ("status", status, 200),
    "N5.unknown": ("status", lambda a: (a.status_code, a.json()["status"]), (202, "PREPARING")),
    "N5.backwards": ("status", lambda a: a.json()["status"], "IN_QUEUE"),
    "N5.404": ("status", status, 404),
    "N6.403": ("media", status, 403),
    "N6.404": ("media", status, 404),
    "N6.410": ("media", status, 410),
    "N6.gone": ("media", status, 404),
    "N9.gzip": ("media", lambda a: a.headers["Content-Encoding"], "gzip"),
    "N12.read": ("status", status, 307),
    "N12.private": ("media", lambda a: a.headers["Location"], "http://10.0.0.1/secret"),
    "N12.metadata": ("media", lambda a: "169.254.169.254" in a.headers["Location"], True),
    "N12.file": ("media", lambda a: a.headers["Location"][:7], "file://"),
    "N13.html": ("media", lambda a: a.headers["Content-Type"], "text/html"),
    "N13.json": ("media", lambda a: a.json(), {"error": "not found"}),
    "N13.empty": ("media", lambda a: a.content, b""),
    "N13.magic": ("media", lambda a: a.content[:4], b"\0\1\2\3"),
    "N13.half": ("media", lambda a: a.content.endswith(b"\xff\xd9"), False),
    "P7.nsfw": ("result", lambda a: a.json()["has_nsfw_concepts"], [True]),
    "P8.error": ("result", lambda a: (a.status_code, a.json()["error_type"]), (200, "internal_error")),
    "P9.fewer": ("result", lambda a: a.json()["images"], []),
    "P9.empty": ("result", lambda a: a.json()["images"], []),
    "P9.null": ("result", lambda a: a.json()["images"][0]["url"], None),
    "P13.missing": ("result", lambda a: "X-Fal-Billable-Units" in a.headers, False),
    "P13.nan": ("result", lambda a: a.headers["X-Fal-Billable-Units"], "NaN"),
    "P13.negative": ("result", lambda a: a.headers["X-Fal-Billable-Units"], "-3"),
    "P14.garbage": ("result", lambda a: a.json()["images"][0]["url"][-3:], "!!!"),
    "P14.huge": ("result", lambda a: len(a.content) > 64 * 1024 * 1024, True),
}


@pytest.mark.parametrize("name", READS)
def test_what_a_read_is_answered(name: str) -> None:
    """Once; the next reading is right."""
    kind, seen, wanted = READS[name]
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        assert seen(read(call, kind)) == wanted
        # On a new connection: this client cannot tell one that was closed without notice from an open one.
        call.close()
        assert read(call, kind).status_code == 200


@pytest.mark.parametrize("name", ["N4.reset", "N4.drop", "N7.short", "N7.chunked"])
def test_what_is_cut_is_seen_to_be(name: str) -> None:
    """A client that counts notices."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        with pytest.raises(CUT):
            read(call, "media")


@pytest.mark.parametrize("name", ["N8.early", "N9.cut"])
def test_what_is_cut_unseen_ends_in_mid_file(name: str) -> None:
    """Clients take it for the whole: the file itself must be looked at."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        assert not read(call, "media").content.endswith(b"\xff\xd9")


@pytest.mark.parametrize(("name", "most"), [("N11.drip", 3), ("N11.stall", 40_000)])
def test_a_slow_file_does_not_come_within_its_time(name: str, most: int) -> None:
    """Some of it does."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        job = call("POST", MODEL, json=CAT).json()
        address = call("GET", job["response_url"]).json()["images"][0]["url"]
        sim.script(name)
        answer = call("GET", address, headers={}, stream=True, timeout=0.1)
        with pytest.raises(requests.ConnectionError, match="timed out"):
            assert 0 < len(answer.content) <= most
        answer.close()


def test_an_expired_address_is_renewed_with_the_result() -> None:
    """Unless the file is gone for good."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        job = call("POST", MODEL, json=CAT).json()
        first = call("GET", job["response_url"]).json()["images"][0]["url"]
        sim.script("N6.403")
        codes = [call("GET", first, headers={}).status_code for _ in range(2)]
        second = call("GET", job["response_url"]).json()["images"][0]["url"]
        assert codes == [403, 403]
        assert second != first
        assert call("GET", second, headers={}).status_code == 200
        assert call("GET", first, headers={}).status_code == 404


@pytest.mark.parametrize(("name", "hops"), [("N12.hop", 2), ("N12.far", 9)])
def test_redirects_lead_to_the_file_in_the_end(name: str, hops: int) -> None:
    """For those who follow that far."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        answer, followed = read(call, "media"), 0
        while answer.status_code == 302:
            answer, followed = call("GET", answer.headers["Location"], headers={}), followed + 1
    assert (followed, answer.headers["Content-Type"]) == (hops, "image/jpeg")


def test_a_circle_of_redirects_has_no_end() -> None:
    """It leads to itself."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script("N12.loop")
        there = read(call, "media").headers["Location"]
        assert call("GET", there, headers={}).headers["Location"] == there


def test_parts_of_files_and_how_they_go_wrong() -> None:
    """Range and If-Range are honoured; the whole may come instead, or another file be there."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        job = call("POST", MODEL, json=CAT).json()
        address = call("GET", job["response_url"]).json()["images"][0]["url"]
        whole = call("GET", address, headers={})
        part = {"Range": "bytes=100-", "If-Range": whole.headers["ETag"]}
        assert call("GET", address, headers=part).content == whole.content[100:]
        sim.script("N10.whole")
        assert call("GET", address, headers=part).status_code == 200
        sim.script("N10.another")
        assert call("GET", address, headers=part).headers["ETag"] != whole.headers["ETag"]


@pytest.mark.parametrize(("name", "code"), [("P6.rejected", 422), ("P6.crashed", 500), ("P7.refused", 422)])
def test_jobs_that_end_without_a_result_are_not_billed(name: str, code: int) -> None:
    """Fal has no failed state: the result is refused."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script(name)
        job = call("POST", MODEL, json=CAT).json()
        assert call("GET", job["status_url"]).json()["status"] == "COMPLETED"
        assert call("GET", job["response_url"]).status_code == code
    assert len(sim.ledger) == 0


def test_a_stuck_job_stays_in_the_queue_while_others_pass() -> None:
    """Until it is cancelled, which costs nothing."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script("P10.stuck")
        stuck, other = (call("POST", MODEL, json=CAT).json() for _ in range(2))
        assert call("GET", other["status_url"]).json()["status"] == "COMPLETED"
        assert call("GET", stuck["status_url"]).json()["status"] == "IN_QUEUE"
        assert call("PUT", stuck["cancel_url"]).status_code == 202
    assert [bill.id for bill in sim.ledger.bills] == [other["request_id"]]


def test_a_job_can_end_at_the_moment_of_its_cancel() -> None:
    """It is billed, and its result is there."""
    sim = FalSimulator(latency=Latency(60, sigma=0))
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script("P11.completed")
        job = call("POST", MODEL, json=CAT).json()
        assert call("PUT", job["cancel_url"]).json() == {"status": "ALREADY_COMPLETED"}
        assert call("GET", job["response_url"]).json()["images"]
    assert len(sim.ledger) == 1


def test_scripts_choose_their_calls() -> None:
    """By kind, by prompt, by how many came before, and how often."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script("N2.500", about="dog", skip=1, times=2)
        codes = {
            text: [call("POST", MODEL, json={"prompt": text}).status_code for _ in range(4)]
            for text in ("a cat", "a dog")
        }
    assert codes == {"a cat": [200] * 4, "a dog": [200, 500, 500, 200]}


def test_chaos_is_the_same_for_the_same_seed() -> None:
    """Whatever the order in which the calls come."""

    def played(prompts: list[str], seed: int) -> dict[str, str]:
        sim = fal()
        with calling(sim, Authorization=f"Key {sim.key}") as call:
            sim.chaos(seed, 0.6, rows=("P3", "N2"))
            for prompt in prompts:
                with contextlib.suppress(*CUT):
                    call("POST", MODEL, json={"prompt": prompt})
        return {c.text: c.fault for c in sim.requests}

    prompts = [f"cat {n}" for n in range(8)]
    assert played(prompts, 1) == played(prompts[::-1], 1)
    assert played(prompts, 1) != played(prompts, 2)


def test_an_unreachable_provider_refuses_connections_and_comes_back() -> None:
    """At the same address."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        call("POST", MODEL, json=CAT)
        with sim.unreachable(), pytest.raises(requests.ConnectionError, match="refused"):
            call("POST", MODEL, json=CAT)
        assert call("POST", MODEL, json=CAT).status_code == 200


@pytest.mark.parametrize(("kind", "good"), [("good", True), ("expired", False), ("wrong_name", False)])
def test_certificates_are_good_or_not(kind: str, good: bool, tmp_path: Any) -> None:
    """A client that checks them sees it."""
    sim = FalSimulator(tls=tls(kind))
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        trusted = str(authority_file(tmp_path))
        if good:
            assert call("POST", MODEL, json=CAT, verify=trusted).status_code == 200
        else:
            with pytest.raises(requests.exceptions.SSLError):
                call("POST", MODEL, json=CAT, verify=trusted)


def test_what_is_unzipped_is_what_was_asked_for() -> None:
    """The whole file is in the encoding."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        sim.script("N9.gzip")
        answer = read(call, "media")
        assert answer.content.endswith(b"\xff\xd9")
        assert int(answer.headers["Content-Length"]) != len(answer.content)


def test_other_processes_script_and_read_over_http() -> None:
    """The control calls are no part of the log."""
    sim = fal()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        call("POST", "/_sim/script", data=json.dumps({"fault": "N2.500"}))
        call("POST", MODEL, json=CAT)
        (seen,) = call("GET", "/_sim/requests").json()
    assert (seen["kind"], seen["fault"], seen["status"]) == ("order", "N2.500", 500)
