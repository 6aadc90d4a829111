"""What all makers tell about what they made: the product's notes, and the texts inside of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.artifacts import SINGULAR
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.errors import FatalError
from acp_action.providers.base import Product, Source
from acp_action.providers.local.vocabulary import ignored
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import ProductFile, Request

SOFTWARE: Final = "acp-action local"
_LONGEST: Final = 1000


def finished(
    request: Request,
    files: tuple[ProductFile, ...],
    engine: str,
    params: Mapping[str, JsonValue],
    *,
    text: str | None = None,
    seed: int | None = None,
    notes: Mapping[str, JsonValue] | None = None,
) -> Product:
    """The product of a request, with notes: preview or not, by which engine, standing in for which model."""
    told: dict[str, JsonValue] = {"preview": request.preview, "provider": LOCAL, "engine": engine}
    if request.preview:
        told["stands_in_for"] = request.model.key
    if unused := ignored(request.type, request.model, request.params):
        told["ignored"] = list(unused)
    told |= notes or {}
    kind = STEP_TYPES[request.type].makes
    return Product(kind, files, text=text, cost=0.0, seed=seed, params=dict(params), notes=told)


def about(request: Request, prompt: str = "", seed: int | None = None) -> dict[str, str]:
    """The texts that go into a file, by the names that PNG has for them."""
    texts = {"Software": f"{SOFTWARE} preview" if request.preview else SOFTWARE, "Model": request.model.key}
    if request.preview:
        texts["Comment"] = preview_remark(request)
    if prompt:
        texts["Prompt"] = cleaned(prompt)
    if seed is not None:
        texts["Seed"] = str(seed)
    return texts


def cleaned(text: str) -> str:
    """A text as files can hold it: at most 1,000 characters, no controls and no broken halves among them."""
    return "".join(c for c in text[:_LONGEST] if c.isprintable() or c in "\n\t")


def preview_remark(request: Request) -> str:
    """The sentence by which a file says that it is a preview."""
    return f"preview of {request.model.key}, made by acp-action's embedded provider, not by the model"


def media_paths(request: Request) -> list[Path]:
    """The input files in order. Raises FatalError for what is no file of the right kind on this machine."""
    wanted = STEP_TYPES[request.type].media
    kind = SINGULAR[wanted] if wanted else ""
    paths: list[Path] = []
    for medium in request.media:
        if isinstance(medium, Source):
            if medium.path is None:
                raise FatalError(
                    "the embedded provider fetches nothing from the network; name a file instead of a URL"
                )
            paths.append(medium.path)
        else:
            paths += [file.path for file in medium.files if file.kind == kind]
    if not paths:
        raise FatalError(f"{request.type} got no {kind} to work on")
    return paths
