from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import sys
import threading
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
import requests

from acp_action.errors import ArtifactError, Cancelled
from acp_action.github import artifacts
from acp_action.github.artifacts import Uploaded, _described
from acp_action.github.context import ArtifactServer
from acp_action.github.twirp import Passing
from tests.github.artifact_rules import make_token
from tests.github.artifact_service import BUSY, HTML, LOST, RESET, Fault, StrictService
from tests.github.uploads import MIB, Uploader, archive_of, pattern

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = ["block", "block", "block"]
WHOLE = ["CreateArtifact", "block", "blocklist", "FinalizeArtifact"]


@pytest.fixture
def three_blocks(service: StrictService, tmp_path: Path) -> Uploader:
    """An upload of two and a half blocks."""
    return Uploader(service, archive_of(tmp_path, pattern(20 * MIB)))


def test_archive_arrives_whole(upload: Uploader) -> None:
    """The service holds the archive's bytes, and the caller learns its id, digest and size."""
    archive = upload.archive
    assert upload() == Uploaded("1001", "media", archive.sha256, archive.bytes)
    assert upload.service.content("media") == archive.path.read_bytes()
    assert upload.service.steps() == WHOLE


def test_upload_asks_for_version_four_and_no_type(upload: Uploader) -> None:
    """Every server takes version 4; a field that one does not know would be an error there."""
    upload()
    assert upload.service.seen[0].fields == {
        "workflow_run_backend_id": "run-1",
        "workflow_job_run_backend_id": "job-1",
        "name": "media",
        "version": 4,
    }


def test_size_and_hash_are_declared(upload: Uploader) -> None:
    """Finalising tells the size as text, as the protocol writes 64-bit numbers, and the sha256."""
    upload()
    told = upload.service.seen[-1].fields
    assert (told["size"], told["hash"]) == (str(upload.archive.bytes), f"sha256:{upload.archive.sha256}")


def test_zip_is_stored_as_a_zip(upload: Uploader) -> None:
    """Clients unpack what the store calls a zip."""
    upload()
    assert upload.service.store.artifacts[0].blob.content_type == "application/zip"


def test_answers_are_asked_for_as_they_are(upload: Uploader) -> None:
    """No answer is worth the time to compress it."""
    upload()
    assert {seen.headers["Accept-Encoding"] for seen in upload.service.seen} == {"identity"}


def test_token_goes_to_the_service_and_not_to_the_store(upload: Uploader) -> None:
    """The signed address is all that the store needs to see."""
    upload()
    carried = {seen.step: "Authorization" in seen.headers for seen in upload.service.seen}
    assert carried == {"CreateArtifact": True, "block": False, "blocklist": False, "FinalizeArtifact": True}


def test_blocks_go_one_by_one_and_in_order(three_blocks: Uploader) -> None:
    """A store that appends blocks as they come gets them in order."""
    three_blocks()
    service = three_blocks.service
    assert service.steps() == ["CreateArtifact", *BLOCKS, "blocklist", "FinalizeArtifact"]
    assert service.most_blocks_at_once == 1
    assert service.content("media") == three_blocks.archive.path.read_bytes()


def test_blocks_go_together_where_order_is_free(three_blocks: Uploader) -> None:
    """A store that takes blocks in any order gets several at once; the list puts them in order."""
    together = threading.Barrier(3, timeout=60)
    three_blocks.service.hold = together.wait
    three_blocks(order_free=["localhost"])
    assert three_blocks.service.most_blocks_at_once == 3
    assert three_blocks.service.content("media") == three_blocks.archive.path.read_bytes()


def test_block_that_fails_ends_those_beside_it(three_blocks: Uploader) -> None:
    """One refused block is the end of the upload: nothing is committed."""
    three_blocks.service.faults["block"].append(Fault(400))
    with pytest.raises(ArtifactError, match="'media' was not stored: storing a block: HTTP 400"):
        three_blocks(order_free=["localhost"])
    assert "blocklist" not in three_blocks.service.steps()


def test_signed_query_arrives_as_it_was_signed(upload: Uploader) -> None:
    """Nothing of a signed address is written anew, though another form would mean the same."""
    upload.service.store.extra_query = "&rscl=%7Ea%2Fb&plain=~a/b:c@d&plus=a+b&empty="
    upload()
    assert upload.service.store.artifacts[0].finished


