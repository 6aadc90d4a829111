"""Files as inputs at fal: small ones in the request itself, others uploaded once and then named.

An upload is two calls: fal's API gives an address for the bytes (with the key), and the bytes go there
(without it). See https://docs.fal.ai/model-endpoints/client#file-uploads.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from acp_action.errors import FatalError, TransientError

if TYPE_CHECKING:
    from acp_action.providers.base import Token
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.remote import Remote
    from acp_action.providers.wire.wire import Answer, Wire

REST: Final = "https://rest.fal.ai"
SMALL: Final = 256 * 1024
"""Bytes up to which a file travels in the request."""
# Seconds in which an uploaded file is named again instead of being sent again; fal keeps them for days.
_KEEPS: Final = 3600.0
_PUT: Final = 600.0


class FalFiles:
    """The uploads of one adapter; a file that several steps start from is sent once."""

    def __init__(self, adapter: Remote) -> None:
        self._adapter = adapter
        self._rest: Wire | None = None
        self._sent: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def address(self, item: MediaInput, token: Token) -> str:
        """Where fal can read a medium: its own address, the file in a text, or an upload's address."""
        if item.url is not None:
            return item.url
        if item.size <= SMALL:
            return item.data_uri()
        digest = item.digest or hashlib.sha256(item.content()).hexdigest()
        known = self._sent.get(digest)
        if known is not None and token.now() - known[0] < _KEEPS:
            return known[1]
        address = self._uploaded(item, token)
        with self._lock:
            self._sent[digest] = token.now(), address
        return address

    def _uploaded(self, item: MediaInput, token: Token) -> str:
        if item.path is None:
            raise ValueError("an address is not uploaded")
        name = f"input{item.path.suffix[:8]}"
        answer = self._api().call(
            "POST", "/storage/upload/initiate", token, what="preparing an upload",
            params={"storage_type": "fal-cdn-v3"}, json={"file_name": name, "content_type": item.mime},
        )  # fmt: skip
        told: Any = answer.tree
        put, address = (told.get(k) if isinstance(told, dict) else None for k in ("upload_url", "file_url"))
        if not isinstance(put, str) or not isinstance(address, str):
            raise TransientError(f"fal: preparing an upload: the answer tells no address: {answer.said}")
        keyless = self._keyless(put)
        try:
            keyless.call("PUT", put, token, what="uploading", content=item.path,
                         headers={"Content-Type": item.mime}, timeout=_PUT)  # fmt: skip
        finally:
            keyless.close()
        return address

    def leave(self, token: Token) -> Answer:
        """Ask for leave to upload, which only a good key gets; nothing is uploaded or paid for."""
        return self._api().call(
            "POST", "/storage/auth/token", token, what="asking whether the key is taken",
            params={"storage_type": "fal-cdn-v3"}, json={},
        )  # fmt: skip

    def close(self) -> None:
        """Close the connections that are kept open."""
        if self._rest is not None:
            self._rest.close()

    def _api(self) -> Wire:
        from acp_action.providers.wire.wire import Wire

        with self._lock:
            if self._rest is None:
                account = self._adapter.account
                base = account.urls.get("rest", REST)
                auth = self._adapter.authorization()
                self._rest = Wire(account, base, auth=auth, rules=self._adapter.rules(), also=(REST,))
            return self._rest

    def _keyless(self, url: str) -> Wire:
        """A way to the one host that takes the bytes, without the key."""
        from acp_action.providers.wire.wire import Wire

        parts = urlsplit(url)
        if parts.scheme not in ("https", "http"):
            raise FatalError("fal: the address for an upload is not https")
        return Wire(self._adapter.account, f"{parts.scheme}://{parts.netloc}", auth={})
