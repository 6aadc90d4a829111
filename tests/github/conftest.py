"""A strict artifact service, and an upload to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.github.artifact_service import StrictService
from tests.github.uploads import Uploader, archive_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _direct_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees this machine's proxies and authorities."""
    for name in list(os.environ):
        if name.lower().endswith(("_proxy", "_ca_bundle")) or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def service() -> Iterator[StrictService]:
    """A service that behaves as GitHub's does."""
    with StrictService() as running:
        yield running


@pytest.fixture
def act() -> Iterator[StrictService]:
    """A service that behaves as that of act does."""
    with StrictService("act") as running:
        yield running


@pytest.fixture
def upload(service: StrictService, tmp_path: Path) -> Uploader:
    """Uploads a small archive to the service."""
    return Uploader(service, archive_of(tmp_path))
