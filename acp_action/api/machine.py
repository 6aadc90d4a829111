"""The doctor's look at this machine: versions, video, speech, the output folder, the way to the network."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acp_action.api.prepare import output_folder
from acp_action.errors import OutputError
from acp_action.providers.keys import account_of
from acp_action.providers.registry import LOCAL
from acp_action.report.diagnosis import Finding
from acp_action.store.faults import free_bytes
from acp_action.store.preflight import foresee

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acp_action.plan.model import Plan
    from acp_action.providers.account import Network
    from acp_action.providers.base import Provider

_AREA: Final = "This machine"
_LITTLE: Final = 1024**3
"""Bytes; a film of a minute takes a tenth of it."""

_ENCODERS: Final = ("libx264", "aac")


def machine_checks(
    plan: Plan | None, folder: Path | None, providers: Mapping[str, Provider], version: str
) -> Iterator[Finding]:
    """Each check in turn; none of them writes anything. ``version``: of the program."""
    yield _versions(version)
    yield _video()
    yield _speech()
    yield _outputs(plan, folder)
    yield from _network(providers)


def _finding(name: str, state: str, what: str, mend: str = "") -> Finding:
    return Finding(_AREA, name, state, what, mend)  # type: ignore[arg-type]  # one of its four words


def _versions(version: str) -> Finding:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    what = f"acp-action {version}, Python {platform.python_version()}, {system}"
    return _finding("program", "ok", what)


def _video() -> Finding:
    mend = "install acp-action anew: it brings ffmpeg along"
    try:
        import av
        from PIL import __version__ as pillow
    except ImportError as error:
        return _finding("ffmpeg", "fail", f"cannot be loaded: {error}", mend)
    missing = [name for name in _ENCODERS if name not in av.codecs_available]
    if missing:
        return _finding("ffmpeg", "fail", f"it cannot write {', '.join(missing)}", mend)
    number = getattr(av, "ffmpeg_version_info", "") or "bundled"
    what = f"{number} in PyAV {av.__version__}, with H.264 and AAC; Pillow {pillow}"
    return _finding("ffmpeg", "ok", what)


def _speech() -> Finding:
    from acp_action.providers.local.espeak import find_espeak

    program = find_espeak()
    if program:
        return _finding("speech", "ok", f"previews are spoken by {program}")
    return _finding("speech", "none", "espeak-ng is not installed: previews of speech are tones")


def _outputs(plan: Plan | None, folder: Path | None) -> Finding:
    try:
        real = output_folder(plan, dry=True) if plan else foresee(folder or Path("output"))
    except OutputError as error:
        return _finding("output folder", "fail", str(error))
    there = next(path for path in (real, *real.parents) if path.exists())
    free = free_bytes(there)
    what = f"{real}: can be written, {free / 1024**3:.1f} GiB free"
    if free < _LITTLE:
        return _finding("output folder", "warn", what, "videos take room; free some space")
    return _finding("output folder", "ok", what)


# --- the way to the network


def _network(providers: Mapping[str, Provider]) -> Iterator[Finding]:
    accounts = (account_of(providers[name]) for name in providers if name != LOCAL)
    account = next((found for found in accounts if found is not None), None)
    if account is None:
        return
    yield from _proxies(account.network)
    bundle = account.network.ca_bundle
    if bundle and not Path(bundle).is_file():
        mend = "correct REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE, or unset it"
        yield _finding("certificates", "fail", f"there is no file {bundle}", mend)
    elif bundle:
        yield _finding("certificates", "ok", f"those of {bundle} are trusted")
    for what, allowed in (
        ("ACP_ALLOW_HTTP=1: keys may be sent in plain text", account.plain_http),
        ("ACP_ALLOW_PRIVATE_MEDIA=1: media may come from private addresses", account.private_media),
    ):
        if allowed:
            yield _finding("allowed", "warn", what, "unset it where it is not needed")


def _proxies(network: Network) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    for scheme, url in network.proxies.items():
        # Without the user and password that may stand in it.
        shown = urlsplit(url if "://" in url else f"http://{url}").netloc.rpartition("@")[2]
        around = f", but not to {network.direct}" if network.direct else ""
        yield _finding("proxy", "ok", f"{scheme} goes through {shown}{around}")
