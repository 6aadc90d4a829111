"""Orders that go wrong: each is sent at most once, and what came of it is told apart."""

from __future__ import annotations

import gc
import json
import select
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from acp_action.errors import (
    AccountClosed,
    Cancelled,
    DeadlineExpired,
    FatalError,
    ProviderError,
    RateLimited,
    TransientError,
    UnknownOutcome,
)
from acp_action.providers.account import Network
from acp_action.providers.wire.wire import Answer, Part, Rules, unreadable
from acp_action.redaction import SECRETS
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
    until_close,
)
from tests.providers.wiring import KEY, Ledger, a_token, a_wire, an_account, kept, with_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.providers.fault_server import Act

OPEN, NOTHING_MADE = ["intended"], ["intended", "withdrawn"]
PAGE = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def ordered(server: FaultServer, trail: Ledger, *, seconds: float = 0.3) -> Answer:
    """Order something."""
    wire = a_wire(server)
    try:
        return wire.order(
            "/queue", a_token(seconds), trail, what="ordering", cost=0.04, json={"prompt": "a boat"}
        )
    finally:
        wire.close()


DOUBTFUL: dict[str, Act] = {
    "N2 closed without a byte": closes,
    "N2 reset": resets,
    "N2 no answer in time": stalls,
    "N2 HTTP 499": answer(499),
    "N2 HTTP 500": answer(500, b'{"detail": "boom"}'),
    "N2 HTTP 502, a page": answer(502, PAGE),
    "N2 HTTP 504": answer(504),
    "HTTP 408": answer(408),
    "HTTP 524": answer(524),
    "N3 cut body": short(b'{"request_id": "7c'),
    "N3 cut chunks": chunked(b'{"request', ended=False),
    "N11 headers by drops": drips(b"HTTP/1.1 200 OK\r\n", b"X"),
    "N11 body by drops": drips(head(200, {"Content-Length": "9999"})),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "a body packed and cut": answer(200, b"\x1f\x8b\x08\x00\x00", Content_Encoding="gzip"),
}
REFUSED: dict[str, tuple[Act, type[ProviderError]]] = {
    "HTTP 400": (answer(400, b'{"detail": "bad"}'), FatalError),
    "HTTP 404": (answer(404), FatalError),
    "HTTP 413": (answer(413), FatalError),
    "P6 HTTP 422": (answer(422, b'{"detail": [{"loc": ["body", "prompt"], "msg": "too long"}]}'), FatalError),
    "HTTP 401": (answer(401), AccountClosed),
    "P4 HTTP 402": (answer(402), AccountClosed),
    "HTTP 403": (answer(403), AccountClosed),
    "HTTP 409": (answer(409), TransientError),
    "HTTP 425": (answer(425), TransientError),
    "HTTP 429": (answer(429), RateLimited),
    "HTTP 503": (answer(503), TransientError),
    "HTTP 529": (answer(529), TransientError),
    "HTTP 429, its body cut": (short(b'{"de', status=429), RateLimited),
    "N12 redirect": (moved("https://elsewhere.example/queue", 307), FatalError),
    "N12 permanent redirect": (moved("/other", 308), FatalError),
}


@pytest.mark.parametrize("row", DOUBTFUL)
def test_an_order_whose_fate_is_unknown_is_in_doubt(row: str) -> None:
    """Sent and not clearly answered: it may have been billed, stays open, and is never sent again."""
    trail = Ledger()
    with FaultServer(DOUBTFUL[row]) as server, pytest.raises(UnknownOutcome, match="fal: ordering") as doubt:
        ordered(server, trail)
    assert (len(server.requests), trail.words) == (1, OPEN), doubt.value


@pytest.mark.parametrize("row", REFUSED)
def test_an_order_that_was_clearly_refused_made_nothing(row: str) -> None:
    """The trail says so, so that it may be ordered anew; this call sends it once."""
    act, kind = REFUSED[row]
    trail = Ledger()
    with FaultServer(act) as server, pytest.raises(kind, match="fal: ordering: HTTP") as refusal:
        ordered(server, trail)
    assert (len(server.requests), trail.words) == (1, NOTHING_MADE)
    assert trail.reasons == [str(refusal.value)]