def test_padding_of_a_signature_is_kept(upload: Uploader) -> None:
    """Some servers sign with a bare = at the end."""
    upload.service.store.padded = True
    upload()
    assert "=&comp=block&" in upload.service.seen[1].target


@pytest.mark.parametrize("step", WHOLE)
@pytest.mark.parametrize("fault", [BUSY, HTML, Fault(429), Fault(408), RESET])
def test_trouble_that_passes_is_overcome(upload: Uploader, step: str, fault: Fault) -> None:
    """A busy server, a proxy's page, a lost or broken connection: each step is tried again after 3 s."""
    upload.service.faults[step].append(fault)
    upload()
    assert upload.waits == [3.0]
    assert upload.service.content("media") == upload.archive.path.read_bytes()


@pytest.mark.parametrize("step", ["CreateArtifact", "FinalizeArtifact"])
def test_half_an_answer_is_none(upload: Uploader, step: str) -> None:
    """A connection that breaks within an answer is tried again."""
    upload.service.faults[step].append(Fault(cut=True))
    upload()
    assert upload.waits == [3.0]


def test_lost_answer_to_a_block_does_no_harm(three_blocks: Uploader) -> None:
    """A block that is sent again has the same id, and so replaces itself."""
    three_blocks.service.faults["block"].append(LOST)
    three_blocks()
    assert three_blocks.service.content("media") == three_blocks.archive.path.read_bytes()


def test_trouble_that_stays_is_given_up(upload: Uploader) -> None:
    """Five tries, with growing waits between them; the message tells what was met and how often."""
    upload.service.faults["CreateArtifact"].extend([HTML] * 9)
    with pytest.raises(ArtifactError, match=r"HTTP 502 with text/html in .* given up after 5 tries"):
        upload()
    assert upload.service.steps() == ["CreateArtifact"] * 5
    assert upload.waits == [3, *(pytest.approx(3.75 * 1.5**n, rel=0.25) for n in (1, 2, 3))]


def test_service_that_asks_for_time_gets_it(upload: Uploader) -> None:
    """What a busy server asks for is waited, up to a minute."""
    upload.service.faults["CreateArtifact"] += [Fault(429, b"", {"Retry-After": n}) for n in ("20", "9999")]
    upload()
    assert upload.waits == [20.0, 60.0]


def test_taken_name_is_explained(upload: Uploader) -> None:
    """The service does not say which name is taken, nor what to do; the message does."""
    upload()
    with pytest.raises(ArtifactError, match=r"'media'.*`artifact-name`.*matrix.*`overwrite: true`"):
        upload()
    assert upload.waits == []


def test_overwrite_replaces_the_artifact(upload: Uploader) -> None:
    """The older artifact is deleted first; the new one has an id of its own."""
    first = upload()
    again = upload(overwrite=True)
    assert (first.id, again.id) == ("1001", "1002")
    assert [a.id for a in upload.service.store.artifacts] == [1002]


def test_overwrite_of_nothing_is_an_upload(upload: Uploader) -> None:
    """There need not be an older artifact, and another's of a like name stays."""
    upload("media-2")
    upload(overwrite=True)
    assert [a.name for a in upload.service.store.artifacts] == ["media-2", "media"]


def test_artifact_that_cannot_be_deleted_is_told(upload: Uploader) -> None:
    """The name would be taken: so the reason is told at once."""
    upload()
    upload.service.faults["DeleteArtifact"].append(Fault(403, b'{"msg":"no right"}'))
    with pytest.raises(ArtifactError, match="'media' could not be deleted: HTTP 403: no right"):
        upload(overwrite=True)


def test_lost_answer_to_create_is_told_from_a_taken_name(upload: Uploader) -> None:
    """The repeated request hears that the name is taken, by this very upload; the message says so."""
    upload.service.faults["CreateArtifact"].append(LOST)
    with pytest.raises(ArtifactError, match=r"reserved .* not finished.*answer to an earlier try was lost"):
        upload()
    assert upload.service.steps() == ["CreateArtifact", "CreateArtifact", "ListArtifacts"]


def test_taken_name_after_trouble_is_still_a_taken_name(upload: Uploader) -> None:
    """Another's finished artifact has the name: then the lost answer is no explanation."""
    upload()
    upload.service.faults["CreateArtifact"].append(BUSY)
    with pytest.raises(ArtifactError, match="this workflow run already has an artifact 'media'"):
        upload()


