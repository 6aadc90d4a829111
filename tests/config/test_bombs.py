"""Files made to hurt: each is refused within a second and without filling the memory."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.config import mapping_source
from acp_action.config.load import load_pipeline
from acp_action.config.mapping_source import MappingSource
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import ConfigError
from tests.config.loading import STEP, config_of

if TYPE_CHECKING:
    from acp_action.errors import Problem

SECONDS = 1.0
MEGABYTES = 100


def refused(text: str) -> tuple[Problem, ...]:
    """The problems of a text that must not load."""
    with pytest.raises(ConfigError) as caught:
        load_pipeline(YamlSource.from_text(text))
    return caught.value.problems


def _levels(open_: str, item: str, levels: int) -> str:
    lines = [f"a0: &a0 {open_.replace('X', '1, 1')}"]
    for n in range(1, levels):
        items = ", ".join([item.format(n - 1)] * 10)
        lines += [f"a{n}: &a{n} {open_.replace('X', items)}"]
    return "\n".join(lines) + f"\nsteps: [{STEP}]\n"


MERGES = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
BOMBS = {
    "lists of aliases": _levels("[X]", "*a{} ", 12),
    "merges of merges": _levels("{k: [X]}", "*a{} ", 12) + "b: {<<: *a11 }\n",
    "one wide merge": MERGES + "b: {<<: [" + ", ".join(["*a "] * 5000) + "]}\n",
    "a long text again and again": f"a: &a {'x' * 1_000_000}\nb: [" + ", ".join(["*a "] * 100_000) + "]\n",
    "a list within itself": "a: &a [*a , [*a ]]\n",
    "deep brackets": "[" * 100_000,
    "deep braces": "{" * 100_000,
    "deep dashes": "- " * 100_000,
    "deep keys": "\n".join(" " * n + "k:" for n in range(3000)),
    "templates without end": f"steps: [{{type: text_to_image, params: {{prompt: '{'{{' * 50_000}'}}}}]",
    "many equal keys": "a: 1\n" * 5_000,
    "long number": f"steps: [{{type: text_to_image, timeout: {'9' * 5000}}}]",
    "many quotes": '"' * 100_000,
    "many anchors": "[" + ", ".join(f"&a{n} x" for n in range(20_000)) + "]",
    "many colons": "a:" * 100_000,
    "many comments": "# x\n" * 200_000,
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_in_time(bomb: str) -> None:
    """Y3, Y4, I1: an error with a place, within a second, and never a traceback."""
    begun = time.process_time()
    problems = refused(bomb)
    assert time.process_time() - begun < SECONDS
    assert all(problem.position for problem in problems)


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_in_little_memory(bomb: str) -> None:
    """Y3: neither the values nor the messages take much room."""
    tracemalloc.start()
    refused(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEGABYTES * 2**20


def test_shared_params_are_no_bomb() -> None:
    """An honest file with 10,000 steps that share their params by an alias loads."""
    first = "- {type: text_to_image, params: &p {prompt: x, seed: 1, aspect_ratio: 16:9}}\n"
    text = "steps:\n" + first + "- {type: text_to_image, params: *p }\n" * 9_999
    assert len(config_of(text).steps) == 10_000


def test_aliases_do_not_hide_depth() -> None:
    """Y4: what an alias stands for counts into the depth of the place where it is used."""
    text = f"a: &a {'[' * 30}{']' * 30}\nb: {'[' * 30}*a {']' * 30}\n"
    (problem,) = YamlSource.from_text(text).problems
    assert problem.what == "more than 50 lists and mappings within each other"


def test_a_mapping_within_itself_is_refused() -> None:
    """Y3: the Python API cannot be sent round in circles either."""
    inner: dict[str, Any] = {"type": "text_to_image"}
    inner["params"] = {"a": inner, "b": [inner, inner]}
    (problem,) = MappingSource({"steps": [inner]}).problems
    assert problem.what == "more than 50 lists and mappings within each other"


def test_a_mapping_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Y3: lists that are shared over and over are counted each time."""
    monkeypatch.setattr(mapping_source, "MOST_VALUES", 1000)
    shared: list[Any] = [1] * 10
    for _ in range(8):
        shared = [shared] * 10
    (problem,) = MappingSource({"steps": shared}).problems
    assert problem.what == "more than 1,000 values"
