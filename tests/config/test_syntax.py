"""Y1, contract rule 12: a line that YAML cannot read is pointed at where it must be mended, and says how."""

from __future__ import annotations

import pytest
import yaml

from acp_action.config.yaml_source import YamlSource

# A text, the place of its one problem, and words of the message.
BROKEN = [
    # tabs
    ("a:\n\t- b\n", "2:1", "a tab in the indentation; use spaces only"),
    ("a:\n \tb: c\n", "2:2", "a tab in the indentation"),
    ("a: x\n\tb: y\n", "2:1", "a tab in the indentation"),
    ("a:\n\tb: 1\n\tc: 1\n\td: 1\n", "2:1", "a tab in the indentation (also in 2 other lines)"),
    # characters that YAML keeps for itself
    ("a: *bold* text\n", "1:4", '*, which stands for an anchor of that name; quote it: "*bold* text"'),
    ("a: **bold**\n", "1:4", 'quote it: "**bold**"'),
    ("a: *bold\n", "1:4", 'there is no &bold above; quote it if it is a text: "*bold"'),
    ("a: @home\n", "1:4", 'quote it: "@home"'),
    ("a: `x`\n", "1:4", 'quote it: "`x`"'),
    ("a: %d cats\n", "1:4", 'quote it: "%d cats"'),
    ("a: & b\n", "1:4", 'quote it: "& b"'),
    ("a: !foo!bar x\n", "1:4", 'quote it: "!foo!bar x"'),
    ("a: ? x\n", "1:4", 'quote it: "? x"'),
    ("a: ,x\n", "1:4", 'quote it: ",x"'),
    ("a: | x\n", "1:4", "text on the line of |; begin the text on the next line"),
    ("a: [cat] on a mat\n", "1:4", 'quote it: "[cat] on a mat"'),
    ("a: 😀 b\nc: *d* 😀\n", "2:4", 'quote it: "*d* 😀"'),
    ("- {a: b, c: *x y}\n", "1:13", 'quote it: "*x y"'),
    ("a: [x, *y z]\n", "1:8", 'quote it: "*y z"'),
    ('- {a: "b" @c}\n', "1:11", "@ cannot stand here; quote the text it belongs to"),
    ("a:\n  - \tb: c\n", "2:5", "a tab where a space is expected; use spaces only"),
    ("- {a: b, @c: d}\n", "1:10", 'quote it: "@c: d"'),
    # colons, dashes and comments within texts
    ("a: a cat: sitting\n", "1:9", "reads as 'key: value'; quote the text: \"a cat: sitting\""),
    ('a: say "hi": now\n', "1:12", "quote the text: 'say \"hi\": now'"),
    ("a: - b\n", "1:4", "a list cannot begin on the line of its key; begin the list on the next line"),
    ("a: b # c\n  d\n", "1:6", "' #' begins a comment here, and the text goes on below; quote the text"),
    ("name:x\nsteps: 1\n", "1:5", "there is no space after the colon; write name: x"),
    ("- a\n-b\n", "2:1", "there is no space after the dash; write - b"),
    ("foo\nbar: x\n", "1:1", "this line is neither 'key: value' nor '- item'"),
    ("a:\n- b\nc\n", "3:1", "this line is neither 'key: value' nor '- item'"),
    (": v\n", "1:1", "there is no key before the colon; write key: value"),
    ("{: v}\n", "1:2", "there is no key before the colon; write key: value"),
    # quotes
    ('a: "x\nb: 1\n', "1:4", 'the quote " opened here is never closed; put " at the end of the text'),
    ("a: 'it''s\n", "1:4", "the quote ' opened here is never closed"),
    ('a: "x\nb: "y"\n', "1:4", 'the quote " opened here is closed only in line 2'),
    ('a: "say "hi" now"\n', "1:10", "goes on after its closing quote; put all of it in quotes: 'say"),
    ("d: 'don't'\n", "1:9", 'put all of it in quotes: "don\'t"'),
    ('a: "C:\\path"\n', "1:7", "\\p means nothing in double quotes; write \\\\ for a backslash"),
    # brackets
    ("a: [1\nb: 2\n", "1:4", "the [ opened here is not closed before line 2; close it with ]"),
    ("a: {b: c\n", "1:4", "the { opened here is not closed; close it with }"),
    ("a: [\n", "1:4", "the [ opened here is not closed"),
    ("- {a: we are #1, b: c}\n", "1:14", "' #' begins a comment, which takes the } with it; quote the text"),
    ('- {a: "we #1}", b: c\n', "1:3", "the { opened here is not closed"),
    ("a: [b, # c\n  d\n", "1:4", "the [ opened here is not closed"),
    ("a: [b, {c: d e: f}]\n", "1:15", "': ' within an unquoted text"),
    ('a: ["b" c]\n', "1:9", "the text goes on after its closing quote"),
    ("a: {b: c}}\n", "1:10", "this } closes nothing"),
    ("a: ]\n", "1:4", "this ] closes nothing"),
    # indentation
    ("steps:\n  - name: x\n  type: y\n", "3:3", "the lines above; begin it in column 1 or 5"),
    ("a:\n    b: {c: d}\n  e: 2\n", "3:3", "the lines above; begin it in column 1 or 5"),
    ("a:\n    b: 1\n  c: 2\n", "3:3", "the lines above; begin it in column 1 or 5"),
    ("a:\n  - b\n - c\n", "3:2", "a list item where a key is expected"),
    ("a: 1\n- b\n", "2:1", "a list item where a key is expected"),
    ("a: x\n  b: y\n", "2:3", "this key stands deeper than the line above, which has a value already"),
    ("  a: 1\n b: 2\n", "2:2", "this line does not line up with the lines above"),
    # templates
    ("a: {{input}}\n", "1:4", 'a text that begins with a template needs quotes; quote it: "{{input}}"'),
    ("a: {{input}} at dusk\n", "1:4", 'needs quotes; quote it: "{{input}} at dusk"'),
    ("- {a: {{ step_x.output }}, b: 1}\n", "1:7", 'quote it: "{{ step_x.output }}"'),
    ("- {a: {{input}} x, b: 1}\n", "1:7", 'quote it: "{{input}} x"'),
    ("a: [{{input}}, b]\n", "1:5", 'quote it: "{{input}}"'),
    ("{{input}}: a\n", "1:1", 'quote it: "{{input}}"'),
    # what YAML has and pipelines do not
    ("a: !include x.yaml\n", "1:4", "the tag '!include'; pipelines have no tags"),
    ("a: !!python/object:os.system x\n", "1:4", "the tag '!!python/object:os.system'"),
    ("!!set {a: b}\n", "1:1", "the tag '!!set'"),
    ("a: b\n---\nc: d\n", "2:1", "a second document begins here"),
    ("? [a]\n: b\n", "1:3", "a key must be a text, not a list or mapping"),
    ("{a: b}: c\n", "1:1", "a key must be a text"),
    ("a: 1\nb: 2\na: 3\n", "3:1", "the key 'a' stands here twice, first in line 1"),
    ('{"a": 1, "a": 2}', "1:10", "the key 'a' stands here twice, first in line 1, column 2"),
    ("a: &x [*x]\n", "1:8", "the alias *x stands within what it stands for"),
    ("a: &x [b]\n*x : 1\n", "2:1", "a key must be a text"),
    ("<<: 1\na: 2\n", "1:5", "<< takes over the keys of a mapping, and this is none; write <<: *anchor"),
    ('a: "\\x07"\n', "1:4", "an escape in this text makes an invisible character; take it out"),
]  # fmt: skip

