"""The service that tests upload to is as strict as the real one, by what is known of that."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests

from tests.github.artifact_rules import make_token
from tests.github.artifact_service import BUSY, HTML, LOST, RESET, Fault, StrictService

if TYPE_CHECKING:
    from collections.abc import Iterator

RPC = "twirp/github.actions.results.api.v1.ArtifactService"
ONE, TWO, THREE = (base64.b64encode(f"block-{n}".encode()).decode() for n in (1, 2, 3))


@dataclass
class Plain:
    """A client without any wits: each call is one request."""

    service: StrictService
    session: requests.Session

    def call(self, method: str, *, token: str = "", run: str = "run-1", **fields: Any) -> requests.Response:
        """A Twirp method with the ids of the service's own token."""
        ids = {"workflow_run_backend_id": run, "workflow_job_run_backend_id": "job-1"}
        headers = {"Authorization": f"Bearer {token or self.service.token}"}
        url = f"{self.service.url}/{RPC}/{method}"
        return self.session.post(url, json={**ids, **fields}, headers=headers, timeout=30)

    def create(self, name: str = "a", **fields: Any) -> str:
        """The signed address of a new artifact."""
        answer = self.call("CreateArtifact", name=name, version=4, **fields).json()
        return str(answer.get("signed_upload_url") or answer.get("signedUploadUrl"))

    def put(self, url: str, content: bytes) -> int:
        """The status of a PUT."""
        return self.session.put(url, data=content, timeout=30).status_code

    def block(self, signed: str, number: str, content: bytes) -> int:
        """The status of a block."""
        return self.put(f"{signed}&comp=block&blockid={quote(number, safe='')}", content)

    def commit(self, signed: str, *numbers: str) -> int:
        """The status of a list of blocks."""
        latest = "".join(f"<Latest>{number}</Latest>" for number in numbers)
        return self.put(f"{signed}&comp=blocklist", f"<BlockList>{latest}</BlockList>".encode())

    def finalise(self, content: bytes, name: str = "a", **fields: Any) -> requests.Response:
        """Declare an upload of this content complete."""
        told = {"size": str(len(content)), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
        return self.call("FinalizeArtifact", **{"name": name, **told, **fields})

    def whole(self, name: str, content: bytes) -> None:
        """A finished artifact of one block."""
        signed = self.create(name)
        self.block(signed, ONE, content)
        self.commit(signed, ONE)
        assert self.finalise(content, name).status_code == 200


def connected(service: StrictService) -> Iterator[Plain]:
    """A client of a service, while it lasts."""
    with requests.Session() as session:
        session.trust_env = False
        yield Plain(service, session)


@pytest.fixture
def plain(service: StrictService) -> Iterator[Plain]:
    """A client of the strict service."""
    yield from connected(service)


@pytest.fixture
def plain_act(act: StrictService) -> Iterator[Plain]:
    """A client of the service of act."""
    yield from connected(act)


def test_listed_blocks_in_the_order_of_the_list_are_the_content(plain: Plain) -> None:
    """Blocks may come in any order, one of the same id replaces, what is not listed is thrown away."""
    signed = plain.create()
    sent = [(TWO, b"old"), (THREE, b"unlisted"), (ONE, b"one"), (TWO, b"two")]
    assert [plain.block(signed, number, content) for number, content in sent] == [201] * 4
    assert plain.commit(signed, ONE, TWO) == 201
    assert plain.finalise(b"onetwo").json() == {"ok": True, "artifact_id": "1001"}
    assert plain.service.content("a") == b"onetwo"


def test_ids_of_blocks_are_of_one_length(plain: Plain) -> None:
    """An id that is longer, or no base64, is refused."""
    signed = plain.create()
    plain.block(signed, ONE, b"1")
    longer, huge = base64.b64encode(b"block-1000").decode(), base64.b64encode(bytes(65)).decode()
    assert [plain.block(signed, number, b"2") for number in (longer, "no base64!", huge)] == [400] * 3


def test_list_of_unknown_blocks_is_refused(plain: Plain) -> None:
    """A block that never came cannot be content; neither can what is no list."""
    signed = plain.create()
    plain.block(signed, ONE, b"1")
    assert plain.commit(signed, ONE, TWO) == 400
    assert plain.put(f"{signed}&comp=blocklist", b"<BlockList>") == 400


def test_blob_in_one_piece_is_refused(plain: Plain) -> None:
    """Not every server keeps a PUT without blocks, so no client may use it."""
    assert plain.put(plain.create(), b"whole") == 400


def test_blob_in_one_piece_is_dropped_on_demand(plain: Plain) -> None:
    """Some servers answer 200 and keep nothing."""
    plain.service.bare_put = "drop"
    assert plain.put(plain.create(), b"whole") == 200
    assert plain.finalise(b"whole").status_code == 400


@pytest.mark.parametrize("wrong", [{"size": "4"}, {"size": 3}, {"hash": "sha256:00"}, {"hash": "00"}])
def test_wrong_size_or_hash_is_refused(plain: Plain, wrong: dict[str, Any]) -> None:
    """What was declared is compared with what was stored."""
    signed = plain.create()
    plain.block(signed, ONE, b"one")
    plain.commit(signed, ONE)
    assert plain.finalise(b"one", **wrong).status_code == 400
    assert plain.finalise(b"one").status_code == 200


def test_blocks_without_a_list_are_nothing(plain: Plain) -> None:
    """Only the list makes blocks the content."""
    plain.block(plain.create(), ONE, b"one")
    assert plain.finalise(b"one").status_code == 400


def test_name_is_taken_once_it_is_created(plain: Plain) -> None:
    """A name belongs to one artifact of the run, finished or not."""
    plain.create("a")
    answer = plain.call("CreateArtifact", name="a", version=4)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "a/b"}, {"name": "a:b"}, {"version": 3}, {"version": 7}, {"expires_at": "soon"}],
)
def test_bad_fields_are_refused(plain: Plain, fields: dict[str, Any]) -> None:
    """Names and versions have rules, and version 7 wants a MIME type."""
    assert plain.call("CreateArtifact", **{"name": "a", "version": 4, **fields}).status_code == 400


