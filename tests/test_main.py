"""The first moments of the program, before anything of it is there."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest

from acp_action.__main__ import main


class _Interrupted:
    """An import system that the user interrupts."""

    def find_spec(self, name: str, *_: Any) -> None:
        """Ctrl-C while the command line is being loaded."""
        if name == "acp_action.cli.app":
            raise KeyboardInterrupt


def test_ctrl_c_while_the_program_loads_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """X1: it ends as an interrupted program does, however early."""
    monkeypatch.setattr(sys, "meta_path", [_Interrupted(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "acp_action.cli.app", raising=False)
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