# Only libyaml looks at these; PyYAML's own parser lets them pass, which is harmless or caught later.
ONLY_LIBYAML = [
    ("%YAML 1.3\n---\na: 1\n", "1:1", "a line that begins with % is a YAML directive"),
    ("%FOO\n---\na: 1\n", "1:1", "a line that begins with % is a YAML directive"),
    ('a: "\\ud83d!"\n', "1:5", "\\ud83d means nothing in double quotes; write the character itself"),
]


def problems_of(text: str) -> list[str]:
    """What is wrong with a text as YAML, each in one line from line and column on."""
    return [str(problem).removeprefix("pipeline:") for problem in YamlSource.from_text(text).problems]


@pytest.mark.parametrize(("text", "place", "words"), [*BROKEN, *ONLY_LIBYAML])
def test_a_broken_line_says_where_and_how(text: str, place: str, words: str) -> None:
    """Y1, Y2, Y9: one problem, at the exact line and column, with the way to mend it."""
    (problem,) = problems_of(text)
    assert problem.startswith(f"{place}: ")
    assert words in problem


def test_two_thousand_brackets_are_too_deep() -> None:
    """Y4: newer libyaml gives up at the thousandth bracket itself, before it tells of the 51st."""
    (problem,) = problems_of(f"a: {'[' * 2000}\n")
    place, _, words = problem.partition(": ")
    assert place in ("1:53", "1:1003")
    assert words.endswith("more than 50 lists and mappings within each other; write it flatter")