def test_version_seven_with_a_type_and_unknown_fields_are_taken(plain: Plain) -> None:
    """A field that the service does not know is no error."""
    answer = plain.call("CreateArtifact", name="a", version=7, mime_type="application/zip", news=1)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("token", "status"),
    [("none", 401), (make_token("run-2"), 403), (make_token(scopes="Actions.ExampleScope"), 403)],
)
def test_token_must_be_for_the_run(plain: Plain, token: str, status: int) -> None:
    """The ids of a request are those of the token."""
    assert plain.call("ListArtifacts", token=token).status_code == status


def test_changed_address_is_refused(plain: Plain) -> None:
    """A signed query counts as it stands: a character less, or written otherwise, is another one."""
    signed = plain.create()
    changed = [
        signed[:-9],
        signed.removesuffix("%3D"),
        signed.replace("%3A", ":"),
        signed.replace("%3D", "="),
    ]
    assert [plain.block(url, ONE, b"1") for url in changed] == [403] * 4


def test_address_expires(plain: Plain) -> None:
    """A signed address holds for its time only."""
    signed = plain.create()
    plain.service.store.clock = lambda: 4e9
    assert plain.block(signed, ONE, b"1") == 403


def test_listing_shows_finished_artifacts_of_the_name(plain: Plain) -> None:
    """What is not finished is not there yet."""
    plain.whole("a", b"one")
    plain.whole("b", b"two")
    plain.create("c")
    every = plain.call("ListArtifacts").json()["artifacts"]
    named = plain.call("ListArtifacts", name_filter="b").json()["artifacts"]
    numbered = plain.call("ListArtifacts", id_filter="1001").json()["artifacts"]
    assert [[item["name"] for item in items] for items in (every, named, numbered)] == [
        ["a", "b"],
        ["b"],
        ["a"],
    ]
    assert (named[0]["size"], named[0]["digest"]) == ("3", f"sha256:{hashlib.sha256(b'two').hexdigest()}")


