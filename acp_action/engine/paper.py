"""The paper trail of a step's paid work: what is known of it, and what each new line changes about that.

A line is a mapping, so that it can be kept as JSON: ``do`` says what happened, the rest belongs to it. A
``Sheet`` is what the lines of one step add up to; who reads old lines and who writes new ones use the same.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from acp_action.providers.base import RemoteJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import FileKind, JsonValue, Kind


class KeptFile(NamedTuple):
    """A file of a result, as it was made; ``sha256`` in lower-case hex, ``extension`` without a dot."""

    kind: FileKind
    extension: str
    bytes: int
    sha256: str
    facts: Mapping[str, JsonValue]


class Kept(NamedTuple):
    """A result that is safe on this disk; the fields as in ``Product``. ``at``: when, in ISO 8601."""

    kind: Kind
    files: tuple[KeptFile, ...] = ()
    text: str | None = None
    cost: float | None = None
    seed: int | None = None
    params: Mapping[str, JsonValue] = MappingProxyType({})
    notes: Mapping[str, JsonValue] = MappingProxyType({})
    at: str = ""


class Order(NamedTuple):
    """A paid request: its greatest cost in USD (None: unknown), and what came of it as far as known.

    ``here``: it was sent by this run, not by an earlier one.
    """

    cost: float | None = None
    job: RemoteJob | None = None
    result: Mapping[str, JsonValue] | None = None
    here: bool = False

    @property
    def unknown(self) -> bool:
        """Whether nobody knows what became of it."""
        return self.job is None and self.result is None


class Sheet:
    """What the lines of one step add up to: the order that is open, and the last result that was kept.

    ``source``: the order that the kept result came from, to fetch it again with.
    """

    __slots__ = ("kept", "kept_here", "order", "published", "source")

    def __init__(self) -> None:
        self.order: Order | None = None
        self.kept: Kept | None = None
        self.kept_here = False
        self.source: Order | None = None
        self.published = False

    def apply(self, line: Mapping[str, Any], *, here: bool) -> None:
        """Take one line in; ``here``: it is of this run. Lines may be missing before it."""
        order = self.order or Order()
        match line["do"]:
            case "intended":
                self.order = Order(line["cost"], here=here)
            case "withdrawn":
                self.order = None
            case "accepted":
                self.order = order._replace(job=RemoteJob(line["id"], line["urls"], line["begun"]))
            case "settled":
                self.order = order._replace(result=line["result"])
            case "fetched":
                self.kept, self.kept_here = kept_of(line), here
                self.source, self.order, self.published = self.order, None, False
            case "published":
                self.published = True


class Writer(Protocol):
    """Keeps a line, and gives it back as it was kept."""

    def __call__(self, line: Mapping[str, Any], /, *, sync: bool) -> Mapping[str, Any]:
        """``sync``: it must be on the disk before anything else happens.

        Raises Unrecorded for an ``intended`` that it could not keep, and nothing else.
        """
        ...


def _as_it_is(line: Mapping[str, Any], /, *, sync: bool) -> Mapping[str, Any]:  # noqa: ARG001 - a Writer
    return line


class StepPaper:
    """One step's trail, over all its attempts; satisfies ``providers.base.Trail``.

    ``fresh``: results of earlier runs count for nothing. ``resubmit``: orders of earlier runs of which
    nothing is known may be sent again. ``single``: it is of a call, not of a step that a next run asks for
    again by itself; who is told that nothing came of an order, and calls again, wants another one.
    """

    __slots__ = ("_fresh", "_resubmit", "_sheet", "_write", "single")

    def __init__(
        self,
        sheet: Sheet,
        write: Writer = _as_it_is,
        *,
        fresh: bool = False,
        resubmit: bool = False,
        single: bool = False,
    ) -> None:
        self.single = single
        self._sheet = sheet
        self._write = write
        self._fresh = fresh
        self._resubmit = resubmit

    @property
    def lasting(self) -> bool:
        """Whether a later run will know of it; what is in memory alone ends with the process."""
        return self._write is not _as_it_is

    @property
    def job(self) -> RemoteJob | None:
        """The job that is open at the provider."""
        return self._sheet.order.job if self._sheet.order else None

    @property
    def result(self) -> Mapping[str, JsonValue] | None:
        """What the provider answered in the end."""
        return self._sheet.order.result if self._sheet.order else None

    @property
    def kept(self) -> Kept | None:
        """The result that is there already, None when there is none or it shall not be used."""
        return None if self._fresh and not self._sheet.kept_here else self._sheet.kept

    @property
    def doubtful(self) -> Order | None:
        """The order of which nobody knows what became of it, unless it may be sent again."""
        order = self._sheet.order
        if order is None or not order.unknown or (self._resubmit and not order.here):
            return None
        return order

    def reopen(self) -> bool:
        """Go back to the order that the kept result came from, its files being lost; False: no way back."""
        source = self._sheet.source
        # A job alone could turn out to be gone, and then be ordered anew without anybody having been asked.
        if source is None or source.result is None:
            return False
        self._sheet.order = source
        return True

    @property
    def answerable(self) -> bool:
        """Whether an order is open that can be asked for without another one."""
        return self._sheet.order is not None and not self._sheet.order.unknown

    def forsake(self, reason: str) -> bool:
        """Let go of an earlier run's order, of which nothing comes; False where only ``fresh`` may do it."""
        order = self._sheet.order
        if order is None or order.here or not self._fresh:
            return False
        self._add({"do": "withdrawn", "reason": f"ordered anew: {reason}"})
        return True

    def intended(self, cost: float | None = None) -> None:
        """A request is about to be sent. Raises Unrecorded when that cannot be written down."""
        self._add({"do": "intended", "cost": _price(cost)}, sync=True)

    def withdrawn(self, reason: str) -> None:
        """Nothing came of it, and nothing was billed."""
        if self._sheet.order is not None:
            self._add({"do": "withdrawn", "reason": reason})

    def accepted(self, job: RemoteJob) -> None:
        """The provider took the order; what is known already is not written again."""
        known = self.job
        if job != known:
            urls = {str(role): str(url) for role, url in job.urls.items()}
            line = {"do": "accepted", "id": str(job.id), "urls": urls, "begun": bool(job.begun)}
            self._add(line, sync=known is None or (known.id, known.urls) != (job.id, job.urls))

    def settled(self, result: Mapping[str, JsonValue]) -> None:
        """The provider's answer."""
        self._add({"do": "settled", "result": dict(result)}, sync=True)

    def fetched(self, kept: Kept) -> None:
        """The result is whole and on this disk."""
        self._add(line_of(kept), sync=True)

    def published(self) -> None:
        """The result has its final names; told again, nothing is written."""
        if not self._sheet.published:
            self._add({"do": "published"})

    def _add(self, line: Mapping[str, Any], *, sync: bool = False) -> None:
        # First written, then known: an intent that could not be kept is none.
        self._sheet.apply(self._write(line, sync=sync), here=True)


