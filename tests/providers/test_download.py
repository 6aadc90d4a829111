"""Downloads that go wrong: only whole media are kept, no key is sent, and no forbidden address is reached."""

from __future__ import annotations

import base64
import gc
import io
import random
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from acp_action.errors import Cancelled, DeadlineExpired, FatalError, TransientError
from acp_action.providers.account import Network
from acp_action.providers.media.download import Downloads, Pace
from acp_action.providers.media.inline import decode_base64
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
from tests.providers.making import Stager
from tests.providers.test_pixels import bomb
from tests.providers.wiring import LeapingClock, a_token, an_account, resolves, with_certificate

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from acp_action.providers.base import ProductFile, Token
    from tests.providers.fault_server import Act

IMPATIENT = Pace(rate=10_000.0, span=0.06, silence=0.15, tries=3)


def a_png(size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture that does not compress to nothing."""
    file = io.BytesIO()
    Image.effect_noise(size, 60).save(file, "PNG")
    return file.getvalue()


PNG = a_png()
GOOD = answer(200, PNG)


def downloads(network: Network | None = None, **changes: Any) -> Downloads:
    """Downloads that may reach loopback, and whose waits leap."""
    options: dict[str, Any] = {"private_media": True, **changes}
    return Downloads(
        an_account("https://api.example", network, **options), pace=IMPATIENT, rng=random.Random(1)
    )


def fetched(
    folder: Path,
    url: str,
    *,
    token: Token | None = None,
    reread: Callable[[], str] | None = None,
    most: int | None = None,
    network: Network | None = None,
) -> ProductFile:
    """Fetch a picture into a folder."""
    media = downloads(network)
    try:
        return media.fetch(url, Stager(folder), token or a_token(), kind="image", reread=reread, most=most)
    finally:
        media.close()


AGAIN: dict[str, Act] = {
    "N7 short body": short(PNG[:-10]),
    "N7 cut chunks": chunked(PNG[:-10], ended=False),
    "N8 no length, early close": until_close(PNG[: len(PNG) // 2]),
    "N9 packed": answer(200, PNG, Content_Encoding="gzip"),
    "N11 one drop after the other": drips(head(200, {"Content-Length": str(len(PNG))})),
    "N11 silence in mid-body": raw(head(200, {"Content-Length": "999"}) + PNG[:100], then_stalls=True),
    "N11 silence": stalls,
    "N13 a page": answer(200, b"<!doctype html><html><title>Just a moment...</title></html>"),
    "N13 JSON": answer(200, b'{"detail": "not ready"}'),
    "N13 nothing": answer(200, b""),
    "N13 wrong magic": answer(200, b"\0\1\2\3" * 99),
    "closed": closes,
    "reset": resets,
    "HTTP 500": answer(500),
    "HTTP 503 with its time": answer(503, Retry_After="2"),
    "HTTP 429": answer(429),
    "HTTP 206": answer(500),
}


@pytest.mark.parametrize("row", AGAIN)
def test_a_spoiled_download_is_fetched_again(tmp_path: Path, row: str) -> None:
    """N10: from its beginning, without asking for a part; only the whole file is left."""
    with FaultServer(AGAIN[row], GOOD) as server:
        file = fetched(tmp_path, f"{server.url}/a.png")
    assert file.path.read_bytes() == PNG
    assert file.facts == {"width": 64, "height": 48, "format": "PNG"}
    assert [*tmp_path.iterdir()] == [file.path]
    assert len(server.requests) == 2
    assert not any("range" in request.headers for request in server.requests)


@pytest.mark.parametrize("row", [row for row in AGAIN if row.startswith("N13")])
def test_n13_what_stays_no_media_fails(tmp_path: Path, row: str) -> None:
    """After a few tries it says what came, and nothing is left under any name."""
    with (
        FaultServer(AGAIN[row]) as server,
        pytest.raises(FatalError, match=r"the provider sent|is not a PNG"),
    ):
        fetched(tmp_path, server.url)
    assert len(server.requests) == IMPATIENT.tries
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("act", [short(PNG[:-10]), answer(500), closes])
def test_what_may_recover_is_left_to_another_attempt(tmp_path: Path, act: Act) -> None:
    """The file is paid for; the error says that trying again costs nothing."""
    with FaultServer(act) as server, pytest.raises(TransientError, match="fetching what was made"):
        fetched(tmp_path, server.url)
    assert len(server.requests) == IMPATIENT.tries


@pytest.mark.parametrize("status", [403, 404, 410])
def test_n6_an_address_that_ran_out_is_asked_for_anew(tmp_path: Path, status: int) -> None:
    """Once, by the job's id."""
    asked: list[int] = []
    with FaultServer(answer(status), GOOD) as server:

        def reread() -> str:
            asked.append(1)
            return f"{server.url}/fresh"

        assert fetched(tmp_path, f"{server.url}/old", reread=reread).path.read_bytes() == PNG
    assert ([r.target for r in server.requests], len(asked)) == (["/old", "/fresh"], 1)


def test_n6_a_file_that_is_gone_for_good_says_that_it_was_paid(tmp_path: Path) -> None:
    """And where it was, without the query that may be a key."""
    with FaultServer(answer(404)) as server:
        url = f"{server.url}/a.png?X-Amz-Signature=sssecret"
        with pytest.raises(FatalError, match=r"/a\.png: HTTP 404; it was made and paid for") as gone:
            fetched(tmp_path, url, reread=lambda: url)
    assert "sssecret" not in str(gone.value)
    assert [r.target for r in server.requests] == ["/a.png?X-Amz-Signature=sssecret"] * 2


def test_n12_five_redirects_are_followed(tmp_path: Path) -> None:
    """S1: and none of the requests carries a key."""
    hops = [moved(f"/{n}", status) for n, status in enumerate((301, 302, 303, 307, 308))]
    with FaultServer(*hops, GOOD) as server:
        assert fetched(tmp_path, server.url).path.read_bytes() == PNG
    assert [r.target for r in server.requests] == ["/", "/0", "/1", "/2", "/3", "/4"]
    assert {name for r in server.requests for name in r.headers} == {
        "host", "user-agent", "accept", "accept-encoding",
    }  # fmt: skip


def test_n12_a_loop_ends(tmp_path: Path) -> None:
    """After five hops."""
    with FaultServer(moved("/")) as server, pytest.raises(FatalError, match="more than 5 redirects"):
        fetched(tmp_path, server.url)
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://168.63.129.16/",
     "ftp://127.0.0.1/", "file:///etc/passwd", "data:image/png;base64,AAAA", "http://a:b@127.0.0.1/",
     "http://127.0.0.1:22/", "//0/", "http://2852039166/", "gopher://x", "", "http://[::1%lo]/"],
)  # fmt: skip
def test_s6_a_redirect_leads_nowhere_it_must_not(tmp_path: Path, location: str) -> None:
    """Every hop is held to the same rules, even where private addresses are allowed."""
    with FaultServer(moved(location)) as server, pytest.raises(FatalError):
        fetched(tmp_path, server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://localhost:{port}/", "https://127.1/",
     "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0/", "https://１２７.0.0.1/",
     "https://10.0.0.1/", "https://172.17.0.1/", "https://192.168.1.1/", "https://100.64.0.1/",
     "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
     "https://[fec0::1]/", "https://[::127.0.0.1]/", "https://224.0.0.1/", "https://168.63.129.16/",
     "https://[fd00::1]/", "https://[fe80::1]/", "https://[ff02::1]/", "https://255.255.255.255/"],
)  # fmt: skip
def test_s3_to_s5_addresses_that_are_not_public_are_not_reached(tmp_path: Path, url: str) -> None:
    """In no spelling, unless the trusted side allows private ones."""
    with FaultServer(GOOD) as server:
        media = downloads(private_media=False)
        with pytest.raises(FatalError):
            media.fetch(url.format(port=server.port), Stager(tmp_path), a_token(), kind="image")
        assert server.connections == 0


