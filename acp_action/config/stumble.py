"""The place where a YAML parser gave up, and what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOSING: Final = {"[": "]", "{": "}"}
_BRACKET: Final = re.compile(r"""\{\{[^{}\n]*\}\}|"[^"\n]*"|'[^'\n]*'|[\[\]{}]""")
COMMENT: Final = re.compile(r"[ \t]+#")
_KEY: Final = r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}\[\],#&*!|>%@`:?-][^:\n{}\[\]"']*?)[ ]*:"""
_BLOCK_ITEM: Final = re.compile(rf"[ ]*(?:-[ ]+)*(?:{_KEY}[ \t]+)?")
_FLOW_ITEM: Final = re.compile(r"(?:[\[{,]|:[ \t])[ \t]*(?=[^\[{,\s]|$|\{\{)")


@dataclass(frozen=True, slots=True)
class Stumble:
    """Where and how the parser gave up.

    ``index``: the place; ``context``: where the construct began that it was in. ``problem``: the parser's
    words. ``last``: start and end of the last value read. ``open_at``: where open lists and mappings begin,
    ``closed_at``: those that ended just before the place.
    """

    text: str
    index: int
    context: int
    problem: str
    last: tuple[int, int]
    open_at: Sequence[int]
    closed_at: Sequence[int]

    @property
    def line_start(self) -> int:
        """Where the line of the place begins."""
        return self.text.rfind("\n", 0, self.index) + 1

    @property
    def bracket(self) -> int | None:
        """The innermost open bracket, None outside of brackets."""
        # The parser looks ahead: what was opened on the line of the place it may not have told yet.
        opened = [self.open_at[-1]] if self.open_at else []
        for match in _BRACKET.finditer(self.text, self.line_start, self.index):
            if match[0] in CLOSING:
                opened.append(match.start())
            elif match[0] in CLOSING.values() and opened:
                opened.pop()
        return opened[-1] if opened and self.text[opened[-1]] in CLOSING else None

    @property
    def item(self) -> tuple[int, int]:
        """Start and end of the value that the place belongs to, on its line."""
        start, text = self.line_start, self.text
        stop = text.find("\n", self.index)
        stop = len(text) if stop < 0 else stop
        if self.bracket is not None:
            for match in _FLOW_ITEM.finditer(text, start, self.index + 1):
                start = match.end() if match.end() <= self.index else start
            ends = [i for i in (text.find(c, self.index, stop) for c in ",]}") if i >= 0]
            stop = min(ends, default=stop)
        elif (block := _BLOCK_ITEM.match(text, start, stop)) and block.end() <= self.index:
            start = block.end()
        if comment := COMMENT.search(text, start, stop):
            stop = comment.start()
        return start, start + len(text[start:stop].rstrip())
