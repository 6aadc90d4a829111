"""What an artifact service holds and refuses, without its network: as GitHub's, or as that of ``act``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Flavour = Literal["github", "act"]
KEY = b"the key of a service that exists in tests only"
REFUSED_IN_NAMES = re.compile(r'["\\:<>|*?\r\n/]')
KNOWN = {
    "CreateArtifact": {"name", "version", "expires_at"},
    "FinalizeArtifact": {"name", "size", "hash"},
    "ListArtifacts": {"name_filter", "id_filter"},
    "GetSignedArtifactURL": {"name"},
    "DeleteArtifact": {"name"},
}
IDS = ("workflow_run_backend_id", "workflow_job_run_backend_id")
VERSIONS = (4, 7)


class No(Exception):  # noqa: N818 - an answer
    """An answer that refuses: status, code and words; an empty code makes an empty body."""

    def __init__(self, status: int, code: str = "", words: str = "") -> None:
        super().__init__(status, code, words)
        self.status, self.code, self.words = status, code, words


@dataclass
class Blob:
    """Blocks by id, with a file each (None where they are thrown away), and what their list made of them."""

    folder: Path | None
    staged: dict[str, tuple[int, Path | None]] = field(default_factory=dict)
    content: list[tuple[int, Path | None]] | None = None
    content_type: str = "application/octet-stream"
    arrivals: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the committed content."""
        return sum(size for size, _ in self.content or [])

    def pieces(self) -> Iterator[bytes]:
        """The committed content."""
        for _, path in self.content or []:
            if path is not None:
                with path.open("rb") as file:
                    while piece := file.read(1 << 20):
                        yield piece

    def digest(self) -> str:
        """The committed content's sha256."""
        total = hashlib.sha256()
        for piece in self.pieces():
            total.update(piece)
        return total.hexdigest()


@dataclass
class Artifact:
    """One upload: its fields as they were sent, its blob, and what finalising added."""

    id: int
    run: str
    job: str
    name: str
    fields: dict[str, Any]
    blob: Blob
    created_at: str
    finished: bool = False
    digest: str = ""


