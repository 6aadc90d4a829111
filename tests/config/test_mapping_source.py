"""A pipeline from Python: plain values only, the same checks as for a file, no places."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

import pytest

from acp_action.config.load import load_pipeline
from acp_action.config.mapping_source import MappingSource
from acp_action.config.model import StepEntry
from acp_action.errors import ConfigError
from tests.config.loading import config_of, told


class Style(StrEnum):
    """A text that is more than a text."""

    WOODCUT = "woodcut"


def step(**fields: Any) -> dict[str, Any]:
    """A pipeline of one step."""
    return {"steps": [{"type": "text_to_image", **fields}]}


def test_a_mapping_is_loaded_as_a_file_is() -> None:
    """The same config comes from the mapping and from its text."""
    text = "steps: [{type: image_understanding, input_from: a, params: {prompt: x, list: [1, {b: 0.5}]}}]"
    mapping = {"steps": [{"type": "image_understanding", "input_from": "a",
                          "params": {"prompt": "x", "list": [1, {"b": 0.5}]}}]}  # fmt: skip
    assert config_of(mapping) == config_of(text)


def test_the_mapping_is_copied() -> None:
    """What the caller changes later changes nothing here."""
    mapping = step(params={"prompt": "x", "list": [1]})
    config = config_of(mapping)
    mapping["steps"][0]["params"]["list"].append(2)
    assert isinstance(config.steps[0], StepEntry)
    assert config.steps[0].params["list"] == [1]


@pytest.mark.parametrize(
    ("value", "plain"), [((1, 2), [1, 2]), (PurePosixPath("a/b.png"), "a/b.png"), (Style.WOODCUT, "woodcut")]
)
def test_near_relatives_become_plain_values(value: Any, plain: Any) -> None:
    """Tuples, paths and text enums are taken for what they stand for."""
    entry = config_of(step(params={"image": value})).steps[0]
    assert isinstance(entry, StepEntry)
    assert entry.params == {"image": plain}
    assert type(entry.params["image"]) is type(plain)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"x": object()}, "pipeline: steps[0]: params.x: a object; a pipeline holds texts, numbers"),
        ({"x": {1, 2}}, "params.x: a set; "),
        ({"x": b"bytes"}, "params.x: a bytes; "),
        ({"x": float("nan")}, "params.x: a number beyond reason; "),
        ({"x": float("inf")}, "params.x: a number beyond reason; "),
        ({"x": 10**5000}, "params.x: a number beyond reason; "),
        ({"x": ["a", "\ud800"]}, "params.x[1]: an invisible character (U+D800) in the text; take it out"),
        ({"x": "a\0b"}, "params.x: an invisible character (U+0000) in the text"),
        ({1: "x"}, "params: the key 1 is not a text; use texts as keys"),
        ({"prompt": True}, "params.prompt: expected a text, not true"),
        ({"prompt": None}, "params.prompt: the text is empty"),
        ({"prompt": "{{inptu}}"}, "params.prompt: there is no template variable 'inptu'"),
    ],
)
def test_what_is_no_plain_value_is_refused(params: dict[Any, Any], words: str) -> None:
    """I5: what is accepted can be written as UTF-8 and JSON; all else is named by its path."""
    (line,) = told(step(params=params))
    assert words.removeprefix("pipeline: ") in line


def test_problems_have_words_but_no_place() -> None:
    """Without a text there is no line; the path says where."""
    (problem,) = MappingSource({"steps": [{"name": "a", "x": {1}}]}, "job").problems
    assert (problem.where, problem.file, problem.position) == ("step 'a': x", "job", None)
    assert problem.render() == str(problem) == f"job: step 'a': x: {problem.what}; {problem.mend}"


def test_the_second_of_two_names_is_told_without_lines() -> None:
    """Y10: names are unique in a mapping too."""
    (line,) = told({"steps": [{"name": "a", "type": "split_image"}] * 2})
    assert "the name 'a' is taken already, further up" in line


def test_a_caller_may_write_where_it_likes() -> None:
    """A mapping comes from the caller's own code, so its output folder is the caller's choice."""
    assert config_of({"settings": {"output_dir": "../out"}, **step()}).settings.output_dir == "../out"


def test_numbers_are_texts_where_a_text_is_wanted() -> None:
    """A name or prompt may be given as a number."""
    entry = config_of(step(name=7, params={"prompt": 1984})).steps[0]
    assert isinstance(entry, StepEntry)
    assert (entry.name, entry.params["prompt"]) == ("7", "1984")


def test_what_is_no_pipeline_is_refused() -> None:
    """An empty mapping is an error like an empty file."""
    with pytest.raises(ConfigError, match="the pipeline has no steps"):
        load_pipeline({})
