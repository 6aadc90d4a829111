"""A small terminal: what is on its screen after all that it was sent. It knows what our display uses."""

from __future__ import annotations

import re

_CODE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Terminal:
    """``columns`` by ``rows`` cells that hold one character each; narrow letters only."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.screen: list[list[str]] = [[]]
        self.above: list[str] = []
        self.line = self.column = 0
        self.cursor_shown = True

    def feed(self, text: str) -> None:
        """Do what the text says."""
        place = 0
        while place < len(text):
            if code := _CODE.match(text, place):
                self._obey(*code.groups())
                place = code.end()
                continue
            self._put(text[place])
            place += 1

    def resize(self, columns: int) -> None:
        """Change the width as most terminals do: long lines are broken, the cursor stays with its line."""
        assert self.column == 0, "our display leaves the cursor at the start of a line"
        old, self.columns, self.screen = self.screen, columns, []
        for number, line in enumerate(old):
            if number == self.line:
                self.line = len(self.screen)
            text = "".join(line).rstrip()
            self.screen += [list(text[i : i + columns]) for i in range(0, max(len(text), 1), columns)]
        while len(self.screen) > self.rows:
            self._scroll()

    @property
    def text(self) -> list[str]:
        """All lines, those that have left the screen first."""
        return [*self.above, *("".join(line).rstrip() for line in self.screen)]

    def _put(self, char: str) -> None:
        match char:
            case "\r":
                self.column = 0
            case "\n":
                self.column = 0  # the driver of a terminal makes \r\n of it
                self._down()
            case _:
                if self.column == self.columns:
                    self.column = 0
                    self._down()
                line = self.screen[self.line]
                line += " " * (self.column + 1 - len(line))
                line[self.column] = char
                self.column += 1

    def _down(self) -> None:
        self.line += 1
        if self.line == len(self.screen):
            self.screen.append([])
        if len(self.screen) > self.rows:
            self._scroll()

    def _scroll(self) -> None:
        self.above.append("".join(self.screen.pop(0)).rstrip())
        self.line = max(self.line - 1, 0)

    def _obey(self, private: str, number: str, letter: str) -> None:
        match letter:
            case "A":
                self.line = max(self.line - int(number or 1), 0)
            case "H":
                self.line = self.column = 0
            case "K":
                # A cursor behind the last cell stands on it.
                del self.screen[self.line][min(self.column, self.columns - 1) :]
            case "J":
                del self.screen[self.line][self.column :]
                del self.screen[self.line + 1 :]
            case "h" | "l" if (private, number) == ("?", "25"):
                self.cursor_shown = letter == "h"
            case "m":
                pass
            case _:
                raise AssertionError(f"an unknown code: {private}{number}{letter}")
