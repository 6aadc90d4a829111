"""Contract rule 3: templates are found, told apart from what is none, and filled in once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.config.references import (
    LONGEST_TEXT,
    Reference,
    RenderError,
    find_references,
    references_in,
    render,
    template_faults,
)

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def always(value: Any) -> Callable[[Reference], Any]:
    """A lookup that gives one value for every template."""
    return lambda _reference: value


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("{{input}}", "input", ""),
        ("{{ timestamp }}", "timestamp", ""),
        ("{{random}}", "random", ""),
        ("{{env.TEAM_2}}", "env", "TEAM_2"),
        ("{{step_image_1.output}}", "step", "image_1"),
        ("{{ step_my image.output }}", "step", "my image"),
        ("{{step_a.output.output}}", "step", "a.output"),
        ("{{step_Café №1.output}}", "step", "Café №1"),
    ],
)
def test_each_kind_is_found(text: str, kind: str, name: str) -> None:
    """The five kinds of templates, with spaces inside the braces or without."""
    assert find_references(text) == (Reference(kind, name, 0, len(text)),)  # type: ignore[arg-type]


def test_references_say_where_they_stand() -> None:
    """Start and end cut the template out of its text."""
    text = "a {{input}} and {{step_x.output}}"
    assert [text[r.start : r.end] for r in find_references(text)] == ["{{input}}", "{{step_x.output}}"]


def test_references_are_found_at_any_depth_but_not_in_keys() -> None:
    """Strings in lists and mappings of params are templates too; keys are names."""
    value = {"a": ["x", {"b": "{{input}}"}], "{{random}}": 1}
    assert [(path, r.kind) for path, r in references_in(value)] == [(("a", 1, "b"), "input")]


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("a {{inptu}}", 2, "did you mean '{{input}}'?"),
        ("{{Input}}", 0, "did you mean '{{input}}'?"),
        ("{{step_x}}", 0, "write {{step_x.output}}"),
        ("{{x.output}}", 0, "write {{step_x.output}}"),
        ("{{steps.x.outputs}}", 0, "write {{step_x.output}}"),
        ("{{step_x.otput}}", 0, "write {{step_x.output}}"),
        ("{{step_x.path}}", 0, "write {{step_x.output}}"),
        ("{{foo}}", 0, "write one of {{input}}"),
        ("{{step_.output}}", 0, "write one of"),
        ("{{env}}", 0, "{{env.NAME}}"),
        ("{{ENV.X}}", 0, "{{env.NAME}}"),
        ("{{env.A-B}}", 0, "{{env.NAME}}"),
        ("{{ input | upper }}", 0, "a name and nothing else"),
        ("{{ range(10**9) }}", 0, "a name and nothing else"),
        ("{{ ''.__class__ }}", 0, "write one of"),
        ("x {{ }}", 2, "the template is empty"),
        ("{{{input}}}", 0, "three opening braces"),
        ("ok {{input}} and {{input", 17, "not closed"),
        ("{{in\nput}}", 0, "not closed"),
    ],
)
def test_what_is_no_template_is_a_fault(text: str, offset: int, words: str) -> None:
    """T1, S17: unknown variables and expressions are named, placed, and put right."""
    ((place, what, mend),) = template_faults(text)
    assert place == offset
    assert words in f"{what}; {mend}"


@pytest.mark.parametrize(
    "text", ["", "{x.__init__}", "a } } b", '{"a": {"b": 1}}', "{ {input} }", "{{input}}"]
)
def test_single_braces_are_text(text: str) -> None:
    """JSON and other texts with braces are none of our business."""
    assert template_faults(text) == []


@given(JSON)
def test_a_sole_template_keeps_the_type(value: Any) -> None:
    """Rule 3: a text that is one template becomes the value itself."""
    if value is not None:
        assert render({"a": ["{{input}}"]}, always(value)) == {"a": [value]}


@given(st.text())
def test_what_is_filled_in_is_data(text: str) -> None:
    """I36, T2: templates in what was filled in stay as they are, to the last brace."""
    hostile = f"{{{{input}}}}{text}{{{{env.SECRET}}}}${{X}}"
    assert render("say: {{input}}!", always(hostile)) == f"say: {hostile}!"


@given(JSON.filter(lambda v: not any(True for _ in references_in(v))))
def test_values_without_templates_are_left_alone(value: Any) -> None:
    """I36: nothing else in a value is touched, whatever it looks like."""
    assert render(value, always("never")) == value


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (3, "3"), (0.5, "0.5"), ("", "")]
)
def test_scalars_are_written_into_a_text(value: Any, text: str) -> None:
    """Numbers and truth values stand in a text as YAML writes them."""
    assert render("<{{input}}>", always(value)) == f"<{text}>"


@pytest.mark.parametrize(
    ("template", "value", "words"),
    [
        ("{{input}}", None, "{{input}} has no value"),
        ("a {{env.X}}", None, "{{env.X}} has no value"),
        ("see {{step_a.output}}", ["1.png", "2.png"], "several values"),
        ("see {{step_a.output}}", {"a": 1}, "a mapping"),
    ],
)
def test_what_cannot_stand_in_a_text_is_an_error(template: str, value: Any, words: str) -> None:
    """T1: a prompt never says None, and never holds a list."""
    with pytest.raises(RenderError, match=re.escape(words)):
        render(template, always(value))


def test_a_text_cannot_grow_without_end() -> None:
    """S17: many templates of a long input stop at the limit, not at the end of memory."""
    with pytest.raises(RenderError, match="grows beyond 1,000,000"):
        render("{{input}}" * 10_000, always("x" * (LONGEST_TEXT // 10)))
