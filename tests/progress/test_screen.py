"""Rows drawn in place, on a terminal made for the test."""

from __future__ import annotations

from io import StringIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from acp_action.progress.rows import Row, Span
from acp_action.progress.screen import Screen
from tests.progress.emulator import Terminal

ROWS = st.lists(st.text("abc ", max_size=30).map(str.rstrip), max_size=9)


class Bench:
    """A screen on a terminal; ``sent`` counts characters."""

    def __init__(self, columns: int = 20, rows: int = 12, **options: Any) -> None:
        self.terminal = Terminal(columns, rows)
        self.sent = 0
        self.screen = Screen(self, lambda: (self.terminal.columns, self.terminal.rows), **options)  # type: ignore[arg-type]
        self.screen.open()

    def write(self, text: str) -> int:
        self.sent += len(text)
        self.terminal.feed(text)
        return len(text)

    def flush(self) -> None:
        pass

    def draw(self, *texts: str) -> list[str]:
        """Draw these rows, as far as there is room; what is seen then."""
        self.screen.draw(lambda width, height: [Row((Span(text[:width]),)) for text in texts[:height]])
        return self.seen

    @property
    def seen(self) -> list[str]:
        """All lines of the terminal but the last, empty one, where the cursor stands."""
        assert self.terminal.text[-1] == ""
        return self.terminal.text[:-1]


@given(st.lists(st.one_of(ROWS, st.text("xyz", max_size=15).map(lambda text: f"{text}\n")), max_size=12))
def test_whatever_is_drawn_and_printed_the_last_rows_stand_below_all_lines(
    steps: list[list[str] | str],
) -> None:
    """Rows are drawn over the rows before; printed lines stand above them in order, and none is lost."""
    bench = Bench()
    printed: list[str] = []
    rows: list[str] = []
    for step in steps:
        if isinstance(step, str):
            bench.screen.print(step)
            printed.append(step.rstrip("\n"))
        else:
            rows = [row[:20].rstrip() for row in step]
            bench.draw(*rows)
    assert bench.seen == [*printed, *rows]


@given(ROWS, st.lists(st.integers(4, 40), min_size=1, max_size=6))
def test_after_a_resize_no_piece_of_the_old_rows_is_left(rows: list[str], widths: list[int]) -> None:
    """A narrower terminal breaks the rows that stand there; the next frame still replaces all of them."""
    bench = Bench(40, 60)
    bench.draw(*rows)
    for width in widths:
        bench.terminal.resize(width)
        assert bench.draw(*rows) == [row[:width].rstrip() for row in rows]


def test_a_frame_that_meets_a_resize_is_wiped_away() -> None:
    """Some terminals break rows before they tell of their new size; what is drawn then does not stay."""
    bench = Bench(20, 30)
    told = bench.terminal.columns
    bench.screen = Screen(bench, lambda: (told, 30))  # type: ignore[arg-type]
    bench.screen.open()
    bench.draw("a row of twenty cell", "another")
    bench.terminal.resize(8)
    bench.draw("a row of 20 cells ..", "another")
    told = 8
    assert bench.draw("short", "rows") == ["short", "rows"]


def test_lines_above_stay_when_no_row_is_broken() -> None:
    """A wider terminal, or one that is still wide enough, keeps what was printed."""
    bench = Bench(40, 60)
    bench.screen.print("a warning\n")
    bench.draw("row")
    for width in (60, 10):
        bench.terminal.resize(width)
        bench.draw("row")
    assert bench.seen == ["a warning", "row"]


def test_a_frame_like_the_one_before_writes_no_text() -> None:
    """Only what changed is written, so a display at rest neither flickers nor fills a slow line."""
    bench = Bench()
    bench.draw(*["steady"] * 10)
    before = bench.sent
    bench.draw(*["steady"] * 10)
    assert bench.sent - before < 25


def test_the_cursor_comes_back_and_a_last_half_line_too() -> None:
    """Closing shows the cursor again and writes out what had no line end yet."""
    bench = Bench()
    bench.draw("row")
    bench.screen.print("half a line")
    hidden = not bench.terminal.cursor_shown
    bench.screen.close()
    assert (hidden, bench.terminal.cursor_shown) == (True, True)
    assert bench.seen == ["half a line", "row"]


def test_a_terminal_that_somebody_else_had_is_drawn_on_below() -> None:
    """Between release and open nothing is drawn, lines are written as they are, and rows that stand stay."""
    bench = Bench()
    bench.draw("row")
    bench.screen.release()
    assert bench.terminal.cursor_shown
    bench.draw("unseen")
    bench.screen.print("a warning\n")
    bench.screen.open()
    assert bench.draw("row again") == ["row", "a warning", "row again"]
    assert not bench.terminal.cursor_shown


def test_without_colours_only_weight_is_left() -> None:
    """NO_COLOR is about colours; bold and dim stay."""
    out = StringIO()
    screen = Screen(out, lambda: (20, 5), colours=False)
    screen.open()
    screen.draw(lambda *_: [Row((Span("a", "red"), Span("b", "bold")))])
    assert "\x1b[31m" not in out.getvalue()
    assert "\x1b[1mb" in out.getvalue()


def test_a_terminal_that_has_gone_is_left_alone() -> None:
    """The run goes on when its window was closed, and nothing is written there a second time."""
    tried: list[str] = []

    class Gone(StringIO):
        def write(self, text: str) -> int:
            tried.append(text)
            raise OSError(5, "Input/output error")

    screen = Screen(Gone(), lambda: (20, 5))
    screen.open()
    screen.draw(lambda *_: [Row((Span("a"),))])
    screen.close()
    assert len(tried) == 1