@pytest.mark.parametrize("faults", [[LOST], [LOST, *[RESET] * 4], [Fault(500, acts=True), HTML]])
def test_lost_answer_to_finalise_is_settled_by_the_listing(upload: Uploader, faults: list[Fault]) -> None:
    """The service lists the artifact with our digest: so it is complete, whatever the repeats hear."""
    upload.service.faults["FinalizeArtifact"].extend(faults)
    assert upload().id == "1001"
    assert upload.service.steps()[-1] == "ListArtifacts"


def test_finalise_in_doubt_that_is_not_listed_is_an_error(upload: Uploader) -> None:
    """What the service does not list is not called complete."""
    upload.service.faults["FinalizeArtifact"].extend([RESET] * 5)
    with pytest.raises(ArtifactError, match=r"not certain that .*'media' is complete.*reset by peer"):
        upload()


def test_finalise_in_doubt_is_not_settled_by_another_artifact(upload: Uploader) -> None:
    """An artifact of the name with other contents is not ours."""

    def meanwhile(seconds: float) -> None:
        if seconds:
            upload.service.store.artifacts[0].digest = "sha256:0"

    upload.service.faults["FinalizeArtifact"].append(LOST)
    upload.on_wait = meanwhile
    with pytest.raises(ArtifactError, match="not certain"):
        upload()


def test_refused_finalise_is_not_repeated(upload: Uploader) -> None:
    """The service compares what it stored with what was declared; its words are told."""
    upload.archive.path.write_bytes(b"x" * upload.archive.bytes)

    with pytest.raises(ArtifactError, match=r"refuses the upload of 'media': HTTP 400: hash: not that"):
        upload()
    assert upload.waits == []


@pytest.mark.parametrize("step", ["CreateArtifact", "FinalizeArtifact"])
def test_answer_that_is_not_ok_is_an_error(upload: Uploader, step: str) -> None:
    """A service may say no without saying why."""
    upload.service.faults[step].append(Fault(200, b'{"ok": false}'))
    with pytest.raises(ArtifactError, match=r"did not .* 'media'"):
        upload()


def test_finalise_without_an_id_is_settled_by_the_listing(upload: Uploader) -> None:
    """The id, which makes the artifact's address, is looked up when the answer does not have it."""
    upload.service.faults["FinalizeArtifact"].append(Fault(200, b'{"ok": true}', acts=True))
    assert upload().id == "1001"


@pytest.mark.parametrize("step", ["CreateArtifact", "FinalizeArtifact"])
def test_doubt_that_no_listing_settles_is_told(upload: Uploader, step: str) -> None:
    """When the listing fails as well, the first trouble is still what the message tells."""
    upload.service.faults[step].append(LOST)
    upload.service.faults["ListArtifacts"].append(Fault(403, b'{"msg": "no listing"}'))
    with pytest.raises(ArtifactError, match=r"'media' is (complete|reserved)"):
        upload()


def test_time_that_is_none_is_refused(upload: Uploader) -> None:
    """An artifact is kept for days, never for less than none."""
    with pytest.raises(ArtifactError, match="give 1 to 90"):
        upload(retention_days=-1)


@pytest.mark.parametrize("camel_case", [True, False])
def test_both_spellings_of_answers_are_read(upload: Uploader, camel_case: bool) -> None:
    """Servers differ in how they write the fields."""
    upload.service.camel_case = camel_case
    upload()
    assert upload(overwrite=True).id == "1002"


def test_token_without_the_right_is_explained_before_any_request(upload: Uploader) -> None:
    """On GitHub Enterprise Server the token says all; nothing is asked."""
    with pytest.raises(ArtifactError, match="Enterprise Server"):
        upload(token=make_token(scopes="Actions.ExampleScope"))
    assert upload.service.seen == []


def test_name_that_the_service_refuses_is_told_before_any_request(upload: Uploader) -> None:
    """A bad name costs no request."""
    with pytest.raises(ArtifactError, match="try 'a-b'"):
        upload("a/b")
    assert upload.service.seen == []


