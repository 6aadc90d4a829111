"""What a simulated provider would have billed."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bill:
    """One paid thing: the ``id`` of job or answer, the ``text`` (prompt) it was ordered for, USD, when.

    ``void``: why it was not charged after all (cancelled before it began, failed on the provider's side); ""
    else.
    """

    id: str
    endpoint: str
    text: str
    price: float
    at: float
    body: Any = None
    void: str = ""


class Ledger:
    """Every bill, in order; any thread may read. ``path``: each change is also appended there, as JSON."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._bills: dict[str, Bill] = {}
        self._path = path

    def add(self, bill: Bill) -> None:
        """Charge for a thing; charging for the same id twice is a bug of the simulator."""
        with self._lock:
            if bill.id in self._bills:
                raise ValueError(f"'{bill.id}' is billed already")
            self._write(bill)

    def void(self, id: str, reason: str) -> None:  # noqa: A002 - the ids of the providers are called so
        """Take back a charge; nothing happens when there is none."""
        with self._lock:
            if bill := self._bills.get(id):
                self._write(replace(bill, void=reason))

    def _write(self, bill: Bill) -> None:
        self._bills[bill.id] = bill
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(bill)) + "\n")

    @property
    def entries(self) -> list[Bill]:
        """All bills, those that were taken back too."""
        with self._lock:
            return list(self._bills.values())

    @property
    def bills(self) -> list[Bill]:
        """The bills that stand."""
        return [bill for bill in self.entries if not bill.void]

    def by(self, text: str) -> list[Bill]:
        """The standing bills of orders whose text contains this one."""
        return [bill for bill in self.bills if text in bill.text]

    @property
    def total(self) -> float:
        """USD."""
        return sum(bill.price for bill in self.bills)

    def __len__(self) -> int:
        return len(self.bills)
