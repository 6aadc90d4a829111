"""Places where writing fails for real: small and read-only file systems, other users, low limits."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@contextmanager
def small_disk(folder: Path, size: str = "256k", *options: str) -> Iterator[Path]:
    """A tmpfs of this size mounted on a new folder; the test is skipped where mounting is not allowed."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", ",".join((f"size={size}", *options)), "tmpfs", str(folder)]
    try:
        made = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs the mount command")
    if made.returncode:
        pytest.skip(f"needs the right to mount a small file system: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may reach and write into, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@contextmanager
def without_rights() -> Iterator[None]:
    """Become nobody for a while, because root may write anywhere; as another user nothing changes."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def run_limited(code: str, folder: Path, file_size: int) -> str:
    """What a Python program prints when its files are limited to so many bytes; ``argv[1]`` is the folder."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({file_size}, {file_size}))\n"
    words = [sys.executable, "-W", "error", "-c", limit + code, str(folder)]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=root).stdout
