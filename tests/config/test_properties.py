"""What holds for every text: the invariants I1 to I6 of the loader."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.config.load import load_pipeline
from acp_action.config.model import GroupEntry, PipelineConfig, Settings, StepEntry
from acp_action.config.text import FORBIDDEN, decode
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import ConfigError
from tests.config.loading import config_of, problems_of

VALID = """\
# a pipeline
name: "Hybrid"
settings: {parallel: true, max_workers: 4, timeout: 1e2}
steps:
  - name: base   # first
    type: text_to_image
    model: flux_dev
    params: &p
      prompt: "{{input}} at 'dusk'"
      list: [1, 2.5, off, {a: ~}]
  - type: parallel_group
    name: variations
    params:
      parallel_steps:
        - {name: v, type: image_to_video, input_from: base, needs: [base]}
        - name: e
          type: image_to_image
          params:
            <<: *p
            style: >-
              folded
              text
  - type: image_understanding
    params:
      question: |
        What is in
        {{step_e.output}}?
"""

# --- texts


SPLINTERS = st.sampled_from(
    ["\t", "\n", "  ", "- ", ": ", "{", "}", "[", "]", '"', "'", "#", "&a ", "*a ", "*p ", "!x ", "|",
     ">", "?", "@", "`", "%", "---\n", "...\n", "<<: ", "{{", "}}", "{{input}}", "\\", "\\ud800", "\0",
     "\x85", "😀", "é", "null", "steps:\n", "type: ", "parallel_group", "name: base\n", ",", "~",
     "1e9", "\r", "\ufeff"]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The valid file with pieces cut out and splinters put in."""
    text = VALID
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(SPLINTERS | st.text(max_size=3)) + text[stop:]
    return text


def loaded(source: YamlSource) -> PipelineConfig | None:
    """The config, or None for a text that has problems; anything else escapes."""
    try:
        return load_pipeline(source).config
    except ConfigError as error:
        check_places(source, error)
        return None


def check_places(source: YamlSource, error: ConfigError) -> None:
    """I2: every problem stands in the file, on the line that it shows."""
    lines = source._lines
    for problem in error.problems:
        position = problem.position
        assert position is not None
        assert 1 <= position.line <= len(lines._starts)
        line, caret = lines.excerpt(position)
        assert (problem.line_text, problem.caret) == (line, caret)
        assert 1 <= caret <= len(line) + 1
        assert problem.what


def test_the_file_that_is_mutated_is_right() -> None:
    """The mutations start from something that loads."""
    assert loaded(YamlSource.from_text(VALID)) is not None


@settings(max_examples=400)
@given(mutated())
@example("a: !")
@example("steps: [{type: text_to_image, params: {prompt: *a}}]")
@example("? \n? \n")
@example("{{{{input}}}}")
@example("a: {{input}}: b")
@example("steps:\n- &a\n  type: *a")
def test_only_our_error_escapes(text: str) -> None:
    """I1, I2: whatever a text holds, it loads or has problems with places; in time."""
    begun = time.process_time()
    loaded(YamlSource.from_text(text))
    assert time.process_time() - begun < 2


