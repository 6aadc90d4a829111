"""Contract rule 1: argument, flag or action input > environment > file > default; and the origin is kept."""

from __future__ import annotations

from typing import Any

import pytest

from acp_action.config.cascade import SETTINGS, Effective, Overrides, resolve_settings
from acp_action.config.model import Settings
from acp_action.errors import UsageError

FLAG = "flag --{}"


def resolved(file: dict[str, Any], environ: dict[str, str] | None = None, **overrides: Any) -> Effective:
    """The settings of a file under an environment and overrides."""
    return resolve_settings(Settings(**file), Overrides(**overrides), environ or {})


def test_defaults_apply_where_nobody_says_anything() -> None:
    """The guide's defaults, each with its origin."""
    settings = resolved({})
    assert (settings.parallel, settings.max_workers, settings.fail_fast, settings.timeout) == (
        True,
        4,
        True,
        300,
    )
    assert settings.origins == dict.fromkeys(SETTINGS, "default")


def test_the_file_wins_over_the_default() -> None:
    """A setting of the file is taken, and said to come from there; its zeros and falses count."""
    settings = resolved({"parallel": False, "rate_limit_delay": 0, "schedule": "dataflow"})
    assert (settings.parallel, settings.schedule) == (False, "dataflow")
    assert {n for n, origin in settings.origins.items() if origin == "file"} == {
        "parallel", "rate_limit_delay", "schedule",
    }  # fmt: skip


def test_limits_of_providers_come_as_plain_numbers() -> None:
    """Whoever reads them needs no types of the file; what is not said is not there."""
    settings = resolved({"rate_limits": {"fal": {"concurrency": 3}}, "max_rate_limit_wait": 0})
    assert settings.rate_limits == {"fal": {"concurrency": 3}}
    assert (settings.max_rate_limit_wait, settings.origins["rate_limits"]) == (0.0, "file")


@pytest.mark.parametrize(
    ("written", "parallel"), [("true", True), ("1", True), ("FALSE", False), ("0", False), (" false ", False)]
)
def test_the_environment_wins_over_the_file(written: str, parallel: bool) -> None:
    """PIPELINE_PARALLEL_ENABLED takes true, false, 1 and 0."""
    settings = resolved({"parallel": not parallel}, {"PIPELINE_PARALLEL_ENABLED": written})
    assert settings.parallel is parallel
    assert settings.origins["parallel"] == "environment PIPELINE_PARALLEL_ENABLED"


def test_the_environment_may_name_the_provider() -> None:
    """ACP_PROVIDER stands between flag and file, like the switch for parallel runs."""
    settings = resolved({"provider": "fal"}, {"ACP_PROVIDER": "local"})
    assert (settings.provider, settings.origins["provider"]) == ("local", "environment ACP_PROVIDER")
    assert resolved({}, {"ACP_PROVIDER": "local"}, provider="fal").provider == "fal"


def test_an_empty_variable_is_not_set() -> None:
    """Workflows pass an empty text for an input that nobody gave."""
    assert resolved({}, {"PIPELINE_PARALLEL_ENABLED": ""}).origins["parallel"] == "default"


@pytest.mark.parametrize("written", ["yes", "maybe", "2", "truee"])
def test_a_variable_without_meaning_is_refused(written: str) -> None:
    """Anything else in the variable is an error that names it."""
    with pytest.raises(UsageError, match=f"PIPELINE_PARALLEL_ENABLED is '{written}'"):
        resolved({}, {"PIPELINE_PARALLEL_ENABLED": written})


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [("parallel", True, False), ("provider", "fal", "local"), ("output_dir", "a", "/tmp/b"),  # noqa: S108
     ("log_level", "INFO", "DEBUG"), ("timeout", 10, 20.5)],
)  # fmt: skip
def test_an_override_wins_over_all(name: str, file: Any, said: Any) -> None:
    """What the trusted side says wins over environment and file."""
    settings = resolved({name: file}, {"PIPELINE_PARALLEL_ENABLED": "1"}, **{name: said})
    assert getattr(settings, name) == said
    assert settings.origins[name] == f"argument {name}"


def test_max_workers_of_a_flag_is_a_cap() -> None:
    """Rule 4: a flag bounds the whole run, the file's value stays the default of groups."""
    settings = resolved({"max_workers": 8}, max_workers=3, door=FLAG)
    assert (settings.max_workers, settings.worker_cap) == (8, 3)
    assert (settings.origins["max_workers"], settings.origins["worker_cap"]) == ("file", "flag --max-workers")


@pytest.mark.parametrize(
    ("door", "said", "origin"),
    [(FLAG, True, "flag --parallel"), (FLAG, False, "flag --no-parallel"),
     ("input {}", False, "input parallel"), ("argument {}", False, "argument parallel")],
)  # fmt: skip
def test_the_origin_is_what_somebody_wrote(door: str, said: bool, origin: str) -> None:
    """The origin names the flag, input or argument as it is written."""
    assert resolved({}, parallel=said, door=door).origins["parallel"] == origin


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [("max_workers", 0, "--max-workers is 0; give a whole number"), ("timeout", 0.0, "more than 0"),
     ("max_workers", 2.5, "give a whole number"), ("max_workers", True, "give a whole number"),
     ("parallel", "false", "parallel is 'false'; give True or False"), ("timeout", "5", "give seconds"),
     ("provider", 5, "give a name"), ("log_level", 10, "give one of DEBUG"),
     ("timeout", float("nan"), "more than 0"), ("timeout", float("inf"), "more than 0"),
     ("log_level", "verbos", "give one of DEBUG, INFO"), ("log_level", "WARN", "did you mean 'WARNING'"),
     ("provider", " ", "give a name"), ("output_dir", "", "give a name")],
)  # fmt: skip
def test_an_override_without_meaning_is_refused(name: str, said: Any, words: str) -> None:
    """A flag is checked as a field of the file is, and the error names the flag."""
    with pytest.raises(UsageError, match=words):
        resolved({}, door=FLAG, **{name: said})


def test_log_levels_are_taken_in_any_case() -> None:
    """--log-level debug is DEBUG."""
    assert resolved({}, log_level="debug").log_level == "DEBUG"
