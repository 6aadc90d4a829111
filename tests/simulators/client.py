"""A plain client for trying simulators: no retries, no proxies, and no patience."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.core import Simulator


class Client:
    """Sends calls to one simulator, with its key unless told otherwise."""

    def __init__(self, sim: Simulator, headers: dict[str, str]) -> None:
        self.sim = sim
        self._session = requests.Session()
        self._session.trust_env = False
        self.headers = headers

    def __call__(self, method: str, target: str, /, **given: Any) -> requests.Response:
        """The answer to a call of a path of the API, or of any address; redirects are not followed."""
        address = target if "://" in target else self.sim.url + target
        given = {"timeout": 5, "allow_redirects": False, "headers": self.headers, **given}
        return self._session.request(method, address, **given)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


@contextmanager
def calling(sim: Simulator, **headers: str) -> Iterator[Client]:
    """A client of a serving simulator."""
    with sim:
        client = Client(sim, headers)
        try:
            yield client
        finally:
            client.close()
