"""Each SDK sends what is written down, so that comparing ours with the record is comparing with the SDK."""

from __future__ import annotations

import pytest

from tests.simulators.recorded import recorded
from tests.simulators.sdk.proof import PYTHON
from tests.simulators.sdk.scenes import SCENES, play

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(not PYTHON.exists(), reason="not there: run `make sdk-clients`"),
]


@pytest.mark.parametrize(("provider", "call"), [(p, call) for p in SCENES for call in SCENES[p]])
def test_the_sdk_sends_what_is_recorded(provider: str, call: str) -> None:
    """``make sdk-recordings`` writes the record anew, when an SDK has changed for good."""
    assert play(provider, call).requests == recorded(provider, call)
