"""Loading: what is accepted, and everything that is refused, with its place and the way to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action.config.fields import PROVIDERS
from acp_action.config.load import load_pipeline
from acp_action.config.model import GroupEntry, PipelineConfig, StepEntry
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import ConfigError, UsageError
from acp_action.providers.registry import LOCAL, REGISTRY
from tests.config.loading import STEP, config_of, problems_of, step_with, told

if TYPE_CHECKING:
    from pathlib import Path

# A text, the place of its one problem, and the beginning of what is said there.
TOP = [
    ("", "1:1", "the pipeline is empty; write steps:"),
    ("# nothing\n", "1:1", "the pipeline is empty"),
    ("just words\n", "1:1", "expected a pipeline, not 'just words'"),
    (f"- {STEP}\n", "1:1", "a list stands at the top; write steps: above it"),
    ("name: x\n", "1:1", "steps: the pipeline has no steps"),
    ("steps:\n", "1:7", "steps: the pipeline has no steps"),
    ("steps: []\n", "1:8", "steps: the pipeline has no steps; write at least one: - type: text_to_image"),
    ("steps: {a: b}\n", "1:8", "steps: expected a list of steps, not a mapping; begin each step with a dash"),
    ("steps: text_to_image\n", "1:8", "steps: expected a list of steps, not 'text_to_image'"),
    (f"steps: [{STEP}]\nstep: 1\n", "2:1", "step: unknown key 'step'; did you mean 'steps'?"),
    (
        f"steps: [{STEP}]\nparallel: true\n",
        "2:1",
        "parallel: unknown key 'parallel'; write it under settings:",
    ),
    (f"steps: [{STEP}]\nname: []\n", "2:7", "name: expected a text, not a list"),
    (f"steps: [{STEP}]\nzzzzzz: 1\n", "2:1", "zzzzzz: unknown key 'zzzzzz'; known here: name, description, "),
    (f"steps: [{STEP}]\nsettings: 4\n", "2:11", "settings: expected settings, not 4"),
    (
        "steps: [text_to_image]\n",
        "1:9",
        "steps[0]: expected a step, not 'text_to_image'; write - type: text_",
    ),
    ("steps:\n  - 5\n", "2:5", "steps[0]: expected a step, not 5; write - type: …"),
    ("steps:\n  - name: a\n", "2:5", "step 'a': there is no type; add type: with one of text_to_image, "),
    ("steps:\n  - type:\n", "2:5", "steps[0]: there is no type"),
]

# A line of the settings, the column of its one problem, and what is said.
SETTINGS = [
    ("max_worker: 4", 3, "max_worker: unknown key 'max_worker'; did you mean 'max_workers'?"),
    ("request_delay: 1", 3, "request_delay: unknown key 'request_delay'; write rate_limit_delay, in seconds"),
    ("workers: 1", 3, "workers: unknown key 'workers'; write max_workers"),
    ("retry_counts: 1", 3, "retry_counts: unknown key 'retry_counts'; did you mean 'retry_count'?"),
    ("max_workers: 0", 16, "max_workers: 0 is too small; write 1 or more"),
    ("max_workers: 99999", 16, "max_workers: 99999 is too big; write at most 10000"),
    ("max_workers: 2.5", 16, "max_workers: expected a whole number, not 2.5; write 2"),
    ("max_workers: true", 16, "max_workers: expected a number, not true; write digits"),
    ("timeout: 0", 12, "timeout: 0 is too small; write more than 0"),
    ("timeout: .inf", 12, "timeout: expected a number, not '.inf'"),
    ("timeout: nan", 12, "timeout: expected a number, not 'nan'"),
    ("timeout: 5m", 12, "timeout: expected a number, not '5m'; write 300; times are in seconds"),
    ("timeout: 1:30", 12, "timeout: expected a number, not '1:30'; write 90; times are in seconds"),
    ("timeout: 0755", 12, "timeout: expected a number, not '0755'; write 755"),
    ("timeout: 1_000", 12, "timeout: expected a number, not '1_000'; write 1000"),
    ("timeout: [1]", 12, "timeout: expected a number, not a list"),
    ("rate_limit_delay: -1", 21, "rate_limit_delay: -1 is too small; write 0 or more"),
    ("max_rate_limit_wait: -1", 24, "max_rate_limit_wait: -1 is too small; write 0 or more"),
    ("rate_limits: 60", 16, "rate_limits: expected limits by provider, not 60; write {fal: {requests_per"),
    ("rate_limits: {fall: {concurrency: 1}}", 16, "rate_limits: there are no rate limits for 'fall'; did"),
    ("rate_limits: {fal: 60}", 16, "rate_limits: expected limits of fal, not 60; write {fal: {requests_per_"),
    ("rate_limits: {fal: {concurrency: 0}}", 36, "rate_limits.fal.concurrency: 0 is too small; write 1"),
    ("rate_limits: {fal: {requests_per_minute: 0}}", 44, "rate_limits.fal.requests_per_minute: 0 is too s"),
    ("rate_limits: {fal: {rpm: 60}}", 23, "rate_limits.fal.rpm: unknown key 'rpm'; write requests_per_"),
    ("rate_limits: {fal: {concurency: 6}}", 23, "rate_limits.fal.concurency: unknown key 'concurency'; did"),
    ("parallel: 2", 13, "parallel: expected true or false, not 2"),
    ("fail_fast: [a]", 14, "fail_fast: expected true or false, not a list"),
    ("schedule: dataflo", 13, "schedule: 'dataflo' is not known here; did you mean 'dataflow'?"),
    ("schedule: [x]", 13, "schedule: a list is not known here; write one of ordered, dataflow"),
    ("log_level: loud", 14, "log_level: 'loud' is not known here; write one of DEBUG, INFO, WARNING, ERROR"),
    ("output_dir: /etc", 15, "output_dir: a file may only name a folder below the current one, not '/etc'"),
    ("output_dir: a/../../b", 15, "output_dir: a file may only name a folder below the current one"),
    ("output_dir: ~/a", 15, "output_dir: a file may only name a folder below the current one"),
    ("output_dir: .GitHub/x", 15, "output_dir: a file may only name a folder below the current one"),
    ("provider: '{{input}}'", 13, "provider: templates work in params only; write the value itself"),
]  # fmt: skip

# A line of a step, the column of its one problem, and what is said.
STEPS = [
    ("model: {a: b}", 12, "model: expected a text, not a mapping"),
    ("model: '{{input}}'", 12, "model: templates work in params only; write the value itself"),
    ("timeout: -1", 14, "timeout: -1 is too small; write more than 0"),
    ("retry_count: -1", 18, "retry_count: -1 is too small; write 0 or more"),
    ("retry_count: 1.5", 18, "retry_count: expected a whole number, not 1.5; write 2"),
    ("enabled: maybe", 14, "enabled: expected true or false, not 'maybe'"),
    ("needs: {a: b}", 12, "needs: expected a name or a list of names, not a mapping"),
    ("needs: [a, [b]]", 16, "needs[1]: expected a text, not a list"),
    ("needs: [a, ~]", 16, "needs[1]: expected a text, not nothing"),
    ("input_from: ''", 17, "input_from: the text is empty"),
    ("input_from: '{{step_a.output}}'", 17, "input_from: templates work in params only; write the step"),
    ("params: [a]", 13, "params: expected keys with values, not a list"),
    ("promt: a cat", 5, "promt: unknown key 'promt'; did you mean 'prompt'? write it under params:"),
    ("prompt: a cat", 5, "prompt: unknown key 'prompt'; write it under params:"),
    ("depends_on: a", 5, "depends_on: unknown key 'depends_on'; write needs"),
    ("max_duplicate_cost: -0.1", 25, "max_duplicate_cost: -0.1 is too small; write 0 or more"),
    ("max_duplicate_cost: cheap", 25, "max_duplicate_cost: expected a number, not 'cheap'; write digits"),
    ("max_retries: 3", 5, "max_retries: unknown key 'max_retries'; write retry_count"),
    ("max_workers: 3", 5, "max_workers: unknown key 'max_workers'; it belongs to a parallel_group"),
    ("steps: []", 5, "steps: unknown key 'steps'; steps need type: parallel_group"),
]  # fmt: skip

NAMES = [
    ("' a'", "step ' a': name: the name ' a' begins or ends with a space; write a"),
    ('"a\\nb"', "step 'a\\nb': name: the name 'a\\nb' holds a line end"),
    ("'a{b}'", "step 'a{b}': name: the name 'a{b}' holds a line end, a tab or a brace"),
    ("x" * 301, f"step '{'x' * 59}…': name: the name has 301 characters; use at most 300"),
    ("[a]", "steps[0]: name: expected a text, not a list"),
]

TYPES = [
    ("text_to_imag", "there is no step type 'text_to_imag'; did you mean 'text_to_image'?"),
    ("tts", "there is no step type 'tts'; did you mean 'text_to_speech'?"),
    ("paralel_group", "there is no step type 'paralel_group'; did you mean 'parallel_group'?"),
    ("group", "there is no step type 'group'; did you mean 'parallel_group'?"),
    ("zzz", "there is no step type 'zzz'; write one of text_to_image, "),
    ("[a]", "there is no step type a list; write one of text_to_image, "),
]

# The rest of a group after its type, the column of its one problem, and what is said.
GROUPS = [
    (f"model: x, steps: [{STEP}]", 28, "steps[0]: model: unknown key 'model'; it belongs to the steps"),
    (f"fail_fsat: no, steps: [{STEP}]", 28, "steps[0]: fail_fsat: unknown key 'fail_fsat'; did you mean 'fa"),
    (f"max_workers: 0, steps: [{STEP}]", 41, "steps[0]: max_workers: 0 is too small"),
    ("name: g", 5, "group 'g': steps: the group has no steps"),
    ("params: {}", 5, "steps[0]: steps: the group has no steps"),
    (f"steps: [{STEP}], params: x", 85, "steps[0]: params: a group has no params; they belong to its steps"),
    ("params: {parallel_step: []}, steps: [{type: split_image}]", 37,
     "steps[0]: params.parallel_step: unknown key 'parallel_step' in the params of a group"),
    (f"steps: [{STEP}], params: {{parallel_steps: [{STEP}]}}", 94,
     "steps[0]: params.parallel_steps: the group has steps and parallel_steps; keep steps"),
    ("params: {parallel_steps: [{type: split_image, name: b, x: 1}]}", 83,
     "steps[0] > step 'b': x: unknown key 'x'"),
    ("name: g, params: {parallel_steps: [{type: split_image, timeout: -1}]}", 92,
     "group 'g' > steps[0]: timeout: -1 is too small"),
    ("steps: [{type: parallel_group, name: h, steps: [{type: x}]}]", 83,
     "steps[0] > group 'h' > steps[0]: type: there is no step type 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), TOP)
def test_what_is_wrong_at_the_top(text: str, place: str, words: str) -> None:
    """Y7, Y9, rule 12: one mistake is one problem, at its line and column, said in our words."""
    (line,) = told(text)
    assert line.startswith(f"{place}: {words}")


@pytest.mark.parametrize(("written", "column", "words"), SETTINGS)
def test_what_is_wrong_in_the_settings(written: str, column: int, words: str) -> None:
    """Y7: unknown names, wrong types and limits without meaning, each with what to write."""
    (line,) = told(f"settings:\n  {written}\nsteps: [{STEP}]\n")
    assert line.startswith(f"2:{column}: settings.{words}")


@pytest.mark.parametrize(("written", "column", "words"), STEPS)
def test_what_is_wrong_in_a_step(written: str, column: int, words: str) -> None:
    """Y7: the same for the fields of a step, with keys that belong elsewhere sent there."""
    (line,) = told(step_with(f"    {written}"))
    assert line.startswith(f"3:{column}: steps[0]: {words}")


@pytest.mark.parametrize(("name", "words"), NAMES)
def test_names_that_cannot_be_shown(name: str, words: str) -> None:
    """A name fits into a line and a template."""
    (line,) = told(step_with(f"    name: {name}"))
    assert line.startswith(f"3:11: {words}")


@pytest.mark.parametrize(("name", "words"), TYPES)
def test_step_types_that_are_none(name: str, words: str) -> None:
    """Y7: an unknown type is one problem with the nearest known one, and no follow-up about its steps."""
    (line,) = told(
        f"steps:\n  - type: {name}\n" + ("    steps: [{type: split_image}]\n" if "g" in name else "")
    )
    assert line.startswith(f"2:11: steps[0]: type: {words}")


@pytest.mark.parametrize(("rest", "column", "words"), GROUPS)
def test_what_is_wrong_in_a_group(rest: str, column: int, words: str) -> None:
    """Rule 11, Y7: both spellings of a group, its options, and its members at any depth."""
    (line,) = told(f"steps:\n  - {{type: parallel_group, {rest}}}\n")
    assert line.startswith(f"2:{column}: {words}")


def test_a_group_without_a_type() -> None:
    """What has steps is meant as a group."""
    assert told(f"steps:\n  - steps: [{STEP}]\n") == [
        "2:5: steps[0]: there is no type; add type: parallel_group"
    ]


def test_a_name_is_unique_in_the_file() -> None:
    """Y10: the second of two equal names is told with the place of the first, groups included."""
    step = "{name: a, type: split_image}"
    (line,) = told(f"steps:\n- {step}\n- {{type: parallel_group, steps: [{step}]}}\n")
    assert line.startswith(
        "3:41: steps[1] > step 'a': name: the name 'a' is taken already, in line 2, column 10;"
    )


def test_all_problems_come_at_once_in_file_order() -> None:
    """Rule 12: whatever kind they are of, problems are told together and sorted by place."""
    text = (
        "settings: {max_workers: 0}\n"
        "steps:\n"
        "  - {type: text_to_imag, params: {prompt: '{{inptu}}'}}\n"
        "  - {type: split_image, nam: a, nam: b}\n"
        "  - {type: split_image, timeout: *x y}\n"
    )
    places = [(p.position.line, p.position.column) for p in problems_of(text) if p.position]
    assert places == [(1, 25), (3, 12), (3, 43), (4, 25), (4, 33), (5, 34)]


def test_problems_know_the_file_and_the_line() -> None:
    """Rule 12: a problem carries the file's name and the offending line for the caret."""
    source = YamlSource.from_text("steps:\n  - type: nothing\n", "content/a.yaml")
    with pytest.raises(ConfigError) as caught:
        load_pipeline(source)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line_text) == ("content/a.yaml", "  - type: nothing")


