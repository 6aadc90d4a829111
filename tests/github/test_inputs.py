"""The action's inputs: strict, complete, and every complaint names its input."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.errors import UsageError
from acp_action.github.inputs import KEY_INPUTS, READERS, Inputs, read_inputs, secret_values


def env(**inputs: str) -> dict[str, str]:
    """The environment in which a runner puts these inputs; underscores stand for hyphens here."""
    return {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()}


def read(**inputs: str) -> Inputs:
    """The inputs, with a pipeline file named."""
    return read_inputs(env(**{"config": "p.yaml", **inputs}))


def complaints(**inputs: str) -> list[str]:
    """What is wrong with them."""
    with pytest.raises(UsageError) as wrong:
        read(**inputs)
    return str(wrong.value).splitlines()


def test_what_is_not_said_has_its_default() -> None:
    """An input that is missing and one that came out empty are the same."""
    others = (name.replace("-", "_") for name in READERS if name != "config")
    assert read() == read(**dict.fromkeys(others, " "))


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("parallel", "true", True),
        ("parallel", " False ", False),
        ("max_workers", "8", 8),
        ("timeout_minutes", "2.5", 2.5),
        ("fail_on_error", "FALSE", False),
        ("log_level", "debug", "DEBUG"),
        ("provider", " local", "local"),
        ("config", "a.yaml\n\n b/*.yaml \n", ("a.yaml", "b/*.yaml")),
        ("allow_env", "A, B\nC", ("A", "B", "C")),
        ("input", "  two words\n", "  two words\n"),
        ("input", "@/etc/passwd", "@/etc/passwd"),
        ("retention_days", "7", 7),
        ("compression_level", "0", 0),
    ],
)
def test_values_are_read(name: str, written: str, value: Any) -> None:
    """Each in its own form; the text of ``input`` is left as it is, and is never the name of a file."""
    assert getattr(read(**{name: written}), name) == value


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("parallel", "yes"),
        ("parallel", "1"),
        ("max_workers", "1e3"),
        ("max_workers", "0"),
        ("max_workers", "-1"),
        ("max_workers", "٣"),
        ("max_workers", "9" * 5000),
        ("timeout_minutes", "nan"),
        ("timeout_minutes", "0"),
        ("timeout_minutes", "1_0"),
        ("fail_on_error", "maybe"),
        ("log_level", "LOUD"),
        ("provider", "flal"),
        ("compression_level", "10"),
        ("retention_days", "-1"),
        ("config", " \n "),
    ],
)
def test_a_malformed_value_is_told_with_its_input(name: str, written: str) -> None:
    """G4: inputs are texts; what is no value of its kind is an error that names the input."""
    assert [c.partition(":")[0] for c in complaints(**{name: written})] == [
        f"input '{name.replace('_', '-')}'"
    ]


def test_an_unknown_input_is_told_with_the_nearest() -> None:
    """The runner only warns of a misspelt input and goes on without it; here it is an error."""
    assert complaints(max_worker="4") == [
        "input 'max-worker': there is no such input; did you mean 'max-workers'?"
    ]


def test_all_complaints_come_at_once() -> None:
    """One run tells everything that is to be mended."""
    assert len(complaints(max_workers="x", dry_run="x", nonsense="x", fal_key="x")) == 4


def test_underscores_are_taken_for_hyphens() -> None:
    """Some runners cannot write hyphens into names; where both are there, the hyphen is the real one."""
    both = {"INPUT_CONFIG": "p.yaml", "INPUT_MAX_WORKERS": "2", "INPUT_MAX-WORKERS": "3"}
    assert read_inputs({"INPUT_CONFIG": "p.yaml", "INPUT_MAX_WORKERS": "2"}).max_workers == 2
    assert read_inputs(both).max_workers == 3


@pytest.mark.parametrize("written", ["abcd-efgh\n", '"abcd-efgh"', "  'abcd-efgh' "])
def test_a_keys_wrapping_is_taken_off_with_a_warning(written: str) -> None:
    """G3: a secret with a line end or quotes still works; the value is not told."""
    inputs = read(fal_key=written)
    assert inputs.keys == {"FAL_KEY": "abcd-efgh"}
    assert len(inputs.warnings) == 1
    assert "abcd" not in inputs.warnings[0]


@pytest.mark.parametrize("written", ["short", "two words of it", "clé-de-seize-lettres"])
def test_a_key_that_cannot_be_one_is_refused_without_being_told(written: str) -> None:
    """S28: a key that could not be hidden, or sent, is an error that does not quote it."""
    found = complaints(openai_api_key=written)
    assert len(found) == 1
    assert found[0].startswith("input 'openai-api-key': ")
    assert written not in found[0]


def test_secrets_come_from_inputs_and_from_variables() -> None:
    """A key that a workflow puts into the environment is hidden like one in an input."""
    environ = {**env(fal_key="from-the-input\n"), "GEMINI_API_KEY": "from-the-variable"}
    assert secret_values(environ) == ["from-the-input", "from-the-variable"]


@given(st.dictionaries(st.sampled_from([*READERS, *KEY_INPUTS]), st.text(max_size=30), max_size=6))
def test_any_text_is_read_or_refused(inputs: dict[str, str]) -> None:
    """Whatever a workflow writes, the outcome is inputs or complaints that name them."""
    environ = {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
    with suppress(UsageError):
        read_inputs(environ)
        return
    with pytest.raises(UsageError) as wrong:
        read_inputs(environ)
    assert all(line.startswith("input '") for line in str(wrong.value).split("\n"))
