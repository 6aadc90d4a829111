"""The fenced blocks of the guide, and how a fragment becomes a whole pipeline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{2,4} (.+)$", re.MULTILINE)

# What the guide leaves out as ``- ...``: members of a group, of any kind.
_MEMBERS = """- name: "left_out_1"
      type: "text_to_image"
      params: {prompt: "a lighthouse", width: 64, height: 64}
    - name: "left_out_2"
      type: "text_to_image"
      params: {prompt: "a harbour", width: 64, height: 64}"""
_STEP = """steps:
  - name: "sample"
    type: "text_to_image"
"""


class Block(NamedTuple):
    """One fenced block: the heading it stands under, its language, its text, its place in the guide."""

    heading: str
    language: str
    text: str
    number: int

    def __str__(self) -> str:
        return f"{self.number} {self.heading}"


def blocks(language: str) -> list[Block]:
    """All blocks of a language, in order."""
    text = GUIDE.read_text(encoding="utf-8")
    found = []
    for number, match in enumerate(_FENCE.finditer(text), start=1):
        headings = _HEADING.findall(text[: match.start()])
        found.append(Block(headings[-1], match[1], match[2], number))
    return [block for block in found if block.language == language]


def block(language: str, heading: str) -> Block:
    """The block of a language under a heading."""
    return next(b for b in blocks(language) if b.heading == heading)


def whole(text: str) -> str:
    """A pipeline from a YAML block: the block itself where it is one, else wrapped in what it left out."""
    if text.startswith("- ") and "steps:" not in text:
        text += "  steps:\n    - ...\n"
    text = text.replace("- ...", _MEMBERS)
    if text.startswith("- "):
        return "steps:\n" + "".join(f"  {line}\n" for line in text.splitlines())
    if text.startswith("params:"):
        return _STEP + "".join(f"    {line}\n" for line in [*text.splitlines(), '  prompt: "a mill"'])
    if "steps:" not in text:
        return text + _STEP + '    params: {prompt: "a mill"}\n'
    return text