def test_a_text_that_breaks_off_is_not_judged_further() -> None:
    """What could not be read is not complained about as missing."""
    assert told("name: x\nfoo: [\n") == [
        "2:6: foo: the [ opened here is not closed; close it with ], and put commas between the items"
    ]


def test_what_was_put_aside_is_not_judged() -> None:
    """A broken value gives one problem, not a second one about its stand-in."""
    assert len(told(f"settings: {{max_workers: *x y}}\nsteps: [{STEP}]\n")) == 1


# --- what is accepted


def test_a_pipeline_becomes_a_config() -> None:
    """Every field of the contract arrives, typed."""
    config = config_of(
        "name: Hybrid\ndescription: d\nversion: 1.0\n"
        "settings: {parallel: no, schedule: DataFlow, max_workers: '6', rate_limit_delay: 0.5,\n"
        "  rate_limits: {fal: {requests_per_minute: 60}}, max_rate_limit_wait: '30',\n"
        "  fail_fast: off, timeout: 1e2, log_level: debug, output_dir: out/a, provider: local}\n"
        "steps:\n"
        "  - {name: a, type: text_to_image, model: m, provider: local, params: {prompt: x, seed: 3},\n"
        "     timeout: 5, retry_count: 0, enabled: yes, needs: b, input_from: [c, d]}\n"
    )
    assert (config.name, config.description, config.version) == ("Hybrid", "d", "1.0")
    assert config.settings.model_dump() == {
        "parallel": False, "schedule": "dataflow", "max_workers": 6, "rate_limit_delay": 0.5,
        "rate_limits": {"fal": {"requests_per_minute": 60.0, "concurrency": None}},
        "max_rate_limit_wait": 30.0,
        "fail_fast": False, "timeout": 100.0, "log_level": "DEBUG", "output_dir": "out/a",
        "provider": "local",
    }  # fmt: skip
    assert config.steps[0] == StepEntry(
        name="a", type="text_to_image", model="m", provider="local", params={"prompt": "x", "seed": 3},
        timeout=5, retry_count=0, enabled=True, needs=("b",), input_from=("c", "d"),
    )  # fmt: skip


