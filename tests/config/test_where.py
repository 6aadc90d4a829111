"""Where a node stands, as a person says it."""

from __future__ import annotations

import pytest

from acp_action.config.where import where

ROOT = {
    "settings": {"max_workers": 1},
    "steps": [
        {"name": "a", "type": "text_to_image", "params": {"list": [{"x": 1}], "steps": [{"name": "no"}]}},
        {"type": "parallel_group", "name": "g", "steps": [{"name": 7}, {"type": "split_image"}]},
        {"type": "parallel_group", "params": {"parallel_steps": [{"name": "b\nc"}]}},
        {"name": True},
        "text",
    ],
}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ((), ""),
        (("name",), "name"),
        (("settings", "max_workers"), "settings.max_workers"),
        (("steps",), "steps"),
        (("steps", 0), "step 'a'"),
        (("steps", 0, "params", "list", 0, "x"), "step 'a': params.list[0].x"),
        (("steps", 0, "params", "steps", 0), "step 'a': params.steps[0]"),
        (("steps", 1, "max_workers"), "group 'g': max_workers"),
        (("steps", 1, "steps", 0, "model"), "group 'g' > step '7': model"),
        (("steps", 1, "steps", 1, "model"), "group 'g' > steps[1]: model"),
        (("steps", 2, "params", "parallel_steps", 0, "name"), "steps[2] > step 'b\\nc': name"),
        (("steps", 2, "params", "parallel_steps"), "steps[2]: params.parallel_steps"),
        (("steps", 3), "steps[3]"),
        (("steps", 4), "steps[4]"),
        (("steps", 9, "model"), "steps[9].model"),
        (("steps", 0, "steps", 5), "step 'a': steps[5]"),
        (tuple("abcdefgh"), "a.b.c.d.e.f…"),
    ],
)
def test_paths_are_said_in_words(path: tuple[str | int, ...], words: str) -> None:
    """Entries by name within their groups, then the keys, and an index only where there is no name."""
    assert where(ROOT, path) == words