def test_s6_a_name_that_leads_to_a_private_address_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is what the name resolves to, all of it."""
    resolves(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    media = downloads(private_media=False)
    with pytest.raises(FatalError, match=r"https://cdn\.example/x: its address 10\.0\.0\.1 is private"):
        media.fetch("https://cdn.example/x?sig=1", Stager(tmp_path), a_token(), kind="image")


def test_s6_the_address_that_was_checked_is_the_one_that_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is looked up a second time could lead elsewhere, so it is not."""
    lookups = resolves(monkeypatch, ["127.0.0.1"])
    with FaultServer(GOOD) as server:
        fetched(tmp_path, f"http://cdn.example:{server.port}/x")
    assert server.requests[0].headers["host"] == f"cdn.example:{server.port}"
    assert lookups == ["cdn.example"]


def test_the_next_address_of_a_name_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody answers at the first."""
    resolves(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with FaultServer(GOOD) as server:
        assert fetched(tmp_path, f"http://cdn.example:{server.port}/x").path.read_bytes() == PNG


def test_a_redirect_is_not_read_to_its_end(tmp_path: Path) -> None:
    """It may have none."""

    def endless(server: FaultServer, sock: socket.socket) -> bool:
        sock.sendall(head(302, {"Location": "/next", "Content-Length": str(10**12)}))
        with suppress(OSError):
            while not server.over.is_set():
                sock.sendall(b"x" * 100_000)
        return False

    with FaultServer(endless, GOOD) as server:
        assert fetched(tmp_path, server.url).path.read_bytes() == PNG


SIGNED = "?X-Amz-Signature=sssecret"
ODD_HEADER = raw(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n")


@pytest.mark.parametrize("act", [closes, resets, short(PNG[:-10]), ODD_HEADER])
def test_s25_a_signed_address_is_in_no_error_and_no_log(
    tmp_path: Path, act: Act, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in those of the library either."""
    with (
        FaultServer(act) as server,
        caplog.at_level("DEBUG"),
        pytest.raises((TransientError, FatalError)) as error,
    ):
        fetched(tmp_path, f"{server.url}/a.png{SIGNED}")
    assert "sssecret" not in "".join(traceback.format_exception(error.value)) + caplog.text
    assert server.requests[0].target == f"/a.png{SIGNED}"


