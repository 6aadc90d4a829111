"""What a YAML parser stumbled over, in words that say how to mend the line.

The parser says where it gave up; why is read off the text around that place. The rules are tried in order,
the first that fits speaks. A fault that is confined to one value names that piece, so that the reader can
blank it out and find the other problems of the file too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from acp_action.config.stumble import CLOSING, COMMENT
from acp_action.config.text import Fault, Lines, quoted, shown
from acp_action.config.yaml_faults import too_deep

if TYPE_CHECKING:
    from collections.abc import Callable

    from acp_action.config.stumble import Stumble

_RESERVED: Final = {
    "*": "stands for an anchor of that name",
    "&": "sets an anchor",
    "!": "sets a type tag",
    "%": "is kept for directives",
    "@": "is kept for later use by YAML",
    "`": "is kept for later use by YAML",
    ",": "separates the items of a list",
    "|": "begins a text on the lines below",
    ">": "begins a text on the lines below",
    "?": "begins a key",
    "[": "begins a list",
    "{": "begins a mapping",
}
_TIGHT_COLON: Final = re.compile(r"(?P<key>[A-Za-z_][\w-]*):(?P<rest>[^\s:/][^\n]*)")


def explain(stumble: Stumble) -> Fault:
    """The fault in our words, at the place where it is to be mended."""
    return next(fault for rule in _RULES if (fault := rule(stumble)))


def _depth(s: Stumble) -> Fault | None:
    return too_deep(s.index) if "nesting depth" in s.problem else None


def _tab(s: Stumble) -> Fault | None:
    line = s.text[s.line_start : s.index + 1]
    if "\t" not in line or line.strip():
        return None
    more = len(re.findall(r"(?m)^ *\t", s.text)) - 1
    also = f" (also in {more} other line{'s' if more > 1 else ''})" if more > 0 else ""
    return Fault(s.line_start + line.index("\t"), f"a tab in the indentation{also}", "use spaces only")


def _stray_mark(s: Stumble) -> Fault | None:
    if "cannot start any token" not in s.problem:
        return None
    mark = s.text[s.index]
    if mark == "\t":
        return Fault(s.index, "a tab where a space is expected", "use spaces only")
    if s.item[0] == s.index:
        return None
    return Fault(s.index, f"{mark} cannot stand here", "quote the text it belongs to")


def _open_quote(s: Stumble) -> Fault | None:
    if "unexpected end of stream" not in s.problem:
        return None
    mark = s.text[s.context : s.context + 1]
    return Fault(
        s.context, f"the quote {mark} opened here is never closed", f"put {mark} at the end of the text"
    )


def _escape(s: Stumble) -> Fault | None:
    if "escape" not in s.problem and "hexdecimal" not in s.problem and "hexadecimal" not in s.problem:
        return None
    slash = s.text.rfind("\\", s.context, s.index + 1)
    if slash < 0:
        return None
    found = s.text[slash : slash + (6 if s.text[slash + 1 : slash + 2] in "uU" else 2)]
    mend = "write \\\\ for a backslash, or put the text in single quotes"
    if re.match(r"\\u[dD][89a-fA-F]", found):
        mend = "write the character itself instead of its two halves"
    return Fault(slash, f"{found} means nothing in double quotes", mend, (slash, slash + 1))


def _directive(s: Stumble) -> Fault | None:
    if "directive" not in s.problem and not s.text.startswith("%", s.line_start):
        return None
    return Fault(
        s.line_start, "a line that begins with % is a YAML directive", "delete the line, or quote the text"
    )


def _second_quote(s: Stumble) -> Fault | None:
    start, end = s.last
    mark = s.text[start : start + 1]
    if mark not in ("'", '"') or not start < end <= s.index or s.text[end : s.index].strip(" \t"):
        return None
    if "\n" in s.text[start:end]:
        line = Lines(s.text).position(end - 1).line
        return Fault(
            start, f"the quote {mark} opened here is closed only in line {line}", f"close it with {mark}"
        )
    stop = s.item[1]
    whole = s.text[start:stop]
    inner = whole[1:-1] if whole[0] == whole[-1] else whole
    mend = f"put all of it in quotes: {quoted(inner)}"
    return Fault(s.index, "the text goes on after its closing quote", mend, (start, stop))


def _template(s: Stumble) -> Fault | None:
    start = s.text.find("{{", s.line_start, s.index + 1)
    if start < 0 or s.text.count('"', s.line_start, start) % 2:
        return None
    begin, stop = s.item
    begin = min(begin, start)
    mend = f"quote it: {quoted(s.text[begin:stop])}"
    return Fault(begin, "a text that begins with a template needs quotes", mend, (begin, stop))


def _reserved(s: Stumble) -> Fault | None:
    start, stop = s.item
    mark = s.text[start : start + 1]
    if mark not in _RESERVED or start > s.index or s.index == len(s.text):
        return None
    if mark in CLOSING and (s.bracket is not None or s.last[1] <= start):
        return None
    whole = s.text[start:stop]
    if mark in "|>":
        mend = f"begin the text on the next line, or quote it: {quoted(whole)}"
        return Fault(start, f"text on the line of {mark}", mend, (start, stop))
    what = f"a value that begins with {mark}, which {_RESERVED[mark]}"
    return Fault(start, what, f"quote it: {quoted(whole)}", (start, stop))


def _closes_nothing(s: Stumble) -> Fault | None:
    mark = s.text[s.index : s.index + 1]
    if mark not in ("]", "}") or s.bracket is not None:
        return None
    return Fault(s.index, f"this {mark} closes nothing", "delete it, or quote the text", s.item)


def _no_key(s: Stumble) -> Fault | None:
    if not re.match(r":(?=\s)", s.text[s.index : s.index + 2]) or s.item[0] < s.index:
        return None
    return Fault(s.index, "there is no key before the colon", "write key: value")


def _bracket(s: Stumble) -> Fault | None:
    if s.bracket is None:
        return None
    mark = s.text[s.bracket]
    if s.index >= len(s.text.rstrip()) or "\n" in s.text[s.bracket : s.index]:
        if cut := _cut_bracket(s, s.bracket):
            return cut
        what = f"the {mark} opened here is not closed" + (
            "" if s.index >= len(s.text.rstrip()) else f" before line {Lines(s.text).position(s.index).line}"
        )
        return Fault(s.bracket, what, f"close it with {CLOSING[mark]}, and put commas between the items")
    return Fault(
        s.index,
        f"this does not fit into the {'list' if mark == '[' else 'mapping'} that {mark} began",
        "put commas between the items, and quotes around texts that hold , : [ ] { or }",
    )


def _cut_bracket(s: Stumble, bracket: int) -> Fault | None:
    closing = CLOSING[s.text[bracket]]
    for comment in COMMENT.finditer(s.text, bracket, s.index):
        line = s.text.rfind("\n", 0, comment.start()) + 1
        in_quotes = any(s.text.count(mark, line, comment.start()) % 2 for mark in "\"'")
        if closing in s.text[comment.end() :].partition("\n")[0] and not in_quotes:
            what = f"' #' begins a comment, which takes the {closing} with it"
            return Fault(comment.end() - 1, what, "quote the text that holds the #")
    return None


def _colon(s: Stumble) -> Fault | None:
    in_brackets = s.bracket is not None and s.text.startswith(":", s.index)
    if "mapping values are not allowed" not in s.problem and not in_brackets:
        return None
    start, _ = s.last
    if in_brackets and start < s.line_start:
        return None
    if start < s.line_start and s.text[start : start + 1] not in ("'", '"'):
        return _tight_colon(s.text, start) or _deeper_key(s, start)
    begin, stop = s.item
    what = "': ' within an unquoted text reads as 'key: value'"
    return Fault(s.index, what, f"quote the text: {quoted(s.text[begin:stop])}", (begin, stop))


def _tight_colon(text: str, start: int) -> Fault | None:
    match = _TIGHT_COLON.match(text, start)
    if not match:
        return None
    mend = f"write {match['key']}: {shown(match['rest'].rstrip(), 40)[1:-1]}"
    return Fault(match.end("key"), "there is no space after the colon", mend, match.span())


def _deeper_key(s: Stumble, start: int) -> Fault:
    begin = s.text.rfind("\n", 0, start) + 1
    if not s.text[begin:start].strip():
        return _no_sense(s.text, start)
    place = s.line_start + len(s.text[s.line_start : s.index]) - len(s.text[s.line_start : s.index].lstrip())
    return Fault(
        place,
        "this key stands deeper than the line above, which has a value already",
        "begin it below the key above, or quote the text above if it goes on here",
    )


def _no_sense(text: str, start: int) -> Fault:
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    what = "this line is neither 'key: value' nor '- item'"
    return Fault(start, what, "give it a key, or quote the text it belongs to", (start, stop))


def _no_colon(s: Stumble) -> Fault | None:
    if "could not find expected ':'" not in s.problem:
        return None
    match = re.compile(r"-(?P<rest>[^\s-][^\n]*)").match(s.text, s.context)
    if match:
        mend = f"write - {shown(match['rest'].rstrip(), 40)[1:-1]}"
        return Fault(s.context, "there is no space after the dash", mend, match.span())
    return _tight_colon(s.text, s.context) or _no_sense(s.text, s.context)


def _dash(s: Stumble) -> Fault | None:
    if "sequence entries are not allowed" not in s.problem:
        return None
    mend = f"begin the list on the next line, or quote the text: {quoted(s.text[slice(*s.item)])}"
    return Fault(s.index, "a list cannot begin on the line of its key", mend, s.item)


def _cut_text(s: Stumble) -> Fault | None:
    start, end = s.last
    comment = COMMENT.match(s.text, end)
    between = s.text[end : s.line_start]
    if not comment or not start < end or between.count("\n") != 1 or s.text[start] in "\"'|>[{":
        return None
    what = "' #' begins a comment here, and the text goes on below"
    return Fault(comment.end() - 1, what, "quote the text, or move the comment to a line of its own")


def _stray_item(s: Stumble) -> Fault | None:
    if not re.match(r"-(?=\s)", s.text[s.index : s.index + 2]) or s.text[s.line_start : s.index].strip():
        return None
    mend = "a list stands below a key of its own (steps:), its dashes in one column"
    return Fault(s.index, "a list item where a key is expected", mend)


def _indentation(s: Stumble) -> Fault | None:
    if s.text[s.line_start : s.index].strip() or s.index >= len(s.text.rstrip()):
        return None
    is_item = s.text.startswith("-", s.index)
    blocks = [i for i in (*s.open_at, *s.closed_at) if s.text[i] not in CLOSING]
    starts = [i for i in blocks if s.text.startswith("-", i) == is_item]
    columns = sorted({Lines(s.text).position(i).column for i in starts})
    what = "this line does not line up with the lines above"
    mend = (
        f"begin it in column {' or '.join(map(str, columns))}"
        if columns
        else "give neighbours one indentation"
    )
    return Fault(s.index, what, mend)


def _other(s: Stumble) -> Fault:
    return Fault(
        s.index, "this does not fit here", "check the indentation, the colons and the quotes around it"
    )


_RULES: Final[tuple[Callable[[Stumble], Fault | None], ...]] = (
    _depth, _tab, _stray_mark, _open_quote, _escape, _directive, _no_key, _second_quote, _template, _colon,
    _dash, _closes_nothing, _reserved, _bracket, _no_colon, _cut_text, _stray_item, _indentation, _other,
)  # fmt: skip