@pytest.mark.parametrize(
    ("status", "words"), [(401, "does not accept the runner's token"), (404, "no artifact service")]
)
def test_refused_create_is_explained(upload: Uploader, status: int, words: str) -> None:
    """A token that is over, or a server without this service: told, and not tried again."""
    upload.service.faults["CreateArtifact"].append(Fault(status, b'{"code":"x"}'))
    with pytest.raises(ArtifactError, match=words):
        upload()
    assert upload.waits == []


@pytest.mark.parametrize(
    ("days", "cap", "expires"),
    [(0, 0, None), (0, 5, None), (3, 0, "2026-11-29T12:00:00Z"), (3, 1, "2026-11-27T12:00:00Z"),
     (3, 90, "2026-11-29T12:00:00Z")],
)  # fmt: skip
def test_retention_is_bounded_by_the_repository(
    upload: Uploader, days: int, cap: int, expires: str | None
) -> None:
    """0 days is the repository's default, and a cap of 0 is none."""
    upload(retention_days=days, cap=cap)
    assert upload.service.seen[0].fields.get("expires_at") == expires


def test_secrets_are_masked_before_they_are_used(upload: Uploader) -> None:
    """The signature is masked, as it stands and decoded, before the first request that carries it."""
    at: list[list[str]] = []
    upload.on_mask = lambda _: at.append(upload.service.steps())
    upload()
    signature = upload.service.seen[1].target.partition("&sig=")[2].partition("&")[0]
    assert set(upload.masked) == {signature, unquote(signature)}
    assert at == [["CreateArtifact"]] * len(upload.masked)


@pytest.mark.parametrize(
    ("step", "faults"),
    [
        ("CreateArtifact", [RESET] * 5),
        ("CreateArtifact", [Fault(400, b'{"msg":"your token was TOKEN"}')]),
        ("block", [RESET] * 5),
        ("block", [Fault(403)]),
        ("blocklist", [Fault(302, b"", {"Location": "http://localhost:1/"})]),
        ("FinalizeArtifact", [RESET] * 5),
    ],
)
def test_secrets_appear_in_no_error_and_no_log(
    upload: Uploader, caplog: pytest.LogCaptureFixture, step: str, faults: list[Fault]
) -> None:
    """Neither message, nor traceback, nor the library's own log lines show the token or a signature."""
    caplog.set_level(logging.DEBUG)
    token = upload.service.token
    upload.service.faults[step] += [replace(f, body=f.body.replace(b"TOKEN", token.encode())) for f in faults]
    with pytest.raises(ArtifactError) as caught:
        upload()
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert [secret for secret in (token, "sig=", *upload.masked) if secret in told] == []


def test_server_does_not_show_its_token() -> None:
    """Printing where artifacts go shows no secret."""
    assert "word" not in repr(ArtifactServer("https://r.example", "word"))


def test_address_that_is_over_is_explained(upload: Uploader) -> None:
    """A signed address holds for about an hour; a refusal by the store is not tried again."""
    upload.service.store.lifetime = -1
    with pytest.raises(ArtifactError, match=r"not stored: .*HTTP 403 \(AuthenticationFailed\).*an hour"):
        upload()
    assert upload.waits == []


@pytest.mark.parametrize("step", ["block", "blocklist"])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_only_created_counts_as_stored(upload: Uploader, step: str, status: int) -> None:
    """Some servers answer 200 to what they drop."""
    upload.service.faults[step].append(Fault(status))
    with pytest.raises(ArtifactError, match=f"HTTP {status}"):
        upload()


@pytest.mark.parametrize("step", WHOLE)
def test_redirect_is_not_followed(upload: Uploader, step: str) -> None:
    """Neither token nor contents go to where an answer points."""
    with StrictService() as other:
        upload.service.faults[step].append(Fault(307, b"", {"Location": f"{other.url}/twirp/x"}))
        with pytest.raises(ArtifactError, match="HTTP 307"):
            upload()
        assert other.seen == []


def test_stop_ends_a_wait(upload: Uploader) -> None:
    """When the run is to stop, nothing is tried again."""

    def stop(seconds: float) -> None:
        if seconds:
            raise Cancelled("told to")

    upload.on_wait = stop
    upload.service.faults["block"].append(BUSY)
    with pytest.raises(Cancelled):
        upload()
    assert upload.service.steps() == ["CreateArtifact", "block"]