@pytest.mark.parametrize("act", [answer(200, PNG), chunked(PNG), until_close(PNG)])
def test_s7_more_than_the_cap_is_not_taken(tmp_path: Path, act: Act) -> None:
    """However its length is told; and it is not tried again."""
    with FaultServer(act) as server, pytest.raises(FatalError, match="which is the most that is taken"):
        fetched(tmp_path, server.url, most=1000)
    assert (len(server.requests), [*tmp_path.iterdir()]) == (1, [])


def test_s8_a_picture_that_is_too_large_unpacked_is_not_kept(tmp_path: Path) -> None:
    """Its claim is enough."""
    (tmp_path / "made").mkdir()
    content = bomb(tmp_path / "b.png", 20_000).read_bytes()
    with (
        FaultServer(answer(200, content)) as server,
        pytest.raises(FatalError, match="20000x20000 pixels are too many"),
    ):
        fetched(tmp_path / "made", server.url)
    assert [*(tmp_path / "made").iterdir()] == []


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "GIF"])
def test_the_extension_is_that_of_the_content(tmp_path: Path, form: str) -> None:
    """What the address or the server's type says does not count."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, form)
    with FaultServer(answer(200, file.getvalue(), Content_Type="image/png")) as server:
        made = fetched(tmp_path, f"{server.url}/a.png")
    assert made.path.suffix == f".{'jpg' if form == 'JPEG' else form.lower()}"


def test_a_stop_ends_a_download_at_once(tmp_path: Path) -> None:
    """Also while the server says nothing."""
    token = a_token(1000)
    media = Downloads(an_account("https://api.example", private_media=True))
    with FaultServer(stalls) as server:

        def stop() -> None:
            server.asked.wait(5)
            token.cancel("enough")

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(Cancelled, match="enough"):
            media.fetch(server.url, Stager(tmp_path), token, kind="image")
        thread.join()


def test_the_deadline_ends_a_download(tmp_path: Path) -> None:
    """In mid-body, with nothing left behind."""
    act = drips(head(200, {"Content-Length": "99999"}), b"x" * 5000)
    with FaultServer(act) as server, pytest.raises((DeadlineExpired, TransientError)) as late:
        fetched(tmp_path, server.url, token=a_token(0.2))
    assert isinstance(late.value, DeadlineExpired)
    assert [*tmp_path.iterdir()] == []


def test_the_server_s_own_time_is_waited(tmp_path: Path) -> None:
    """As for any other call."""
    clock = LeapingClock()
    with FaultServer(answer(503, Retry_After="9"), GOOD) as server:
        fetched(tmp_path, server.url, token=a_token(clock=clock))
    assert 9 <= clock.waits[0] <= 10


def test_a_trusted_certificate_is_trusted(tmp_path: Path) -> None:
    """The authority is the one that the trusted side names; the connection goes to the checked address."""
    context, network = with_certificate(tmp_path, "localhost")
    (tmp_path / "made").mkdir()
    with FaultServer(GOOD, tls=context) as server:
        url = f"https://localhost:{server.port}/"
        assert fetched(tmp_path / "made", url, network=network).path.read_bytes() == PNG


@pytest.mark.parametrize("fault", ["wrong name", "expired", "unknown authority"])
def test_n14_a_bad_certificate_fails_at_once(tmp_path: Path, fault: str) -> None:
    """No second try and no way around it; nothing is sent."""
    past = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2020, 2, 1, tzinfo=UTC)}
    name = "other.example" if fault == "wrong name" else "localhost"
    context, network = with_certificate(tmp_path, name, **(past if fault == "expired" else {}))
    trusted = Network() if fault == "unknown authority" else network
    with FaultServer(GOOD, tls=context) as server:
        with pytest.raises(FatalError, match="the certificate is not trusted"):
            fetched(tmp_path, f"https://localhost:{server.port}/", network=trusted)
        assert (server.requests, server.connections) == ([], 1)


def test_n12_a_redirect_from_https_to_http_is_not_followed(tmp_path: Path) -> None:
    """Not even to this machine."""
    context, network = with_certificate(tmp_path, "localhost")
    with (
        FaultServer(GOOD) as plain,
        FaultServer(moved(plain.url), tls=context) as server,
        pytest.raises(FatalError, match="redirects from https to http"),
    ):
        fetched(tmp_path, f"https://localhost:{server.port}/", network=network)
    assert plain.requests == []


def test_a_bundle_that_is_not_there_names_its_variable(tmp_path: Path) -> None:
    """So that people know what to mend."""
    with pytest.raises(FatalError, match="correct REQUESTS_CA_BUNDLE or SSL_CERT_FILE"):
        fetched(tmp_path, "https://127.0.0.1:1024/", network=Network(ca_bundle=str(tmp_path / "no.pem")))


@pytest.mark.parametrize(
    "url",
    [f"data:image/png;base64,{base64.b64encode(PNG).decode()}", f"data:,{''.join(f'%{b:02x}' for b in PNG)}"],
    ids=["base64", "percent"],
)
def test_a_data_url_is_decoded(tmp_path: Path, url: str) -> None:
    """No request is made."""
    assert fetched(tmp_path, url).path.read_bytes() == PNG


@pytest.mark.parametrize("text", ["!!!!", "AAA", "AAAA\u0660", "", base64.b64encode(PNG[:500]).decode()])
def test_p14_what_is_no_whole_picture_in_base64_fails(tmp_path: Path, text: str) -> None:
    """Invalid, cut or empty; nothing is left."""
    with pytest.raises(FatalError):
        decode_base64(text, Stager(tmp_path), kind="image")
    assert [*tmp_path.iterdir()] == []


def test_p14_more_base64_than_the_cap_is_not_decoded(tmp_path: Path) -> None:
    """Its length is enough; even what is no base64 at all is not looked at."""
    with pytest.raises(FatalError, match="which is the most that is taken"):
        decode_base64("!" * 2000, Stager(tmp_path), kind="image", most=1000)


@pytest.fixture(autouse=True, scope="module")
def _nothing_left_over() -> Iterator[None]:
    """These tests leave no thread, and a socket that nobody closed is an error."""
    before = threading.active_count()
    yield
    gc.collect()
    assert threading.active_count() <= before
