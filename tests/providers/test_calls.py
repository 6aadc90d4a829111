"""Safe calls that go wrong: they are made again until the deadline, and never lead the key astray."""

from __future__ import annotations

import gc
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.errors import (
    AccountClosed,
    Cancelled,
    DeadlineExpired,
    FatalError,
    RateLimited,
    TransientError,
)
from acp_action.providers.account import Network
from acp_action.providers.wire.wire import Wire
from tests.providers.fault_server import (
    FaultServer,
    answer,
    chunked,
    closes,
    drips,
    head,
    moved,
    raw,
    resets,
    short,
    stalls,
)
from tests.providers.wiring import (
    KEY,
    LeapingClock,
    a_token,
    a_wire,
    an_account,
    kept,
    resolves,
    with_certificate,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from tests.providers.fault_server import Act

GOOD = answer(200, b'{"status": "COMPLETED"}')
PASSING: dict[str, Act] = {
    "closed": closes,
    "reset": resets,
    "HTTP 500": answer(500),
    "HTTP 502, a page": answer(502, b"<html><title>502 Bad Gateway</title></html>"),
    "HTTP 429": answer(429),
    "HTTP 408": answer(408),
    "cut": short(b"{"),
    "cut chunks": chunked(b"{", ended=False),
    "silence": stalls,
    "headers by drops": drips(b"HTTP/1.1 200 OK\r\n", b"X"),
    "no HTTP": raw(b"\0\1\2\r\n\r\n"),
    "negative chunk": raw(head(200, {"Transfer-Encoding": "chunked"}) + b"-5\r\nabc"),
}


@pytest.mark.parametrize("row", PASSING)
def test_n4_a_status_call_is_made_again(row: str) -> None:
    """Whatever breaks it, the next one counts."""
    with FaultServer(PASSING[row], GOOD) as server:
        wire = a_wire(server)
        assert wire.get("/s", a_token(), what="asking", timeout=0.15).json()["status"] == "COMPLETED"
        wire.close()
    assert len(server.requests) == 2


def test_n4_ten_in_a_row_are_survived() -> None:
    """There is no count of tries, only the deadline."""
    acts = [closes, answer(500), resets, answer(502), answer(503)] * 2
    with FaultServer(*acts, GOOD) as server:
        assert a_wire(server).get("/s", a_token(400), what="asking").status == 200
    assert len(server.requests) == 11


def test_n4_the_deadline_ends_it() -> None:
    """The error says what was waited for."""
    with (
        FaultServer(answer(500)) as server,
        pytest.raises(DeadlineExpired, match="no result within 60 s, waiting for asking"),
    ):
        a_wire(server).get("/s", a_token(60), what="asking")
    assert 5 < len(server.requests) < 100


def test_p12_waits_grow_and_are_spread() -> None:
    """Full jitter below 20 s; a server that is down is not hammered."""
    clock = LeapingClock()
    with FaultServer(answer(503)) as server, pytest.raises(DeadlineExpired):
        a_wire(server).get("/s", a_token(300, clock), what="asking")
    assert max(clock.waits) <= 20
    assert len(set(clock.waits)) == len(clock.waits) == len(server.requests)


def test_without_a_deadline_patience_ends_it() -> None:
    """A provider that is gone for ever does not hold a run for ever; the last error is told."""
    with (
        FaultServer(answer(500, b'{"detail": "boom"}')) as server,
        pytest.raises(TransientError, match="boom"),
    ):
        a_wire(server, patience=100).get("/s", a_token(float("inf")), what="asking")


def test_p1_what_the_server_asks_for_is_waited() -> None:
    """Not less, and a little more."""
    clock = LeapingClock()
    with FaultServer(answer(429, Retry_After="7"), GOOD) as server:
        a_wire(server).get("/s", a_token(clock=clock), what="asking")
    assert 7 <= clock.waits[0] <= 7.7


def test_p1_a_long_wait_is_handed_up() -> None:
    """So that no worker is held by it."""
    with FaultServer(answer(429, Retry_After="1e9")) as server, pytest.raises(RateLimited) as refusal:
        a_wire(server).get("/s", a_token(), what="asking")
    assert refusal.value.retry_after == 86_400
    assert len(server.requests) == 1


def test_p2_a_wait_that_only_the_body_tells_counts() -> None:
    """Replicate writes a sentence."""
    body = b'{"detail": "Request was throttled. Your rate limit resets in ~12s."}'
    clock = LeapingClock()
    with FaultServer(answer(429, body), GOOD) as server:
        a_wire(server).get("/s", a_token(clock=clock), what="asking")
    assert 12 <= clock.waits[0] <= 13


def test_p3_the_kind_of_a_refusal_is_told() -> None:
    """In flight and a minute's quota are different things."""
    body = b'{"detail": {"status": "too_many_concurrent_requests", "message": "wait for one to end"}}'
    act = answer(429, body, Retry_After="100", maximum_concurrent_requests="5")
    with FaultServer(act) as server, pytest.raises(RateLimited) as refusal:
        a_wire(server).get("/s", a_token(), what="asking")
    assert refusal.value.kind == "concurrency"
    assert refusal.value.announced is not None
    assert refusal.value.announced.concurrency == 5


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, FatalError), (404, FatalError), (409, FatalError), (422, FatalError), (501, FatalError),
     (401, AccountClosed), (402, AccountClosed), (403, AccountClosed)],
)  # fmt: skip
def test_clear_refusals_are_told_at_once(status: int, kind: type[Exception]) -> None:
    """Another try would hear the same."""
    with FaultServer(answer(status, b'{"error": {"message": "no"}}')) as server:
        with pytest.raises(kind, match=f"fal: asking: HTTP {status}: no"):
            a_wire(server).get("/s", a_token(), what="asking")
        assert len(server.requests) == 1