class LooseJournal:
    """Trails in memory alone: they join the attempts of each step, and end with the run."""

    def __init__(self) -> None:
        self._papers: dict[str, StepPaper] = {}

    def trail(self, step: str, _key: str = "") -> StepPaper:
        """The step's trail."""
        paper = self._papers.get(step)
        if paper is None:
            paper = self._papers.setdefault(step, StepPaper(Sheet()))
        return paper


def line_of(kept: Kept) -> dict[str, Any]:
    """A kept result as a line."""
    files = [{**file._asdict(), "facts": dict(file.facts)} for file in kept.files]
    fields = {**kept._asdict(), "files": files, "params": dict(kept.params), "notes": dict(kept.notes)}
    # Services tell what they like; what a later run could not read would be lost to it.
    seed = kept.seed if isinstance(kept.seed, int) else None
    return {"do": "fetched", **fields, "cost": _price(kept.cost), "seed": seed}


def _price(cost: float | None) -> float | None:
    return cost if cost is not None and 0 <= cost < math.inf else None


def kept_of(line: Mapping[str, Any]) -> Kept:
    """The kept result that a line tells of."""
    files = tuple(KeptFile(**file) for file in line["files"])
    return Kept(**{name: line[name] for name in Kept._fields if name != "files"}, files=files)