def test_n1_a_refused_connection_made_nothing() -> None:
    """What never left may be ordered again, by the engine."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    trail = Ledger()
    with pytest.raises(TransientError, match=r"127\.0\.0\.1: connection refused"):
        a_wire(f"http://127.0.0.1:{port}").order("/x", a_token(), trail, what="ordering", json={})
    assert trail.words == NOTHING_MADE


def test_n1_a_name_that_does_not_resolve_made_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says so in words."""

    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    trail = Ledger()
    with pytest.raises(TransientError, match=r"nowhere\.example: there is no host of that name"):
        a_wire("https://nowhere.example").order("/x", a_token(), trail, what="ordering", json={})
    assert trail.words == NOTHING_MADE


def test_an_order_that_could_not_be_sent_whole_made_nothing() -> None:
    """A server that hangs up while a large body is on its way did not get it."""
    trail = Ledger()
    with FaultServer(closes, deaf=True) as server:
        wire = a_wire(server)
        with pytest.raises(TransientError):
            wire.order("/x", a_token(), trail, what="ordering", json={"image": "x" * 40_000_000})
    assert trail.words == NOTHING_MADE


def test_an_order_past_its_deadline_is_not_sent() -> None:
    """There is no line on the trail either."""
    trail = Ledger()
    with FaultServer(answer()) as server, pytest.raises(DeadlineExpired):
        ordered(server, trail, seconds=0.0)
    assert (server.requests, trail.words) == ([], [])


def test_statuses_that_a_provider_does_not_bill_made_nothing() -> None:
    """An adapter says so for its provider; then another try costs nothing."""
    rules = Rules()
    rules.unbilled = frozenset({500})
    trail = Ledger()
    with FaultServer(answer(500)) as server, pytest.raises(TransientError):
        a_wire(server, rules=rules).order("/x", a_token(), trail, what="ordering", json={})
    assert trail.words == NOTHING_MADE


def test_an_adapter_reads_errors_its_own_way() -> None:
    """What the provider's rules make of an answer goes before the common table."""

    class Own(Rules):
        def explain(self, answer: Answer) -> ProviderError | None:
            return AccountClosed("locked", why="credit") if b"locked" in answer.body else None

    with FaultServer(answer(403, b'{"detail": "locked"}')) as server, pytest.raises(AccountClosed) as error:
        a_wire(server, rules=Own()).order("/x", a_token(), Ledger(), what="ordering", json={})
    assert error.value.why == "credit"


def test_the_answer_of_an_order_is_given() -> None:
    """Method, path, key, JSON and its type are on the wire; the answer comes back with its headers."""
    with FaultServer(answer(200, b'{"request_id": "7"}', X_Fal_Id="7")) as server:
        given = ordered(server, trail := Ledger(), seconds=20)
    assert given.json() == {"request_id": "7"}
    assert given.headers["x-fal-id"] == "7"
    assert trail.words == OPEN
    (asked,) = server.requests
    assert (asked.method, asked.target, json.loads(asked.body)) == ("POST", "/queue", {"prompt": "a boat"})
    assert asked.headers["authorization"] == f"Key {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["accept-encoding"] == "identity"


def test_a_form_carries_fields_and_files() -> None:
    """As browsers send it; the boundary stands in no part."""
    with FaultServer(answer()) as server:
        files = [Part("image", 'a"b.png', b"\x89PNG", "image/png")]
        a_wire(server).order("/e", a_token(), Ledger(), what="editing", fields={"n": 2}, files=files)
    (asked,) = server.requests
    boundary = asked.headers["content-type"].partition("boundary=")[2]
    assert asked.body.decode("latin-1") == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="n"\r\n\r\n2\r\n--{boundary}\r\n'
        'Content-Disposition: form-data; name="image"; filename="a%22b.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
        f"\x89PNG\r\n--{boundary}--\r\n"
    )