def test_p5_a_refused_key_names_the_variable_and_not_its_value() -> None:
    """So that people know what to mend."""
    with FaultServer(answer(401)) as server, pytest.raises(AccountClosed) as refusal:
        a_wire(server).get("/s", a_token(), what="asking")
    assert "check FAL_KEY (action input 'fal-key')" in str(refusal.value)
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_n12_no_redirect_is_followed(status: int) -> None:
    """S1: the key goes nowhere else, not even on the same host."""
    with FaultServer(moved("/elsewhere", status), GOOD) as server:
        with pytest.raises(FatalError, match="the key is sent nowhere else"):
            a_wire(server).get("/s", a_token(), what="asking")
        assert [r.target for r in server.requests] == ["/s"]


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/status", "https://127.0.0.1:{port}/s", "http://127.0.0.1:1/s", "http://localhost:{port}/s",
     "http://user@127.0.0.1:{port}/s", "http://127.0.0.1:{port}@evil.example/", "http://127.1:x/"],
)  # fmt: skip
def test_s2_an_address_on_a_foreign_host_is_not_asked(url: str) -> None:
    """What an answer points to is held against the account's own hosts, scheme and port included."""
    with FaultServer(GOOD) as server:
        with pytest.raises(FatalError):
            a_wire(server).get(url.format(port=server.port), a_token(), what="asking")
        assert server.requests == []


def test_an_address_on_an_own_host_is_asked() -> None:
    """In any spelling; parameters are added to its query."""
    with FaultServer(GOOD) as server:
        url = f"http://127.1:{server.port}/requests/7?a=1"
        a_wire(server).get(url, a_token(), what="asking", params={"logs": 1})
    assert [r.target for r in server.requests] == ["/requests/7?a=1&logs=1"]


def test_plain_http_beyond_this_machine_needs_the_trusted_sides_word() -> None:
    """A key does not cross a network unprotected."""
    with pytest.raises(FatalError, match="over plain http the key is sent to this machine only"):
        a_wire("http://gateway.example").get("/s", a_token(), what="asking")