@settings(max_examples=150)
@given(mutated())
def test_only_our_error_escapes_without_libyaml(text: str) -> None:
    """I1, I2: the same with PyYAML's own parser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        loaded(YamlSource.from_text(text))


@settings(max_examples=200)
@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbf")
def test_bytes_never_crash(content: bytes) -> None:
    """I1, I35: the reader is total on bytes."""
    text, faults, readable = decode(content)
    # What cannot be read has a reason that is told.
    assert readable or faults
    loaded(YamlSource(text, "p", faults, readable=readable))


# --- configs

WORDS = st.text(
    st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029"), min_size=1, max_size=12
)
NAMES = WORDS.map(lambda w: w.replace("{", "(").replace("}", ")").strip()).filter(bool)
TEXTS = st.one_of(
    st.sampled_from(["NO", "off", "1:30", "0755", "1.10", "null", "~", "true", "5", "# x", "a: b",
                     "- a", "*x", "@", "'", '"', "{{input}}", "a {{ step_x.output }} b", "line\nline\n",
                     " padded ", "é😀", "\\", "%", "a #b"]),
    WORDS.map(lambda w: w.replace("{{", "((")),
).filter(str.strip)  # fmt: skip
JSON = st.recursive(
    TEXTS | st.integers(-(10**20), 10**20) | st.booleans() | st.floats(-1e9, 1e9).map(lambda f: round(f, 3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
SEEDS = st.integers(-(2**100), 2**100)
SETTINGS = st.fixed_dictionaries({"timeout": st.integers(1, 99)}, optional={"parallel": st.booleans()})
STEPS = st.fixed_dictionaries(
    {"type": st.sampled_from([*STEP_TYPES, "image_understanding"])},
    optional={
        "model": NAMES, "enabled": st.booleans(), "timeout": st.integers(1, 999) | st.just(0.5),
        "retry_count": st.integers(0, 9), "input_from": NAMES | st.lists(NAMES, max_size=3),
        "params": st.fixed_dictionaries({}, optional={"prompt": TEXTS, "seed": SEEDS, "x": JSON}),
    },
)  # fmt: skip


def _groups(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    members = st.lists(inner, min_size=1, max_size=3)
    written = members.map(lambda m: {"steps": m}) | members.map(lambda m: {"params": {"parallel_steps": m}})
    options = st.fixed_dictionaries(
        {}, optional={"max_workers": st.integers(1, 9), "fail_fast": st.booleans()}
    )
    return st.builds(lambda a, b: {"type": "parallel_group", **a, **b}, written, options)


PIPELINES = st.fixed_dictionaries(
    {"steps": st.lists(st.recursive(STEPS, _groups, max_leaves=5), min_size=1, max_size=4)},
    optional={
        "name": TEXTS, "description": TEXTS, "version": TEXTS, "settings": SETTINGS,
    },
)  # fmt: skip


def styles(pipeline: dict[str, Any]) -> list[str]:
    """The same pipeline as four texts: block, flow, JSON, and with other quotes, order and comments."""
    block = yaml.safe_dump(pipeline, allow_unicode=True, sort_keys=False)
    return [
        block,
        yaml.safe_dump(pipeline, allow_unicode=True, default_flow_style=True, width=30),
        json.dumps(pipeline, ensure_ascii=False, indent=2),
        "# a comment\n---\n"
        + yaml.safe_dump(pipeline, allow_unicode=True, sort_keys=True, indent=5)
        + "\n# end\n",
    ]


@settings(max_examples=120)
@given(PIPELINES.filter(lambda p: not FORBIDDEN.search(json.dumps(p, ensure_ascii=False))))
def test_style_order_and_comments_change_nothing(pipeline: dict[str, Any]) -> None:
    """I3: a pipeline is the same in block, flow and JSON, in any order of keys, with comments or without."""
    config = config_of(pipeline)
    assert [config_of(text) for text in styles(pipeline)] == [config] * 4


@settings(max_examples=80)
@given(PIPELINES)
def test_the_normal_form_is_the_same_pipeline(pipeline: dict[str, Any]) -> None:
    """I3: loading what a config was dumped to gives the config again."""
    config = config_of(pipeline)
    dumped = config.model_dump(mode="json", exclude_unset=True)
    assert config_of(dumped) == config
    assert config_of(yaml.safe_dump(dumped, allow_unicode=True)) == config


@settings(max_examples=80)
@given(PIPELINES)
def test_what_is_accepted_can_be_written(pipeline: dict[str, Any]) -> None:
    """I5: an accepted pipeline encodes as UTF-8 and as JSON."""
    dumped = config_of(pipeline).model_dump(mode="json")
    assert json.loads(json.dumps(dumped, allow_nan=False, ensure_ascii=False).encode()) == dumped


KNOWN = {
    *PipelineConfig.model_fields,
    *Settings.model_fields,
    *StepEntry.model_fields,
    *GroupEntry.model_fields,
}


@settings(max_examples=80)
@given(NAMES.filter(lambda name: name not in KNOWN), st.integers(0, 4), JSON)
def test_an_unknown_key_is_always_an_error(key: str, level: int, value: Any) -> None:
    """I6: at every level, a key nobody knows is one problem that names it."""
    pipeline: dict[str, Any] = {
        "settings": {},
        "steps": [{"type": "parallel_group", "steps": [{"type": "split_image"}], "params": {}}],
    }
    group = pipeline["steps"][0]
    [pipeline, pipeline["settings"], group, group["steps"][0], group["params"]][level][key] = value
    for form in (pipeline, json.dumps(pipeline, ensure_ascii=False)):
        (problem,) = problems_of(form)
        assert problem.what.startswith("unknown key '")
        assert problem.mend