def test_a_stop_leaves_an_order_that_was_sent_a_moment_to_be_answered() -> None:
    """Cutting it off would only make a doubt; what comes in the grace counts."""
    token = a_token()

    def late(server: FaultServer, sock: socket.socket) -> bool:
        token.cancel("enough")
        return answer(200, b'{"request_id": "7"}')(server, sock)

    with FaultServer(late) as server:
        given = a_wire(server, grace=5.0).order("/x", token, Ledger(), what="ordering", json={})
    assert given.json() == {"request_id": "7"}


def test_a_stop_ends_the_wait_for_an_order_after_the_grace() -> None:
    """Then nobody knows, and the trail stays open."""
    token, trail = a_token(), Ledger()

    def never(server: FaultServer, sock: socket.socket) -> bool:
        token.cancel("enough")
        return stalls(server, sock)

    with FaultServer(never) as server, pytest.raises(UnknownOutcome):
        a_wire(server, grace=0.05).order("/x", token, trail, what="ordering", json={})
    assert trail.words == OPEN


def test_a_stop_before_an_order_is_sent_is_a_stop() -> None:
    """While the connection is being made nothing has left."""
    token, trail = a_token(), Ledger()
    trail_intended = trail.intended

    def stop_then(cost: float | None = None) -> None:
        trail_intended(cost)
        token.cancel("enough")

    trail.intended = stop_then  # type: ignore[method-assign]
    with FaultServer(answer()) as server, pytest.raises(Cancelled):
        a_wire(server).order("/x", token, trail, what="ordering", json={})
    assert (server.requests, trail.words) == ([], NOTHING_MADE)


def test_an_order_goes_over_no_connection_that_may_be_closing() -> None:
    """One that has been idle for a while is left alone; one just used is taken."""
    now = [0.0]
    with FaultServer(answer()) as server:
        wire = a_wire(server)
        wire._link._pool._now = lambda: now[0]
        for seconds, connections in ((0.0, 1), (1.0, 1), (5.0, 2)):
            now[0] += seconds
            wire.order("/x", a_token(), Ledger(), what="ordering", json={})
            assert server.connections == connections
        wire.close()


@pytest.mark.parametrize(("act", "told"), [(closes, OPEN), (resets, OPEN), (stalls, OPEN), (answer(), OPEN)])
def test_what_left_is_known_under_tls_too(tmp_path: Path, act: Act, told: list[str]) -> None:
    """An order is in doubt once it is out, and not before."""
    context, network = with_certificate(tmp_path, "localhost")
    trail, stranger = Ledger(), Ledger()
    with FaultServer(act, tls=context) as server:
        url = f"https://localhost:{server.port}"
        with suppress(UnknownOutcome):
            a_wire(url, account=an_account(url, network)).order(
                "/x", a_token(0.3), trail, what="ordering", json={}
            )
        with pytest.raises(FatalError, match="the certificate is not trusted"):
            a_wire(url).order("/x", a_token(), stranger, what="ordering", json={})
    assert (trail.words, stranger.words, len(server.requests)) == (told, NOTHING_MADE, 1)


@pytest.mark.parametrize("secure", [True, False])
def test_a_stop_ends_the_making_of_a_connection(secure: bool) -> None:
    """Also in the middle of a TLS handshake, or of a proxy's silence; nothing was ordered."""
    token, trail = a_token(1000), Ledger()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        network = Network() if secure else Network({"https": url.replace("https", "http")})
        wire = a_wire("https://api.example" if not secure else url, account=an_account(url, network), also=[])
        threading.Timer(0.05, token.cancel, ["enough"]).start()
        with pytest.raises(Cancelled, match="enough"):
            wire.order("/x", token, trail, what="ordering", json={})
    assert trail.words == NOTHING_MADE


