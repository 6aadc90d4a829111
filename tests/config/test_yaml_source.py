"""The text of a file: its characters, its places, and what is refused before it means anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acp_action.config.text import shown
from acp_action.config.yaml_source import YamlSource
from acp_action.errors import Position

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
name: x
steps:
  - name: a    # first
    params:
      prompt: "one {{input}}"
      list: [1, 'two', {three: 3}]
  - &b
    name: b
    "quoted key": v
  - *b
"""


def from_bytes(content: bytes, folder: Path) -> YamlSource:
    """The source of a file with these bytes."""
    path = folder / "p.yaml"
    path.write_bytes(content)
    return YamlSource.from_path(path)


def first_of(source: YamlSource) -> str:
    """The first problem without the name of the file."""
    return str(source.problems[0]).split(".yaml:", 1)[-1].removeprefix("pipeline:")


# --- characters: Y8


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    """Y8: what Windows editors write is read, and columns count as people count."""
    source = from_bytes(b"\xef\xbb\xbfa: x\r\nb: *c d\r\n", tmp_path)
    assert source.value["a"] == "x"
    assert first_of(source).startswith("2:4: b: ")


def test_old_mac_line_ends_are_line_ends(tmp_path: Path) -> None:
    """Y8: a bare carriage return ends a line, for YAML and for the position."""
    assert first_of(from_bytes(b"a: x\rb: *c d\r", tmp_path)).startswith("2:4: b: ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(encoding: str, tmp_path: Path) -> None:
    """Y8: a file of another encoding says so instead of being gibberish."""
    source = from_bytes("a: b\n".encode(encoding), tmp_path)
    assert not source.is_complete
    assert "save it as UTF-8" in first_of(source)


def test_a_wrong_byte_is_placed_and_the_rest_is_read(tmp_path: Path) -> None:
    """Y8: a Latin-1 character is pointed at; the other problems of the file are told too."""
    source = from_bytes("a: 1\nb: Zürich\nc: *d e\n".encode("latin-1"), tmp_path)
    assert first_of(source) == "2:5: b: this character is not UTF-8 text; save the file as UTF-8"
    assert len(source.problems) == 2


@pytest.mark.parametrize(
    ("character", "name"),
    [("\x07", "U+0007"), ("\x1b", "U+001B"), ("\x7f", "U+007F"), ("\x85", "U+0085"), ("\u2028", "U+2028"),
     ("\ufeff", "U+FEFF"), ("\ud800", "U+D800"), ("\uffff", "U+FFFF")],
)  # fmt: skip
def test_invisible_characters_are_refused(character: str, name: str) -> None:
    """Y8: controls, halves of characters and hidden line ends have a place and a name."""
    source = YamlSource.from_text(f"a: x\nb: y{character}z\n")
    assert first_of(source) == f"2:5: b: an invisible character ({name}); delete it"


def test_a_nul_ends_the_reading() -> None:
    """Y8: a file with a NUL is no text."""
    source = YamlSource.from_text("a: b\0c\n")
    assert not source.is_complete
    assert first_of(source).startswith("1:5: a NUL character")


def test_a_file_full_of_bad_characters_is_not_listed_character_by_character(tmp_path: Path) -> None:
    """A picture given as a pipeline is a few lines of complaint, not thousands."""
    source = from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 20, tmp_path)
    assert not source.is_complete
    assert len(source.problems) <= 21


def test_bad_characters_do_not_reach_the_terminal() -> None:
    """S19: the line that is shown holds no control character, one for one, so that the caret fits."""
    problem = YamlSource.from_text("a: \x1b[31mred\u202e *x\n").problems[0]
    assert problem.line_text == "a:  [31mred· *x"
    assert shown("\x1b[31m\u202e") == "'\\x1b[31m\\u202e'"


# --- places


