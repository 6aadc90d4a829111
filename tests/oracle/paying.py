"""Providers that bill, with a ledger in a file: what they take down stays, whoever is killed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.errors import FatalError
from acp_action.providers.base import LooseTrail, Product, ProductFile, RemoteJob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Request, Token, Trail

PRICE = 0.05
_EXTENSIONS = {"image": "png", "video": "mp4", "audio": "mp3"}


class Service:
    """What stands at the other end: takes orders down, makes the same of the same, forgets nothing.

    ``point(name)`` is called wherever a process may be killed.
    """

    def __init__(self, folder: Path, point: Callable[[str], None] = lambda _name: None) -> None:
        self._ledger = folder / "ledger.txt"
        self._point = point

    def bill(self, step: str, content: str) -> str:
        """Take an order, and the money for it; the job's id."""
        self._point("before the request")
        made = hashlib.sha256(f"{step}/{content}".encode()).hexdigest()[:16]
        with self._ledger.open("a", encoding="utf-8") as ledger:
            ledger.write(f"{step}\t{PRICE}\t{made}\n")
        self._point("billed, not answered")
        return made

    def billed(self) -> list[str]:
        """The steps that were paid for, once for each payment."""
        try:
            lines = self._ledger.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [line.split("\t")[0] for line in lines]


class Paying:
    """A provider by the template of adapters. ``jobs``: it hands out ids; else it answers at once.

    ``mishap(request, token)`` happens between the bill and the answer.
    """

    def __init__(
        self,
        name: str,
        service: Service,
        point: Callable[[str], None] = lambda _name: None,
        *,
        jobs: bool,
        mishap: Callable[[Request, Token], object] = lambda _request, _token: None,
    ) -> None:
        self.name = name
        self._mishap = mishap
        self._service = service
        self._point = point
        self._jobs = jobs

    def check(self, *_: Any, **__: Any) -> tuple[()]:
        """Nothing is wrong."""
        return ()

    def expected_seconds(self, *_: Any) -> None:
        """Nothing is known."""
        return

    def run(self, request: Request, token: Token) -> Product:
        """Make one attempt."""
        trail = request.trail or LooseTrail()
        if not self._jobs and request.model.makes != "text":
            # Bytes come with the answer: there is nothing to settle before they are on the disk.
            return self._product(request, self._ordered(request, token, trail))
        result = trail.result
        if result is None:
            result = self._obtained(request, token, trail)
            trail.settled(result)
        return self._product(request, result)

    def _obtained(self, request: Request, token: Token, trail: Trail) -> Mapping[str, JsonValue]:
        if not self._jobs:
            return self._ordered(request, token, trail)
        if trail.job is None:
            ordered = self._ordered(request, token, trail)
            trail.accepted(RemoteJob(str(ordered["id"]), {"status": f"https://queue/{ordered['id']}"}))
        job = trail.job
        if job is None:
            raise FatalError("the trail forgot the job")
        token.check()
        trail.accepted(job._replace(begun=True))
        return {"id": job.id}

    def _ordered(self, request: Request, token: Token, trail: Trail) -> Mapping[str, JsonValue]:
        trail.intended(PRICE)
        made = self._service.bill(request.step, _asked(request))
        self._mishap(request, token)
        return {"id": made}

    def _product(self, request: Request, result: Mapping[str, JsonValue]) -> Product:
        kind = request.model.makes
        content = f"{kind} {result['id']} of {_asked(request)}"
        if kind == "text":
            return Product("text", text=content, cost=PRICE)
        self._point("before the download")
        path = request.stage(_EXTENSIONS[kind])
        path.write_bytes(content.encode())
        return Product(kind, (ProductFile(kind, path, {"format": "fake"}),), cost=PRICE)  # type: ignore[arg-type]


def _asked(request: Request) -> str:
    media = [file.sha256 for medium in request.media for file in getattr(medium, "files", ())]
    return f"{request.text} {sorted(request.params.items())} {media}"


def paying_providers(folder: Path, point: Callable[[str], None]) -> dict[str, Any]:
    """All services of the catalogue: those with jobs, and those that answer at once."""
    service = Service(folder, point)
    kinds = {"fal": True, "replicate": True, "gemini": False, "elevenlabs": False, "openrouter": False}
    return {name: Paying(name, service, point, jobs=jobs) for name, jobs in kinds.items()}


def files_of(folder: Path) -> dict[str, bytes]:
    """The outputs in a folder, by name."""
    ours = ("manifest.json", "report.json", "report.md", "report.html")
    return {
        entry.name: Path(entry.path).read_bytes()
        for entry in os.scandir(folder)
        if entry.is_file() and entry.name not in ours and not entry.name.startswith(".")
    }