@pytest.mark.parametrize("order_free", [[], ["localhost"]])
def test_stop_ends_a_block_in_flight(three_blocks: Uploader, order_free: list[str]) -> None:
    """When the run is to stop, the rest of a block is not sent, and nothing is committed."""

    def stop(_seconds: float) -> None:
        if "block" in three_blocks.service.steps():
            raise Cancelled("told to")

    three_blocks.on_wait = stop
    with pytest.raises(Cancelled):
        three_blocks(order_free=order_free)
    assert "blocklist" not in three_blocks.service.steps()


def test_stop_is_heard_within_a_block(three_blocks: Uploader) -> None:
    """The run need not wait until a block is sent: before each piece it is asked whether to go on."""
    asked: list[float] = []

    def stop(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 10:
            raise Cancelled("told to")

    three_blocks.on_wait = stop
    with pytest.raises(Cancelled):
        three_blocks()
    assert three_blocks.service.store.artifacts[0].blob.arrivals == []


def test_act_gets_what_it_can_read(act: StrictService, tmp_path: Path) -> None:
    """The server of act appends blocks as they come, and fails on any field that it does not know."""
    uploader = Uploader(act, archive_of(tmp_path, pattern(20 * MIB)))
    assert uploader(retention_days=1).id.isdecimal()
    assert act.content("media") == uploader.archive.path.read_bytes()


def test_netrc_is_not_read(upload: Uploader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that lie about for other programs are sent nowhere."""
    (tmp_path / ".netrc").write_text("machine localhost login me password word\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    upload()
    assert {seen.headers.get("Authorization", "")[:6] for seen in upload.service.seen} == {"", "Bearer"}


def test_proxy_of_the_environment_is_asked(upload: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    """An https service behind a proxy is reached through it; what the proxy refuses is told as such."""
    monkeypatch.setenv("HTTPS_PROXY", upload.service.url)
    with pytest.raises(ArtifactError, match=r"^results\.example: by the proxy, the connection failed"):
        upload(url="https://results.example")
    assert [line.rpartition(" ")[0] for line in upload.service.unknown] == ["CONNECT results.example:443"] * 5


def test_this_machine_is_never_reached_by_a_proxy(upload: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service on this machine is out of a proxy's sight."""
    monkeypatch.setenv("HTTP_PROXY", "http://localhost:1")
    monkeypatch.setenv("http_proxy", "http://localhost:1")
    assert upload().id == "1001"


def test_missing_bundle_of_certificates_is_named(upload: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the host that means nothing in a container is told by name."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/c.pem")
    with pytest.raises(ArtifactError, match=r"^SSL_CERT_FILE names /nowhere/c\.pem, which is not here"):
        upload()


def test_service_that_is_not_there_is_told(upload: Uploader) -> None:
    """Nobody listens at the address: host and reason are told, without the rest of the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(ArtifactError, match=r"^localhost: connection refused; given up after 5 tries"):
            upload(url=f"http://localhost:{free.getsockname()[1]}")


def test_answer_that_does_not_come_is_given_up(upload: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes a block and then says nothing is not waited for without end."""
    over = threading.Event()
    monkeypatch.setattr(artifacts, "_PATIENCE", (30.0, 0.01))
    upload.service.hold = lambda: over.wait(60)
    with pytest.raises(ArtifactError, match=r"^localhost: no answer in time; given up after 5 tries"):
        upload()
    over.set()


def test_firewall_is_suspected_for_the_store() -> None:
    """A self-hosted runner that cannot reach the store is told what has to be let through."""
    error = requests.ConnectionError(OSError("https://secret"), socket.gaierror(-2, "not known"))
    trouble = _described(error, "results1.blob.core.windows.net")
    assert str(trouble) == (
        "results1.blob.core.windows.net: there is no host of that name"
        " (a self-hosted runner's firewall has to let *.blob.core.windows.net through)"
    )


def test_certificate_that_is_not_trusted_is_final() -> None:
    """Waiting makes no certificate good; the variable that names one's own authority is told."""
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    trouble = _described(requests.exceptions.SSLError(cause), "r.example")
    assert not isinstance(trouble, Passing)
    assert "r.example is not trusted (self-signed certificate)" in str(trouble)
    assert "REQUESTS_CA_BUNDLE" in str(trouble)


def test_libraries_are_not_loaded_before_an_upload() -> None:
    """Start-up does not pay for what most runs do not use."""
    code = "import sys, acp_action.github.artifacts; print({'requests', 'tenacity'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
