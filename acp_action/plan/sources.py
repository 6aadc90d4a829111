"""Media named in params: a file of the workspace, or a URL; never a file from elsewhere."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from acp_action.providers.base import Source

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.artifacts import Kind
    from acp_action.config.model import NodePath
    from acp_action.plan.findings import Findings


def read_source(value: Any, kind: Kind, at: NodePath, workspace: Path, findings: Findings) -> Source | None:
    """The source a parameter names, or None after a problem was noted."""
    if not isinstance(value, str) or not value.strip():
        findings.error(
            at, f"expected the path or URL of {kind} media, not {value!r}", "write a path in quotes"
        )
        return None
    if "://" in value:
        return _url(value, kind, at, findings)
    return _file(value, kind, at, workspace, findings)


def _url(value: str, kind: Kind, at: NodePath, findings: Findings) -> Source | None:
    try:
        parts = urlsplit(value)
    except ValueError as error:
        findings.error(at, f"'{value}' is no URL: {error}", "use an https:// address")
        return None
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        findings.error(at, "only https URLs without a user name are taken", "use an https:// address")
        return None
    return Source(kind, url=value)


def _file(value: str, kind: Kind, at: NodePath, workspace: Path, findings: Findings) -> Source | None:
    try:
        root = workspace.resolve()
        path = (root / value).resolve()
        inside = path.is_relative_to(root)
        mode = path.stat().st_mode if inside else 0
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        findings.error(at, f"cannot read '{value}' in {workspace}: {reason}", "check the path")
        return None
    if not inside:
        findings.error(
            at, f"'{value}' is outside of the workspace {root}", "copy the file into the workspace"
        )
        return None
    if not stat.S_ISREG(mode):
        findings.error(at, f"'{value}' is not a regular file", "name a media file")
        return None
    return Source(kind, path=path)
