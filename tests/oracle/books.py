"""What a run leaves in its folder: journal, report and files, which have to tell the same."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from acp_action.engine.paper import Sheet
from acp_action.store import journal_lines
from acp_action.store.vault import STATE
from tests.oracle.paying import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GOOD = ("succeeded", "cached")


def sheets_of(folder: Path) -> dict[str, Sheet]:
    """What the journal knows of each step."""
    try:
        content = (folder / STATE / "journal.jsonl").read_bytes()
    except FileNotFoundError:
        return {}
    sheets: dict[str, Sheet] = {}
    for record in journal_lines.read(content).records:
        sheets.setdefault(record["step"], Sheet()).apply(record, here=False)
    return sheets


def unknown_orders(folder: Path) -> set[str]:
    """The steps whose order is open, and of which nothing is known: neither an id nor an answer."""
    return {name for name, sheet in sheets_of(folder).items() if sheet.order and sheet.order.unknown}


def open_jobs(folder: Path) -> set[str]:
    """The steps with an order that the service has told an id of, and that is not settled."""
    return {name for name, sheet in sheets_of(folder).items() if sheet.order and sheet.order.job}


def check_books(folder: Path) -> dict[str, str]:
    """I21: the report counts what the journal has and what stands on the disk; status by step."""
    report = json.loads((folder / "report.json").read_bytes())
    statuses = {step["name"]: step["status"] for step in report["steps"]}
    assert report["counts"] == Counter(statuses.values())
    sheets, found = sheets_of(folder), files_of(folder)
    kept = {name for name, sheet in sheets.items() if sheet.kept and sheet.published}
    good = {name for name, status in statuses.items() if status in GOOD}
    assert kept == good, f"the journal has {kept - good}, the report {good - kept}"
    told = {name: step["files"] for step in report["steps"] if (name := step["name"]) in kept}
    assert {file for files in told.values() for file in files} == set(found)
    for name in kept:
        assert _digests(sheets[name]) <= {hashlib.sha256(found[file]).hexdigest() for file in told[name]}, (
            name
        )
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert {output["step"] for output in manifest["outputs"]} == kept
    assert {step["step"]: step["status"] for step in manifest["without_output"]} == {
        name: status for name, status in statuses.items() if name not in kept
    }
    return statuses


def _digests(sheet: Sheet) -> set[str]:
    assert sheet.kept is not None
    return {file.sha256 for file in sheet.kept.files}


def check_hidden(secrets: Iterable[str], folder: Path, *texts: str) -> None:
    """S24: no key in any file below a folder, nor in the texts, in any of the ways to write it."""
    spelled = {way for secret in secrets for way in _spellings(secret)}
    contents = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    contents |= {f"text {number}": text.encode() for number, text in enumerate(texts)}
    for where, content in contents.items():
        seen = [way for way in spelled if way in content]
        assert not seen, f"{where} shows {seen}"


def _spellings(secret: str) -> set[bytes]:
    plain = secret.encode()
    # Of base64 the part that does not depend on what stands around it.
    inner = base64.b64encode(plain[: len(plain) // 3 * 3])
    return {plain, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), inner}