@pytest.mark.parametrize(("text", "place", "words"), BROKEN)
def test_the_parser_without_libyaml_says_the_same(
    text: str, place: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without the C library gets the same words at the same places."""
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    (problem,) = problems_of(text)
    assert problem.startswith(f"{place}: ")
    assert words in problem


def test_one_broken_value_does_not_hide_the_next() -> None:
    """Rule 12: what is broken within one value is put aside, so that all of them are told at once."""
    text = "a: *b* c\nd: e: f\ng: @h\ni: {{input}} j\nk: 'l' m\nn: [o\n"
    assert [problem.split(":")[0] for problem in problems_of(text)] == ["1", "2", "3", "4", "5", "6"]


def test_after_many_broken_values_reading_ends() -> None:
    """A file that is no YAML at all is not read for ever."""
    assert len(problems_of("\n".join(f"k{n}: @x" for n in range(1000)))) == 10


@pytest.mark.parametrize(
    "text",
    ["a: 'x'\n", "a: it's\n", "a: b#c\n", "a: http://x\n", "a: -b\n", "a: 50% off\n", "a: x@y\n",
     "a: {b: c, d: [e]}\n", "a: >-\n  folded\n  text\n", '{"a": [1, 2],\n "b": {}}', "a: b # note\n"],
)  # fmt: skip
def test_what_is_fine_has_no_problem(text: str) -> None:
    """Ordinary texts with signs in them are left alone."""
    assert problems_of(text) == []


@pytest.mark.parametrize("rest", ["steps: []", "name: y", "---\na: b"])
def test_what_stands_below_the_steps_is_not_put_into_the_last_of_them(rest: str) -> None:
    """Rule 12: the place in words is that of the file's own keys, however the dashes are indented."""
    for dash in ("", "  "):
        text = f"name: x\nsteps:\n{dash}- name: a\n{dash}  type: split_image\n{rest}\n"
        (problem,) = YamlSource.from_text(text).problems
        assert problem.where == ""


def test_what_was_blanked_out_is_nobodys_name() -> None:
    """Rule 12: an entry whose name is broken is called by its place."""
    text = "steps:\n  - name: a: b\n    params: {c: d: e}\n"
    assert [p.where for p in YamlSource.from_text(text).problems] == ["steps[0]: name", "steps[0]: params.c"]


def test_the_place_is_named_by_step_and_key() -> None:
    """Rule 12: where is said as a person says it, also while the text cannot be read to its end."""
    text = "steps:\n- type: parallel_group\n  name: g\n  steps:\n  - name: x\n    params:\n      a: *b c\n"
    assert "group 'g' > step 'x': params.a: " in problems_of(text)[0]