def test_both_spellings_of_a_group_are_one() -> None:
    """Rule 11: parallel_steps in params is the same as steps."""
    new = config_of(f"steps:\n  - {{type: parallel_group, steps: [{STEP}]}}\n")
    old = config_of(f"steps:\n  - {{type: parallel_group, params: {{parallel_steps: [{STEP}]}}}}\n")
    assert new == old
    assert isinstance(new.steps[0], GroupEntry)


def test_aliases_of_types_are_resolved() -> None:
    """Rule 11: image_understanding is analyze_image."""
    assert config_of("steps: [{type: image_understanding}]").steps[0].type == "analyze_image"


def test_a_name_of_an_edge_may_stand_alone() -> None:
    """Rule 2: input_from and needs take a name or a list of names, numbers included."""
    step = config_of(step_with("    input_from: 7\n    needs: [a, 1.0]")).steps[0]
    assert isinstance(step, StepEntry)
    assert (step.input_from, step.needs) == (("7",), ("a", "1.0"))


def test_nothing_counts_as_not_given() -> None:
    """A key without a value is as good as no key."""
    bare = config_of("steps: [{type: split_image}]")
    assert (
        config_of("name:\nsettings: ~\nsteps: [{type: split_image, model: , params: , needs: null}]") == bare
    )


