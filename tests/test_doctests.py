"""Examples in docstrings are documentation, too: each gives what it says."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import acp_action


def test_examples_in_docstrings_give_what_they_say() -> None:
    """All of them, in every module that can be imported; a good part of the modules have some."""
    tried, wrong = 0, []
    for module in pkgutil.walk_packages(acp_action.__path__, "acp_action."):
        if module.name.endswith("__main__"):
            continue
        outcome = doctest.testmod(import_module(module.name))
        tried += outcome.attempted
        wrong += [module.name] * outcome.failed
    assert wrong == []
    assert tried > 70
