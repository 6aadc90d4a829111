"""Params: texts stay as they were written, templates are checked where they stand, comments cut nothing."""

from __future__ import annotations

from typing import Any

import pytest

from acp_action.catalogue.models import catalogue
from acp_action.config.model import StepEntry
from acp_action.config.params import PROSE
from tests.config.loading import config_of, told

AT = "steps:\n  - type: text_to_image\n    params:\n      "


def params_of(line: str) -> dict[str, Any]:
    """The params of a step with one line of them."""
    step = config_of(f"{AT}{line}\n").steps[0]
    assert isinstance(step, StepEntry)
    return step.params


@pytest.mark.parametrize(
    "text",
    ["NO", "off", "yes", "true", "false", "1:30", "0755", "1_000", "1.10", "1e3", "2026-01-02", "5",
     "0.5", "-1", "12345678901234567890", "0x1F", "it's", "a, b", "50% off", "c#", "Zürich 😀"],
)  # fmt: skip
def test_a_prompt_is_what_was_written(text: str) -> None:
    """Y5: whatever an unquoted text looks like, it arrives letter for letter."""
    assert params_of(f"prompt: {text}") == {"prompt": text}


@pytest.mark.parametrize(
    ("line", "value"),
    [("seed: 5", 5), ("guidance: 0.5", 0.5), ("fast: true", True), ("size: 1_000", "1_000"),
     ("lang: NO", "NO"), ("ratio: 16:9", "16:9"), ("list: [1, off, 1.10]", [1, "off", "1.10"]),
     ("seed: '5'", "5")],
)  # fmt: skip
def test_other_params_keep_their_type_where_nothing_is_lost(line: str, value: object) -> None:
    """Y5: numbers and truth values of params are typed only when they are written in the plain way."""
    assert params_of(line) == {line.split(":")[0]: value}


def test_a_param_without_a_value_is_not_given() -> None:
    """seed: and seed: null leave the choice to the model."""
    assert params_of("seed:\n      prompt: x\n      size: null") == {"prompt": "x"}


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (
            "prompt: red #fff cat",
            19,
            "params.prompt: ' #' begins a comment and ends the text before it; quote",
        ),
        ("style: #fff", 14, "params.style: ' #' begins a comment and ends the text before it"),
        ("prompt: 5 # five", 17, "params.prompt: ' #' begins a comment and ends the text before it"),
        ("prompt:", 14, "params.prompt: the text is empty; write one, or leave the key out"),
        ("prompt: null", 15, "params.prompt: the text is empty"),
        ("prompt: ' '", 15, "params.prompt: the text is empty"),
        ("negative_prompt: ~", 24, "params.negative_prompt: the text is empty"),
        ("prompt: [a, b]", 15, "params.prompt: expected a text, not a list; write one in quotes"),
        ("prompt: {input}", 15, "params.prompt: expected a text, not a mapping; write one in quotes"),
        ("prompt: a {{inptu}}", 17, "params.prompt: there is no template variable 'inptu'; did you mean"),
        ('prompt: "a {{inptu}}"', 18, "params.prompt: there is no template variable 'inptu'"),
        ("loras: [{path: 'x {{y}}'}]", 25, "params.loras[0].path: there is no template variable 'y'"),
        ("image: {url: '{{step_x}}'}", 20, "params.image.url: there is no template variable 'step_x'"),
    ],
)
def test_what_is_wrong_with_params(line: str, column: int, words: str) -> None:
    """Y6, T1: a cut, an empty or a mistyped text and an unknown template are told where they stand."""
    (problem,) = told(f"{AT}{line}\n")
    assert problem.startswith(f"4:{column}: steps[0]: {words}")


def test_comments_are_welcome_elsewhere() -> None:
    """A comment behind a name, a number, a quoted text or on its own line is just that."""
    text = (
        "# top\nname: 'x' # quoted\nsteps: # here\n"
        "  - name: a # the first\n    type: text_to_image # kind\n    params:\n"
        "      # alone\n      seed: 5 # lucky\n      prompt: 'red #fff' # colour\n"
    )
    assert told(text) == []


@pytest.mark.parametrize("key", ["name", "description"])
def test_the_texts_of_the_pipeline_are_not_cut_either(key: str) -> None:
    """Y6: a title with a number sign keeps it or is refused."""
    (line,) = told(f"{key}: Issue #5 pictures\nsteps: [{{type: split_image}}]\n")
    assert line.startswith(f"1:{len(key) + 9}: {key}: ' #' begins a comment")


def test_texts_of_the_catalogue_are_known_as_texts() -> None:
    """Every text input of every model is held to what was written."""
    texts = {p.name for model in catalogue().models() for p in model.inputs if p.kind == "text"}
    assert texts
    assert texts <= PROSE