def test_download_needs_the_address_for_it(plain: Plain) -> None:
    """Contents are read at a signed address of their own; that for the upload does not do."""
    signed = plain.create("a")
    plain.block(signed, ONE, b"one")
    plain.commit(signed, ONE)
    plain.finalise(b"one")
    url = plain.call("GetSignedArtifactURL", name="a").json()["signed_url"]
    assert plain.session.get(url, timeout=30).content == b"one"
    assert plain.session.get(signed, timeout=30).status_code == 403
    assert plain.block(url, ONE, b"1") == 403


def test_deleted_name_is_free(plain: Plain) -> None:
    """What is deleted is not listed, and its name can be used again."""
    plain.whole("a", b"one")
    assert plain.call("DeleteArtifact", name="a").json() == {"ok": True, "artifact_id": "1001"}
    assert plain.call("DeleteArtifact", name="a").status_code == 404
    plain.whole("a", b"two")


def test_answers_are_in_camel_case_on_demand(plain: Plain) -> None:
    """Servers differ in how they write the fields."""
    plain.service.camel_case = True
    assert set(plain.call("CreateArtifact", name="a", version=4).json()) == {"ok", "signedUploadUrl"}


def test_faults_are_met_once_each(plain: Plain) -> None:
    """What a test ordered comes, in order, and then all is well."""
    plain.service.faults["ListArtifacts"] += [BUSY, HTML, Fault(429, b"{}", {"Retry-After": "5"})]
    answers = [plain.call("ListArtifacts") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 502, 429, 200]
    assert answers[1].text.startswith("<html>")


@pytest.mark.parametrize(("fault", "carried_out"), [(RESET, 0), (LOST, 1)])
def test_connection_is_reset_before_or_after_the_deed(plain: Plain, fault: Fault, carried_out: int) -> None:
    """A lost answer is one to a request that was carried out."""
    plain.service.faults["CreateArtifact"].append(fault)
    with pytest.raises(requests.ConnectionError):
        plain.create()
    assert len(plain.service.store.artifacts) == carried_out


def test_act_appends_blocks_as_they_come(plain_act: Plain) -> None:
    """Neither ids nor the list count: a block that is sent twice is there twice."""
    signed = plain_act.create()
    assert [plain_act.block(signed, number, c) for number, c in ((TWO, b"2"), (ONE, b"1"), (ONE, b"1"))] == [
        201
    ] * 3
    assert plain_act.commit(signed, ONE, TWO) == 201
    assert plain_act.service.content("a") == b"211"


def test_act_fails_on_unknown_fields(plain_act: Plain) -> None:
    """A field that it does not know ends in an empty answer."""
    answer = plain_act.call("CreateArtifact", name="a", version=7, mime_type="application/zip")
    assert (answer.status_code, answer.content) == (500, b"")


def test_act_starts_anew_for_a_known_name_and_checks_little(plain_act: Plain) -> None:
    """The same name twice is no conflict, the token is not looked at, and any size will do."""
    plain_act.block(plain_act.create(), ONE, b"old")
    plain_act.block(plain_act.create(), ONE, b"new")
    assert plain_act.service.content("a") == b"new"
    assert plain_act.call("FinalizeArtifact", token="none", name="a", size="1").json()["ok"] is True  # noqa: S106
    shown = plain_act.call("ListArtifacts").json()["artifacts"]
    assert [set(item) & {"digest", "databaseId"} for item in shown] == [{"databaseId"}]


def test_act_wants_the_padding_of_the_signature(plain_act: Plain) -> None:
    """A signature without its = is another one."""
    assert plain_act.block(plain_act.create().rstrip("="), ONE, b"1") == 401


def test_act_drops_a_blob_in_one_piece(plain_act: Plain) -> None:
    """It says 200 and keeps nothing."""
    assert plain_act.put(plain_act.create(), b"whole") == 200
    assert plain_act.service.content("a") == b""


def test_request_that_is_no_json_is_refused(plain: Plain) -> None:
    """The words of the refusal are JSON all the same."""
    url = f"{plain.service.url}/{RPC}/ListArtifacts"
    answer = plain.session.post(url, data=b"{", timeout=30)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "malformed")
