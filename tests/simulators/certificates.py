"""Certificates for simulators that speak https: good, expired, or made out to somebody else."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import trustme


@cache
def _authority() -> trustme.CA:
    import trustme

    return trustme.CA()


def tls(kind: str = "good") -> ssl.SSLContext:
    """What a simulator serves https with: "good" for this machine, "expired", or "wrong_name" (N14)."""
    names = ("example.org",) if kind == "wrong_name" else ("127.0.0.1", "localhost")
    until = datetime(2020, 1, 1, tzinfo=UTC) if kind == "expired" else None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    since = datetime(2019, 1, 1, tzinfo=UTC) if until else None
    _authority().issue_cert(*names, not_before=since, not_after=until).configure_cert(context)
    return context


def authority_file(folder: Path) -> Path:
    """The certificate that a client must trust, for SSL_CERT_FILE or REQUESTS_CA_BUNDLE."""
    path = folder / "authority.pem"
    _authority().cert_pem.write_to_path(path)
    return path
