"""Foreign text is inert where it lands (S19, S21, I31)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from acp_action.report.escape import md_code, one_line

if TYPE_CHECKING:
    from markdown_it.token import Token

PARSER = MarkdownIt("gfm-like", {"linkify": False})
MARKUP = st.text(
    alphabet=st.sampled_from("`|\\[]()<>!*_~#@&;:/ \n\r\tab1-=+.$^\u202e\u200b\x1b"), max_size=40
)
FOREIGN = MARKUP | st.text(max_size=60)
ATTACKS = [
    *(
        "a|b",
        "\\|",
        "\\\\|",
        "``` x",
        "`",
        "``",
        "| --- |",
        "<img src=x onerror=alert(1)>",
        "<!--",
        "<details>",
    ),
    *("[x](javascript:alert(1))", "![x](https://e.example/p.png)", "https://e.example", "www.e.example"),
    *("@team please", "#1", "a\n\n# heading", "&lt;b&gt;", "&#124;", " x ", "   ", "|", "||", "a\\"),
]
INERT = {"text", "code_inline"}


def pieces(inline: Token) -> list[Token]:
    """What a cell or heading is made of."""
    return inline.children or []


def cells(markdown: str) -> list[Token]:
    """The inline content of every cell, after a look that the document is one table and nothing else."""
    tokens = PARSER.parse(markdown)
    kinds = {t.type for t in tokens}
    assert kinds == {
        *("table_open", "thead_open", "tr_open", "th_open", "inline", "th_close", "tr_close"),
        *("thead_close", "tbody_open", "td_open", "td_close", "tbody_close", "table_close"),
    }
    return [t for t in tokens if t.type == "inline"]


def shown(tokens: list[Token]) -> str:
    """What a reader sees."""
    return "".join(t.content for t in tokens)


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_in_a_table_cell_is_shown_letter_by_letter(text: str) -> None:
    """A cell stays one cell and holds the text and nothing else."""
    *_, cell = cells(f"| a | b |\n| --- | --- |\n| x | {md_code(text)} |\n")
    assert {t.type for t in pieces(cell)} <= INERT
    assert shown(pieces(cell)).strip() == one_line(text).strip()


@given(FOREIGN)
@example("`|`")
@example("a`` |\\| ``")
def test_any_text_in_a_table_cell_is_shown_letter_by_letter(text: str) -> None:
    """Parsing the rendered cell gives the text back; there is never a fourth cell, a link or HTML."""
    row = cells(f"| a | b |\n| --- | --- |\n| x | {md_code(text)} |\n")
    assert len(row) == 4
    assert {t.type for t in pieces(row[3])} <= INERT
    assert shown(pieces(row[3])).strip() == one_line(text).strip()


@given(FOREIGN)
def test_any_text_in_a_heading_or_item_is_shown_letter_by_letter(text: str) -> None:
    """The same holds for a heading and a list item."""
    for lead, opening in (("# x: ", "heading_open"), ("- x: ", "bullet_list_open")):
        tokens = PARSER.parse(f"{lead}{md_code(text)}\n")
        (inline,) = (t for t in tokens if t.type == "inline")
        assert tokens[0].type == opening
        assert shown(pieces(inline)).strip() == f"x: {one_line(text)}".strip()
        assert {t.type for t in pieces(inline)} <= INERT


@given(FOREIGN)
def test_words_that_github_acts_on_stand_in_code(text: str) -> None:
    """Nothing but pipes and spaces stands outside of code spans, where GitHub looks for mentions."""
    (inline,) = (t for t in PARSER.parse(f"x: {md_code(text)}\n") if t.type == "inline")
    outside = shown([t for t in pieces(inline) if t.type == "text"])
    assert set(outside.removeprefix("x:")) <= {"|", " "}


@given(FOREIGN)
def test_one_line_is_one_printable_line(text: str) -> None:
    """No line end, escape sequence, bidi or other invisible character is left."""
    assert one_line(text).isprintable()


def test_one_line_keeps_what_is_harmless_and_cuts_what_is_long() -> None:
    """Printable text is kept; a cut is marked and within the limit."""
    assert one_line("Küste 海 🙂") == "Küste 海 🙂"
    assert one_line("x" * 11, 10) == "x" * 9 + "…"
    assert one_line("a\r\nb\rc\xa0d\u202e") == "a⏎b\\u000dc d\\u202e"
    assert one_line("\U000e0041") == "\\U000e0041"