@pytest.mark.parametrize(
    ("path", "key", "line", "column"),
    [
        ((), False, 1, 1),
        (("name",), False, 1, 7),
        (("name",), True, 1, 1),
        (("steps",), False, 3, 3),
        (("steps", 0), False, 3, 5),
        (("steps", 0, "params", "prompt"), False, 5, 15),
        (("steps", 0, "params", "prompt"), True, 5, 7),
        (("steps", 0, "params", "list", 1), False, 6, 17),
        (("steps", 0, "params", "list", 2, "three"), True, 6, 25),
        (("steps", 0, "params", "absent", "deeper"), False, 5, 7),
        (("steps", 9), False, 3, 3),
        (("steps", "x"), False, 3, 3),
        (("name", "x"), False, 1, 7),
        (("steps", 1, "quoted key"), True, 9, 5),
        (("steps", 2), False, 10, 5),
        (("steps", 2, "name"), False, 8, 11),
    ],
)  # fmt: skip
def test_nodes_have_places(path: tuple[str | int, ...], key: bool, line: int, column: int) -> None:
    """Contract 12: every key and value can be pointed at; a missing one at the nearest node above it."""
    assert YamlSource.from_text(TEXT).locate(path, key) == Position(line, column)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: see {{x}}", 1, 8),
        ("a: 'see {{x}}'", 1, 9),
        ('a: "see {{x}}"', 1, 9),
        ('a: "\\tsee {{x}} {{x}}"', 1, 17),
        ("a: 'it''s {{x}}'", 1, 11),
        ("a: |\n  one\n  see {{x}}\n", 3, 7),
        ("a: >\n  one\n\n  see {{x}} and\n", 4, 7),
        ("a: see\n  {{x}}\n", 2, 3),
        ("b: &n see {{x}}\na: *n\n", 2, 4),
        ('a: "see \\x7b{x}}"', 1, 4),
    ],
)  # fmt: skip
def test_a_place_within_a_text_is_found(text: str, line: int, column: int) -> None:
    """A template inside of a text is pointed at; where escapes hide it, the text is."""
    source = YamlSource.from_text(text)
    value = source.value["a"]
    problem = source.problem(("a",), "wrong", offset=value.rindex("{{x}}"))
    assert problem.position == Position(line, column)


@pytest.mark.parametrize(("path", "offset"), [(("a",), 99), (("b",), 3), (("c",), 2)])
def test_a_place_that_is_none_is_the_start_of_the_node(path: tuple[str], offset: int) -> None:
    """An offset behind the text, in a list or in white space leads to the node itself."""
    source = YamlSource.from_text("a: 'it''s'\nb: [1]\nc: 'i''\n\n'\n")
    assert source.problem(path, "wrong", offset=offset).position == source.locate(path)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a: red #fff", Position(1, 8)), ("a: red\t#fff", Position(1, 8)), ("a: #fff", Position(1, 4)),
        ("a: red\n  cat #x", Position(2, 7)), ("a: &n red #x", Position(1, 11)), ("a: 5 # x", Position(1, 6)),
        ("a: red#fff", None), ("a: 'red' # x", None), ('a: "red" # x', None), ("a: | # x\n  red # y", None),
        ("a: red\n# x", None), ("a: [red] # x", None), ("b: &n red\na: *n # x", None),
        ("a: null # x", Position(1, 9)),
    ],
)  # fmt: skip
def test_a_comment_behind_an_unquoted_text_is_found(text: str, cut: Position | None) -> None:
    """Y6: only an unquoted text can be cut by a comment on its line."""
    assert YamlSource.from_text(text).cut_at(("a",)) == cut


def test_a_very_long_line_is_shown_in_part() -> None:
    """A file on one line does not fill the screen, and the caret still stands below its place."""
    source = YamlSource.from_text("[" + ", ".join(f"item_{n}" for n in range(10_000)) + "]")
    problem = source.problem((7000,), "wrong")
    assert len(problem.line_text) <= 200
    assert problem.line_text[problem.caret - 1 :].startswith("item_7000, ")
    assert problem.render().splitlines()[2].index("^") == problem.render().splitlines()[1].index("item_7000")


# --- shape


def test_nesting_has_a_bottom() -> None:
    """Y4: fifty lists within each other are read, one more is refused at its bracket."""
    assert YamlSource.from_text("[" * 50 + "]" * 50).problems == []
    (problem,) = YamlSource.from_text("[" * 51 + "]" * 51).problems
    assert problem.position == Position(1, 51)
    assert (problem.what, problem.where) == (
        "more than 50 lists and mappings within each other",
        "[0]" * 6 + "…",
    )


def test_keys_are_what_is_written() -> None:
    """Y5: on, yes, 1 and null are keys like any other."""
    assert YamlSource.from_text("on: 1\nyes: 2\n1: 3\nnull: 4\n").value == {
        "on": 1,
        "yes": 2,
        "1": 3,
        "null": 4,
    }


def test_aliases_share_what_they_stand_for() -> None:
    """An alias is the value of its anchor, scalars and keys included."""
    source = YamlSource.from_text("a: &x [1]\nb: *x\nc: &y k\n*y : *y\n")
    assert source.value == {"a": [1], "b": [1], "c": "k", "k": "k"}


def test_a_later_anchor_of_the_same_name_wins_from_there_on() -> None:
    """YAML lets an anchor be set again."""
    assert YamlSource.from_text("[&x 1, *x , &x 2, *x ]").value == [1, 1, 2, 2]


def test_an_empty_value_is_nothing() -> None:
    """Nothing, null and ~ are the same."""
    assert YamlSource.from_text("a:\nb: ~\nc: null\n").value == {"a": None, "b": None, "c": None}


def test_a_value_that_cannot_be_put_aside_is_told_once() -> None:
    """Where blanking out a value does not help, reading ends with what is known."""
    (problem,) = YamlSource.from_text('- { name: "a", x: "b, c: "d" "e" }\n- *x y\n').problems[:1]
    assert problem.position == Position(1, 27)
