"""What is refused although YAML allows it, in words: one function a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acp_action.config.text import Fault, quoted, shown
from acp_action.config.yaml_anchors import MOST_ALIASED

if TYPE_CHECKING:
    from acp_action.errors import Position

DEEPEST: Final = 50
"""Lists and mappings within each other; far more than groups in groups with nested params need."""


def too_deep(start: int) -> Fault:
    """Lists and mappings nested beyond reason."""
    return Fault(start, f"more than {DEEPEST} lists and mappings within each other", "write it flatter")


def too_many_aliases(start: int) -> Fault:
    """An alias bomb."""
    what = f"the aliases up to here stand for more than {MOST_ALIASED:,} values"
    return Fault(start, what, "write out what is needed instead of nesting aliases")


def second_document(start: int) -> Fault:
    """Two documents in a file."""
    what = "a second document begins here; a file holds one pipeline"
    return Fault(start, what, "delete the line with ---, or move the rest into a file of its own")


def duplicate_key(start: int, key: str, first: Position) -> Fault:
    """A key that stands twice in one mapping."""
    what = f"the key {shown(key)} stands here twice, first in line {first.line}, column {first.column}"
    return Fault(start, what, "keep one of them")


def missing_key(start: int) -> Fault:
    """A colon with nothing before it."""
    return Fault(start, "there is no key before the colon", "write key: value")


def bad_key(start: int) -> Fault:
    """A list or mapping as a key."""
    return Fault(
        start, "a key must be a text, not a list or mapping", "put it in quotes if it is meant as a text"
    )


def bad_tag(start: int, tag: str) -> Fault:
    """A type tag, ours or Python's or anybody's."""
    name = shown(tag.replace("tag:yaml.org,2002:", "!!"))
    return Fault(
        start, f"the tag {name}; pipelines have no tags", "delete it, or quote the text that begins with it"
    )


def bad_escape(start: int) -> Fault:
    """A control character written as an escape."""
    return Fault(start, "an escape in this text makes an invisible character", "take it out")


def bad_merge(start: int) -> Fault:
    """A ``<<`` without a mapping."""
    return Fault(start, "<< takes over the keys of a mapping, and this is none", "write <<: *anchor")


def open_alias(start: int, name: str) -> Fault:
    """An alias that would hold itself."""
    return Fault(start, f"the alias *{name} stands within what it stands for", "write out what is meant")


def unknown_alias(start: int, name: str) -> Fault:
    """An alias without an anchor: most often an unquoted text."""
    what = f"a value that begins with * stands for an anchor, and there is no &{name} above"
    return Fault(start, what, f"quote it if it is a text: {quoted('*' + name)}")


def bare_template(start: int, text: str) -> Fault:
    """A template that YAML takes for a mapping in a mapping."""
    return Fault(start, "a text that begins with a template needs quotes", f"quote it: {quoted(text)}")