def test_a_connection_that_the_server_closed_is_not_used() -> None:
    """The next order takes a fresh one, and succeeds."""
    with FaultServer(raw(head(200, {"Content-Length": "2"}) + b"{}"), answer()) as server:
        wire = a_wire(server)
        wire.order("/x", a_token(), Ledger(), what="ordering", json={})
        (line,) = kept(wire)
        assert select.select([line.sock], [], [], 5)[0], "the server has closed it"
        wire.order("/x", a_token(), Ledger(), what="ordering", json={})
        wire.close()
    assert (len(server.requests), server.connections) == (2, 2)


def test_media_are_received_into_a_file(tmp_path: Path) -> None:
    """The head is told before the body is there, and the body goes to disk."""
    told: list[str] = []
    with FaultServer(chunked(b"ID3", b"abc")) as server:
        given = a_wire(server).receive(
            "/speech",
            a_token(),
            Ledger(),
            tmp_path / "x.part",
            what="speaking",
            json={},
            on_headers=lambda early: told.append(early.headers["transfer-encoding"]),
        )
    assert ((tmp_path / "x.part").read_bytes(), given.body, told) == (b"ID3abc", b"", ["chunked"])


@pytest.mark.parametrize("act", [short(b"ID3"), chunked(b"ID3", ended=False), closes])
def test_media_that_were_cut_are_in_doubt(tmp_path: Path, act: Act) -> None:
    """They were made and billed, and did not arrive."""
    trail = Ledger()
    with FaultServer(act) as server, pytest.raises(UnknownOutcome):
        a_wire(server).receive("/s", a_token(), trail, tmp_path / "x", what="speaking", json={})
    assert (len(server.requests), trail.words) == (1, OPEN)


@pytest.mark.parametrize("act", [answer(200, b"x" * 200), until_close(b"x" * 200), chunked(b"x" * 200)])
def test_p14_an_answer_beyond_the_cap_is_not_taken(act: Act) -> None:
    """However its length is told."""
    with FaultServer(act) as server, pytest.raises(FatalError, match="larger than"):
        a_wire(server).order("/x", a_token(), Ledger(), what="ordering", json={}, most=100)


def test_s25_messages_hold_no_key() -> None:
    """A provider that repeats the key in its error does not get it into ours."""
    SECRETS.add(KEY)
    act = answer(400, json.dumps({"detail": f"bad Key {KEY} " * 40}).encode())
    try:
        with FaultServer(act) as server, pytest.raises(FatalError, match=r"bad Key \*\*\*") as error:
            ordered(server, Ledger(), seconds=20)
    finally:
        SECRETS.clear()
    assert KEY not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("key", ["two\nlines", "“quoted”", "nul\0"])
def test_a_key_that_no_header_may_hold_is_refused_without_showing_it(key: str) -> None:
    """Nothing is sent."""
    trail = Ledger()
    with FaultServer(answer()) as server, pytest.raises(FatalError, match="'Authorization' cannot be") as no:
        a_wire(server).order("/x", a_token(), trail, what="x", json={}, headers={"Authorization": key})
    assert key not in str(no.value)
    assert (server.requests, trail.words) == ([], NOTHING_MADE)


def test_an_unreadable_answer_is_told_with_its_beginning() -> None:
    """One line, cut, and in doubt."""
    doubt = unreadable(Answer(200, {}, b"<html>\n" + b"x" * 999, "https://api.example/x"), "fal: ordering")
    told = "fal: ordering: HTTP 200, but the answer (1006 bytes) cannot be read: a page: xxx"
    assert str(doubt).startswith(told)
    assert len(str(doubt)) < 500


@pytest.fixture(autouse=True, scope="module")
def _nothing_left_over() -> Iterator[None]:
    """These tests leave no thread, and a socket that nobody closed is an error."""
    before = threading.active_count()
    yield
    gc.collect()
    assert threading.active_count() <= before
