"""What the doctor found: a line a check, for people as a table and for programs as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from acp_action.report.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

State = Literal["ok", "warn", "fail", "none"]

_SIGNS: Final[dict[str, str]] = {"ok": "ok", "warn": "warn", "fail": "FAIL", "none": "-"}
PROVIDERS: Final = "Providers"
"""The area of the services."""

_KEYS: Final = 3
_OTHER: Final = 1


class Finding(NamedTuple):
    """One check. ``state``: ``none`` for what is not there and not needed. ``mend``: what to do about it.

    ``about_key``: whether what failed is a key that is missing or refused.
    """

    area: str
    name: str
    state: State
    what: str
    mend: str = ""
    about_key: bool = False


def verdict(findings: Iterable[Finding]) -> int:
    """The exit code: 0 when nothing failed, 3 when only keys did, else 1."""
    failed = [finding for finding in findings if finding.state == "fail"]
    if not failed:
        return 0
    return _KEYS if all(finding.about_key for finding in failed) else _OTHER


def diagnosis_text(findings: Sequence[Finding]) -> str:
    """The findings by area, each with its state; what to do stands below what is wrong."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines: list[str] = []
    for area in dict.fromkeys(finding.area for finding in findings):
        lines += ["", area] if lines else [area]
        for finding in findings:
            if finding.area == area:
                lead = f"  {_SIGNS[finding.state]:<5} {finding.name.ljust(width)}  "
                lines.append(f"{lead}{one_line(finding.what)}".rstrip())
                if finding.mend:
                    lines.append(f"{'':<{len(lead)}}-> {one_line(finding.mend)}")
    return "\n".join([*lines, "", _summary(findings)])


def _summary(findings: Sequence[Finding]) -> str:
    counts = {state: sum(f.state == state for f in findings) for state in ("fail", "warn")}
    words = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((counts["fail"], "problem"), (counts["warn"], "warning"))
        if count
    ]
    return f"{' and '.join(words) or _praise(findings)}; nothing was paid for."


def _praise(findings: Sequence[Finding]) -> str:
    services = [finding for finding in findings if finding.area == PROVIDERS]
    if services and all(finding.state == "none" for finding in services):
        return "All is well for previews (--provider local), and no service has a key yet"
    return "All is well"


def diagnosis_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain values, ready for JSON."""
    code = verdict(findings)
    checks = [{k: v for k, v in f._asdict().items() if k != "about_key"} for f in findings]
    return {"success": code == 0, "exit_code": code, "checks": checks}