def test_a_stop_ends_a_safe_call_at_once() -> None:
    """Also while it waits for an answer that does not come."""
    token = a_token(1000)
    with FaultServer(stalls) as server:

        def stop() -> None:
            server.asked.wait(5)
            token.cancel("enough")

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(Cancelled, match="enough"):
            a_wire(server).get("/s", token, what="asking")
        thread.join()
    assert len(server.requests) == 1


def test_a_call_that_arrived_is_not_repeated() -> None:
    """A cancel or an upload is sent again only where it never left."""
    with FaultServer(closes, GOOD) as server, pytest.raises(TransientError):
        a_wire(server).call("PUT", "/cancel", a_token(), what="cancelling")
    assert [(r.method, r.headers["content-length"]) for r in server.requests] == [("PUT", "0")]


def test_a_call_that_never_left_is_repeated() -> None:
    """Four times; then it is told."""
    clock = LeapingClock()
    with pytest.raises(TransientError, match="connection refused"):
        a_wire("http://127.0.0.1:1").call("PUT", "/cancel", a_token(clock=clock), what="cancelling")
    assert len(clock.waits) == 3


def test_a_call_names_the_statuses_that_are_no_error() -> None:
    """Such as "already completed", the answer to a cancel that came too late."""
    with FaultServer(answer(400, b'{"status": "ALREADY_COMPLETED"}')) as server:
        given = a_wire(server).call("PUT", "/cancel", a_token(), what="cancelling", ok={200, 202, 400})
    assert given.json() == {"status": "ALREADY_COMPLETED"}


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    """Without being held in memory, under the type that is named."""
    (tmp_path / "x.png").write_bytes(b"\x89PNG" * 200_000)
    with FaultServer(GOOD) as server:
        headers = {"Content-Type": "image/png"}
        a_wire(server).call("PUT", "/up", a_token(), what="x", content=tmp_path / "x.png", headers=headers)
    assert server.requests[0].body == b"\x89PNG" * 200_000
    assert server.requests[0].headers["content-type"] == "image/png"