def test_entries_know_where_they_are_written() -> None:
    """The path of an entry is the one in the file, in the older spelling of a group too."""
    config = config_of(
        f"steps:\n  - {STEP}\n  - {{type: parallel_group, params: {{parallel_steps: [{STEP}, {STEP}]}}}}\n"
    )
    group = config.steps[1]
    assert isinstance(group, GroupEntry)
    assert [e.at for e in (*config.steps, *group.steps)] == [
        ("steps", 0), ("steps", 1),
        ("steps", 1, "params", "parallel_steps", 0), ("steps", 1, "params", "parallel_steps", 1),
    ]  # fmt: skip


def test_an_anchored_step_counts_where_it_stands() -> None:
    """An alias of a step is a step of its own, with a path of its own."""
    config = config_of("steps: [&a {type: split_image}, *a ]")
    assert [entry.at for entry in config.steps] == [("steps", 0), ("steps", 1)]


def test_keys_can_be_merged() -> None:
    """<<: *anchor takes over the keys that are not written, the first source first."""
    text = (
        "steps:\n"
        "  - &a {type: text_to_image, model: m, params: &p {prompt: x, seed: 1}}\n"
        "  - {<<: [{model: n}, *a ], params: {<<: *p , seed: 2}}\n"
    )
    second = config_of(text).steps[1]
    assert isinstance(second, StepEntry)
    assert (second.type, second.model, second.params) == ("text_to_image", "n", {"prompt": "x", "seed": 2})


