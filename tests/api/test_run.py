"""A run whose attempts hear no stop still ends, as soon as its caller has patience for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from acp_action import StopSwitch
from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.engine.verdict import Patience
from acp_action.events import Event, StepStarted
from acp_action.providers.local import provider as local

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from acp_action.providers.base import Product, Request, Token


def test_an_attempt_that_hears_no_stop_is_not_waited_for(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no patience the step is cancelled and the reports are there while its attempt is still stuck."""
    stuck, stop = threading.Event(), StopSwitch()
    provider = local.LocalProvider()

    def deaf(request: Request, token: Token) -> Product:
        stuck.wait(60.0)
        raise AssertionError("its outcome is not taken any more")

    monkeypatch.setattr(provider, "run", deaf)
    config = {"steps": [{"name": "deaf", "type": "text_to_image", "params": {"prompt": "x"}}]}
    providers = {"local": provider}
    plan = plan_pipeline({"settings": {"provider": "local"}, **config}, Wishes(), providers)
    folder = make_ready(plan, providers)

    def listen(event: Event) -> None:
        if isinstance(event, StepStarted):
            stop.stop("enough")

    result = carry_out(
        plan, folder, providers=providers, listeners=[listen], stop=stop, patience=Patience(grace=0.0)
    )
    stuck.set()
    assert [step.status for step in result] == ["cancelled"]
    assert (folder / "report.json").is_file()