def test_connections_are_kept_and_shared() -> None:
    """Twenty calls in a row need one; four threads at once no more than four."""
    with FaultServer(GOOD) as server:
        wire = a_wire(server)
        for _ in range(20):
            wire.get("/s", a_token(), what="asking")
        assert server.connections == 1
        threads = [threading.Thread(target=_twenty, args=(wire,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wire.close()
    assert server.connections <= 4
    assert len(server.requests) == 100


def _twenty(wire: Wire) -> None:
    for _ in range(20):
        wire.get("/s", a_token(), what="asking")


def test_connections_that_nobody_needs_are_closed() -> None:
    """What many threads needed once is not kept when one of them goes on."""
    now = [0.0]
    with FaultServer(chunked_for_ever, GOOD) as server:
        wire = a_wire(server)
        wire._link._pool._now = lambda: now[0]
        with wire.stream("/stream", a_token(), what="listening") as stream:
            wire.get("/s", a_token(), what="asking")
            assert [*stream] == [("message", "1")]
        assert len(kept(wire)) == 2
        now[0] += 100
        wire.get("/s", a_token(), what="asking")
        assert len(kept(wire)) == 1
        wire.close()


def chunked_for_ever(server: FaultServer, sock: socket.socket) -> bool:
    """One event in chunks, and the connection stays open."""
    sock.sendall(head(200, {"Transfer-Encoding": "chunked"}) + b"9\r\ndata: 1\n\n\r\n0\r\n\r\n")
    return True


def test_connections_to_many_hosts_are_not_all_kept() -> None:
    """A service of many addresses leaves no connection to each of them behind."""
    with ExitStack() as stack:
        servers = [stack.enter_context(FaultServer(GOOD)) for _ in range(10)]
        wire = a_wire(servers[0], also=[server.url for server in servers])
        for server in servers:
            wire.get(f"{server.url}/s", a_token(), what="asking")
        gc.collect()
        assert {line.port for line in kept(wire)} == {server.port for server in servers[-8:]}
        wire.close()


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxies, passwords and certificates are those that the trusted side handed in."""
    (tmp_path / "netrc").write_text("machine api.example login me password netrc-secret\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "no.pem"))
    resolves(monkeypatch, ["127.0.0.1"])
    with FaultServer(GOOD) as server:
        url = f"http://api.example:{server.port}"
        wire = Wire(an_account(url, plain_http=True), url, auth={})
        wire.get("/s", a_token(), what="asking")
        wire.close()
    assert "authorization" not in server.requests[0].headers


def test_cookies_are_not_kept() -> None:
    """What one call's answer sets, no other call sends."""
    with FaultServer(answer(200, Set_Cookie="a=1; Path=/")) as server:
        wire = a_wire(server)
        for _ in range(2):
            wire.get("/s", a_token(), what="asking")
        wire.close()
    assert not any("cookie" in request.headers for request in server.requests)


def test_an_address_is_asked_as_it_was_given() -> None:
    """It may be signed as it stands; only what no request can hold is encoded."""
    with FaultServer(GOOD) as server:
        wire = a_wire(server)
        wire.get("/a/./b%2fc|d?e=%7ef&g=[h]&i=ü", a_token(), what="asking")
        wire.close()
    assert server.requests[0].target == "/a/./b%2fc|d?e=%7ef&g=[h]&i=%C3%BC"


def test_an_empty_file_is_sent_with_its_length(tmp_path: Path) -> None:
    """Not in chunks, as what has no length."""
    (tmp_path / "x").write_bytes(b"")
    with FaultServer(GOOD) as server:
        a_wire(server).call("PUT", "/up", a_token(), what="x", content=tmp_path / "x")
    assert server.requests[0].headers["content-length"] == "0"
    assert "transfer-encoding" not in server.requests[0].headers


def test_a_large_answer_may_take_its_time() -> None:
    """The bound of a try is for the server's silence; what it announces may come in peace."""
    body = b'"' + b"x" * 20_000 + b'"'

    def slowly(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(head(200, {"Content-Length": str(len(body))}) + body[:-1])
        server.over.wait(0.15)
        sock.sendall(body[-1:])
        return True

    with FaultServer(slowly) as server:
        wire = a_wire(server)
        assert len(wire.get("/s", a_token(), what="asking", timeout=0.1).json()) == 20_000
        wire.close()


def test_a_wire_that_is_let_go_closes_its_connections() -> None:
    """Nobody has to; a socket left over would be an error of this test."""
    with FaultServer(GOOD) as server:
        wire = a_wire(server)
        wire.get("/s", a_token(), what="asking")
        del wire
        gc.collect()


def events(*chunks: bytes, **options: Any) -> list[tuple[str, str]]:
    """What a stream of these chunks gives."""
    with FaultServer(chunked(*chunks, **options)) as server:
        wire = a_wire(server)
        with wire.stream("/stream", a_token(), what="listening") as stream:
            return [*stream]


def test_a_stream_gives_its_events() -> None:
    """Comments are left out, lines joined, and a text cut anywhere is put together."""
    assert events(b": hello\r\nda", b"ta: 1\r", b"\ndata: 2\r\n\r\nevent: done\ndata:{}\n", b"\n") == [
        ("message", "1\n2"),
        ("done", "{}"),
    ]


def test_p8_an_event_without_its_end_is_none() -> None:
    """A stream that is cut publishes no half of anything."""
    assert events(b"data: 1\n\ndata: 2\n") == [("message", "1")]


def test_p8_a_stream_that_breaks_is_told() -> None:
    """It is not taken for its end."""
    with pytest.raises(TransientError, match=r"listening: .*cut short"):
        events(b"data: 1\n\n", ended=False)


def test_a_stop_ends_a_stream() -> None:
    """Also while it is silent."""
    token = a_token(1000)
    begun = head(200, {"Content-Type": "text/event-stream"}) + b"data: 1\n\n"
    with (
        FaultServer(raw(begun, then_stalls=True)) as server,
        a_wire(server).stream("/s", token, what="listening") as stream,
    ):
        assert next(stream) == ("message", "1")
        threading.Timer(0.02, token.cancel, ["enough"]).start()
        with pytest.raises(Cancelled):
            next(stream)


def test_a_body_that_a_stop_cut_off_is_not_taken_for_whole() -> None:
    """An answer without a length ends with the connection, but not when we end it."""
    token = a_token(1000)

    def half(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(head(200, {"Connection": "close"}) + b"{}")
        threading.Timer(0.02, token.cancel, ["enough"]).start()
        return stalls(server, sock)

    with FaultServer(half) as server, pytest.raises(Cancelled):
        a_wire(server).get("/s", token, what="asking")


def test_a_refused_stream_is_an_error() -> None:
    """As for any other call."""
    with (
        FaultServer(answer(404)) as server,
        pytest.raises(FatalError, match="HTTP 404"),
        a_wire(server).stream("/s", a_token(), what="listening"),
    ):
        pass


def test_a_proxy_is_asked_for_the_way(tmp_path: Path) -> None:
    """By the name, with its password; through it goes the request itself, which the proxy cannot read."""
    context, trusted = with_certificate(tmp_path, "api.example")

    def tunnel(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(sock, server_side=True) as secure:
            server._talk(secure)
        return False

    with FaultServer(tunnel, GOOD) as proxy:
        network = Network({"https": f"http://me:p%40ss@127.0.0.1:{proxy.port}"}, "", trusted.ca_bundle)
        wire = Wire(an_account("https://api.example", network), "https://api.example", auth={"X-Key": KEY})
        assert [wire.get("/s", a_token(), what="asking").status for _ in range(2)] == [200, 200]
        wire.close()
    asked, *others = proxy.requests
    assert (asked.target, asked.headers["proxy-authorization"]) == ("api.example:443", "Basic bWU6cEBzcw==")
    assert "x-key" not in asked.headers
    assert [(r.target, r.headers["host"], "proxy-authorization" in r.headers) for r in others] == [
        ("/s", "api.example", False)
    ] * 2
    assert proxy.connections == 1


def test_a_proxy_is_given_what_is_asked_by_http() -> None:
    """With the whole address, as such proxies have it."""
    with FaultServer(GOOD) as proxy:
        network = Network({"http": f"http://127.0.0.1:{proxy.port}"})
        account = an_account("http://api.example", network, plain_http=True)
        wire = Wire(account, "http://api.example", auth={})
        assert wire.get("/s?a=1", a_token(), what="asking").status == 200
        wire.close()
    assert [(r.target, r.headers["host"]) for r in proxy.requests] == [
        ("http://api.example/s?a=1", "api.example")
    ]


def test_a_proxy_that_refuses_is_told() -> None:
    """Without its password; nothing left."""
    with FaultServer(answer(407)) as proxy:
        network = Network({"https": f"http://me:secret@127.0.0.1:{proxy.port}"})
        wire = Wire(an_account("https://api.example", network), "https://api.example", auth={})
        with pytest.raises(TransientError, match=r"the proxy refuses the way there: HTTP 407") as error:
            wire.call("PUT", "/s", a_token(), what="asking")
    assert "secret" not in str(error.value)


@pytest.fixture(autouse=True, scope="module")
def _nothing_left_over() -> Iterator[None]:
    """These tests leave no thread, and a socket that nobody closed is an error."""
    before = threading.active_count()
    yield
    gc.collect()
    assert threading.active_count() <= before