def test_a_config_can_be_loaded_again() -> None:
    """The Python API takes what the loader gave; the result is the same."""
    config = config_of(f"name: x\nsteps:\n  - {{type: parallel_group, name: g, steps: [{STEP}]}}\n")
    again = load_pipeline(config).config
    assert again == config
    assert again.steps[0].at == ("steps", 0)


def test_a_config_made_in_python_has_no_places() -> None:
    """An entry that was never written stands nowhere."""
    assert PipelineConfig(steps=(StepEntry(type="split_image"),)).steps[0].at == ()


# --- files


def test_a_file_is_loaded_by_path(in_tmp: Path) -> None:
    """A path as text or Path; the name people see is the one they gave."""
    path = in_tmp / "p.yaml"
    path.write_text(f"steps: [{STEP}]\n", encoding="utf-8")
    assert load_pipeline("p.yaml").source.name == "p.yaml"
    assert load_pipeline(path).config == config_of(f"steps: [{STEP}]")


@pytest.mark.parametrize(
    ("path", "words"),
    [("absent.yaml", "there is no such file"), (".", "this is a folder"), ("a\0b", "cannot be read"),
     ("p.yaml/x", "cannot be read: Not a directory"), ("steps:\n- a", "is no path")],
)  # fmt: skip
def test_a_path_that_cannot_be_read_is_a_usage_error(path: str, words: str, in_tmp: Path) -> None:
    """What is wrong with the argument says so, without a traceback of the system's."""
    (in_tmp / "p.yaml").write_text("steps: []", encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        load_pipeline(path)


def test_a_file_without_permission_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is the missing permission, whoever runs the test."""

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(UsageError, match="may not be read; check its permissions"):
        load_pipeline("p.yaml")


def test_a_big_file_is_refused(in_tmp: Path) -> None:
    """Y9: the limit is the trusted side's to change."""
    path = in_tmp / "p.yaml"
    path.write_text(f"steps: [{STEP}]\n", encoding="utf-8")
    assert load_pipeline(path, max_bytes=path.stat().st_size).config.steps
    with pytest.raises(UsageError, match="bigger than 20 bytes; split the pipeline"):
        load_pipeline(path, max_bytes=20)


def test_the_providers_whose_limits_can_be_set_are_those_of_the_registry() -> None:
    """All of them but the embedded one, which has none."""
    assert sorted(PROVIDERS) == sorted(set(REGISTRY) - {LOCAL})