class Store:
    """The state of a service; every rule of it is a method that raises ``No``.

    ``clock``: seconds since the epoch; ``lifetime`` of signed addresses in seconds; ``folder``: where
    contents go, None to throw them away (then hashes are not compared).
    """

    def __init__(self, flavour: Flavour, folder: Path | None, clock: Callable[[], float]) -> None:
        self.flavour = flavour
        self.clock = clock
        self.lifetime = 3600.0
        self.padded = flavour == "act"
        self.extra_query = ""
        self.artifacts: list[Artifact] = []
        self._every: list[Artifact] = []
        self._folder = folder
        self._count = 0

    def call(self, method: str, request: Mapping[str, Any], token: str, base: str) -> dict[str, Any]:
        """The answer of a Twirp method; ``base``: the address before the paths of blobs."""
        if method not in KNOWN:
            raise No(404, "bad_route", f"no handler for {method}")
        scope = self._scope(request, token)
        fields = {snake(name): value for name, value in request.items()}
        if self.flavour == "act" and {*fields} - KNOWN[method] - {*IDS}:
            raise No(500)
        if method == "CreateArtifact":
            return {"ok": True, "signed_upload_url": base + self.create(scope, fields)}
        if method == "FinalizeArtifact":
            return {"ok": True, "artifact_id": str(self.finalise(scope, fields))}
        if method == "ListArtifacts":
            return {"artifacts": [self.shown(found) for found in self.listed(scope, fields)]}
        found = self.finished(scope, str(fields.get("name")))
        if method == "DeleteArtifact":
            self.artifacts.remove(found)
            return {"ok": True, "artifact_id": str(found.id)}
        return {"name": found.name, "signed_url": base + self.sign(found, "r")}

    def _scope(self, request: Mapping[str, Any], token: str) -> tuple[str, str]:
        """Run and job of the request, which must be those of the token."""
        run, job = (str(request.get(name) or request.get(camel(name)) or "") for name in IDS)
        if self.flavour == "github":
            scopes = checked(token)
            if f"Actions.Results:{run}" not in {scope.rpartition(":")[0] for scope in scopes}:
                raise No(403, "permission_denied", "the token is not for this run")
        return run, job

    def create(self, scope: tuple[str, str], fields: dict[str, Any]) -> str:
        """Path and query of the signed address of a new artifact."""
        name = str(fields.get("name", ""))
        taken = [a for a in self.artifacts if (a.run, a.name) == (scope[0], name)]
        if self.flavour == "act":
            self.artifacts = [a for a in self.artifacts if a not in taken]
        else:
            check_creation(name, fields)
            if taken:
                raise No(
                    409, "already_exists", "an artifact with this name already exists on the workflow run"
                )
        self._count += 1
        number = fnv(name) if self.flavour == "act" else 1000 + self._count
        folder = self._folder and self._folder / f"blob-{self._count}"
        if folder:
            folder.mkdir()
        stamp = datetime.fromtimestamp(self.clock(), UTC).isoformat().replace("+00:00", "Z")
        made = Artifact(number, *scope, name, fields, Blob(folder), stamp)
        self.artifacts.append(made)
        self._every.append(made)
        return self.sign(made, "cw")

    def finalise(self, scope: tuple[str, str], fields: dict[str, Any]) -> int:
        """The id of an artifact that is complete from now on."""
        found = [a for a in self.artifacts if (a.run, a.job, a.name) == (*scope, fields.get("name"))]
        if self.flavour == "act":
            for artifact in found:
                artifact.finished = True
            return fnv(str(fields.get("name")))
        if not found:
            raise No(404, "not_found", "there is no such artifact to finalize")
        artifact = found[0]
        if artifact.finished:
            raise No(409, "already_exists", "the artifact is finalized already")
        if artifact.blob.content is None:
            raise No(400, "invalid_argument", "nothing was uploaded")
        check_content(artifact.blob, fields)
        artifact.finished, artifact.digest = True, str(fields.get("hash", ""))
        return artifact.id

    def listed(self, scope: tuple[str, str], fields: dict[str, Any]) -> list[Artifact]:
        """The finished artifacts of the run, of a name or an id where one is given."""
        name, number = fields.get("name_filter"), fields.get("id_filter")
        if number is not None and not isinstance(number, str):
            raise No(400, "malformed", "id_filter: an int64 is a string")
        every = [a for a in self.artifacts if a.finished and a.run == scope[0]]
        named = [a for a in every if name is None or a.name == name]
        return [a for a in named if number is None or a.id == int(number)]

    def finished(self, scope: tuple[str, str], name: str) -> Artifact:
        """The finished artifact of this name, run and job."""
        for artifact in self.artifacts:
            if artifact.finished and (artifact.run, artifact.job, artifact.name) == (*scope, name):
                return artifact
        raise No(404, "not_found", f"artifact {name} not found")

    def shown(self, artifact: Artifact) -> dict[str, Any]:
        """An artifact as a listing shows it."""
        shown = {
            **dict(zip(IDS, (artifact.run, artifact.job), strict=True)),
            "database_id": str(artifact.id),
            "name": artifact.name,
            "size": str(artifact.blob.size),
            "created_at": artifact.created_at,
        }
        # act knows no digests, and tells the size of a folder.
        return {**shown, "size": "4096"} if self.flavour == "act" else {**shown, "digest": artifact.digest}

    def sign(self, artifact: Artifact, rights: str) -> str:
        """Path and query of an address that expires; nothing of it may be changed."""
        expires = datetime.fromtimestamp(self.clock() + self.lifetime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        number = next(n for n, a in enumerate(self._every) if a is artifact)
        path = f"/actions-results/{artifact.run}/artifacts/{artifact.id}-{number}.zip"
        query = (
            f"sv=2025-11-05&se={quote(expires, safe='')}&sr=b&sp={rights}&spr=https%2Chttp{self.extra_query}"
        )
        return f"{path}?{query}&sig={self._signature(path, query)}"

    def _signature(self, path: str, query: str) -> str:
        signature = base64.b64encode(hmac.digest(KEY, f"{path}?{query}".encode(), "sha256")).decode()
        return signature.translate({43: "-", 47: "_"}) if self.padded else quote(signature, safe="")

    def at(self, target: str, right: str) -> tuple[Artifact, dict[str, str]]:
        """The artifact behind a signed request target, and what the client put behind the signed query."""
        path, _, query = target.partition("?")
        signed, mark, rest = query.partition("&sig=")
        signature, *own = rest.split("&")
        if not mark or signature != self._signature(path, signed):
            raise No(401 if self.flavour == "act" else 403, "AuthenticationFailed")
        given = dict(part.partition("=")[::2] for part in signed.split("&"))
        expires = datetime.strptime(unquote(given["se"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if expires.timestamp() <= self.clock() or right not in given["sp"]:
            raise No(403, "AuthenticationFailed")
        number = int(path.removesuffix(".zip").rpartition("-")[2])
        return self._every[number], {k: unquote(v) for k, _, v in (part.partition("=") for part in own)}

    def put_block(self, blob: Blob, number: str, size: int, path: Path | None) -> None:
        """Stage a block: a second one of the same id replaces the first."""
        if self.flavour == "act":
            blob.content = [*(blob.content or []), (size, path)]
        else:
            check_block_id(number, blob.staged)
            blob.staged[number] = size, path
        blob.arrivals.append(number)

    def commit(self, blob: Blob, document: bytes, content_type: str) -> None:
        """Make the listed blocks, in the order of the list, the content; others are thrown away."""
        if self.flavour == "act":
            return
        try:
            root = ET.fromstring(document)  # noqa: S314 - a client of our own tests wrote it
        except ET.ParseError:
            raise No(400, "InvalidXmlDocument") from None
        listed = [(element.tag, (element.text or "").strip()) for element in root]
        if root.tag != "BlockList" or any(tag != "Latest" or n not in blob.staged for tag, n in listed):
            raise No(400, "InvalidBlockList")
        blob.content = [blob.staged[number] for _, number in listed]
        blob.staged, blob.content_type = {}, content_type or "application/octet-stream"

    def clear(self) -> None:
        """Remove all contents."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def check_creation(name: str, fields: Mapping[str, Any]) -> None:
    """The rules for a new artifact's fields."""
    version = fields.get("version")
    if not name or REFUSED_IN_NAMES.search(name):
        raise No(400, "invalid_argument", f"the artifact name is not valid: {name}")
    if version not in VERSIONS:
        raise No(400, "invalid_argument", f"version {version} is not supported")
    if version == 7 and not fields.get("mime_type"):
        raise No(400, "invalid_argument", "mime_type is required")
    expires = fields.get("expires_at")
    if expires is not None and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", str(expires)):
        raise No(400, "malformed", "expires_at: not a timestamp")


def check_content(blob: Blob, fields: Mapping[str, Any]) -> None:
    """Size and hash, as they were declared, against what was stored."""
    if fields.get("size") != str(blob.size):
        raise No(400, "invalid_argument", f"size: {fields.get('size')!r} declared, {blob.size} stored")
    declared = fields.get("hash")
    if blob.folder and declared is not None and declared != f"sha256:{blob.digest()}":
        raise No(400, "invalid_argument", "hash: not that of what was stored")


def check_block_id(number: str, staged: Mapping[str, object]) -> None:
    """Base64 of at most 64 bytes, and as long as the ids of all other blocks."""
    try:
        raw = base64.b64decode(number, validate=True)
    except ValueError:
        raise No(400, "InvalidQueryParameterValue") from None
    if not 0 < len(raw) <= 64 or any(len(other) != len(number) for other in staged):
        raise No(400, "InvalidBlobOrBlock")


def make_token(run: str = "run-1", job: str = "job-1", *, scopes: str | None = None) -> str:
    """A token as a runner hands it out."""
    given = f"Actions.ExampleScope Actions.Results:{run}:{job}" if scopes is None else scopes
    parts = ({"alg": "HS256", "typ": "JWT"}, {"scp": given, "nam": "a job"})
    text = ".".join(_unpadded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_unpadded(hmac.digest(KEY, text.encode(), 'sha256'))}"


def checked(token: str) -> list[str]:
    """The scopes of a token of ours."""
    text, _, signature = token.rpartition(".")
    if not text or signature != _unpadded(hmac.digest(KEY, text.encode(), "sha256")):
        raise No(401, "unauthenticated", "the token is not valid")
    payload = text.partition(".")[2]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["scp"]).split(" ")


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def fnv(text: str) -> int:
    """FNV-1a, 32 bits: how act numbers artifacts."""
    total = 0x811C9DC5
    for byte in text.encode():
        total = (total ^ byte) * 0x01000193 & 0xFFFFFFFF
    return total


def snake(name: str) -> str:
    """A field's name in snake_case."""
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)


def camel(name: str) -> str:
    """A field's name in camelCase."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
