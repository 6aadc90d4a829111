"""What a runner makes of a step's output and of its command files, ported from the runners' sources.

``runner``: actions/runner, ``ActionCommand`` and ``FileCommandManager``. ``act``: nektos/act, ``command.go``.
Any name counts as a command here, while the runners know only some: what is harmless here is so there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# What .NET trims: char.IsWhiteSpace.
WHITE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# StartsWith and IndexOf go by culture there, and by that rule these characters are not there at all.
IGNORED = "\x00\x01\x1b\xad\u034f\u115f\u200b\u200d\u2060\ufe0f\ufeff\U000e0100"


class Command(NamedTuple):
    """A command that a runner carries out."""

    name: str
    properties: dict[str, str]
    data: str


def split_lines(text: str) -> list[str]:
    """The lines that .NET's StreamReader finds: CR, LF and CRLF end one, nothing else does."""
    lines = re.split("\r\n|\r|\n", text)
    return lines[:-1] if lines[-1] == "" else lines


def _find(text: str, what: str, start: int = 0, *, culture: bool) -> int:
    if not culture:
        return text.find(what, start)
    gap = f"[{IGNORED}]*"
    found = re.compile(gap + gap.join(map(re.escape, what))).search(text, start)
    return found.start() if found else -1


def _unescape(text: str, escapes: str) -> str:
    for token in escapes:
        text = text.replace(f"%{ord(token):02X}", token)
    return text


def _properties(text: str, separator: str, escapes: str) -> dict[str, str]:
    found = {}
    for pair in filter(None, text.split(separator)):
        # .NET drops empty parts before it counts to two, so a value loses the signs it begins with.
        name, _, value = pair.lstrip("=").partition("=")
        value = value.lstrip("=")
        if name and value:
            found[name] = _unescape(value, escapes)
    return found


def parse_colons(line: str, *, culture: bool = False) -> Command | None:
    """``TryParseV2``: ``::name key=value,…::data`` at the start of a line, after any white space."""
    line = line.lstrip(WHITE)
    if _find(line, "::", culture=culture) != 0:
        return None
    end = _find(line, "::", 2, culture=culture)
    if end < 0:
        return None
    name, space, rest = line[2:end].partition(" ")
    properties = _properties(rest.strip(WHITE), ",", "\r\n:,%") if space and name else {}
    return Command(name.lower(), properties, _unescape(line[end + 2 :], "\r\n%"))


def parse_brackets(line: str, *, culture: bool = False) -> Command | None:
    """``TryParse``: ``##[name key=value;…]data`` anywhere in a line."""
    start = _find(line, "##[", culture=culture)
    end = line.find("]", start) if start >= 0 else -1
    if end < 0:
        return None
    name, space, rest = line[start + 3 : end].partition(" ")
    properties = _properties(rest, ";", ";\r\n]%") if space and name else {}
    return Command(name.lower(), properties, _unescape(line[end + 1 :], ";\r\n]%"))


def runner_command(line: str, *, culture: bool = False) -> Command | None:
    """The command that a line is, if any, as the runner sees it."""
    command = parse_colons(line, culture=culture) or parse_brackets(line, culture=culture)
    # What has no letter in its name is no command of any runner; culture leaves such remains.
    return command if command and re.fullmatch(r"[\w.-]+", command.name) else None


def runner_commands(text: str) -> list[Command]:
    """Every command in what a step wrote."""
    return [command for line in split_lines(text) if (command := runner_command(line))]


_ACT = (
    (re.compile("^::([^ ]+)( (.+))?::([^\r\n]*)[\r\n]+$"), ",", "\r\n:,%", "\r\n%"),
    (re.compile("^##\\[([^ ]+)( (.+))?\\]([^\r\n]*)[\r\n]+$"), ";", ";\r\n]%", ";\r\n]%"),
)


def act_command(line: str) -> Command | None:
    """The command that a line is as act sees it: only at its start, and up to its last ``::``."""
    for pattern, separator, escapes, data_escapes in _ACT:
        if found := pattern.match(f"{line}\n"):
            pairs = (pair.split("=") for pair in (found[3] or "").split(separator))
            properties = {pair[0]: _unescape(pair[1], escapes) for pair in pairs if len(pair) == 2}
            return Command(found[1], properties, _unescape(found[4], data_escapes))
    return None


def act_commands(text: str) -> list[Command]:
    """Every command in what a step wrote, as act sees it; only LF ends a line there."""
    return [command for line in text.split("\n") if (command := act_command(line))]


def read_outputs(text: str) -> dict[str, str]:
    """What the runner reads from GITHUB_OUTPUT. Raises ValueError where the runner fails the step."""
    outputs: dict[str, str] = {}
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    rest = iter(lines)
    for line in rest:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            outputs[line[:equals]] = line[equals + 1 :]
            continue
        if heredoc < 0:
            raise ValueError(f"Invalid format '{line}'")
        name, _, delimiter = line.partition("<<")
        if not name or not delimiter:
            raise ValueError(f"Invalid format '{line}'")
        outputs[name] = _heredoc(rest, delimiter)
    return outputs


def _heredoc(lines: Iterator[str], delimiter: str) -> str:
    value: list[str] = []
    for line in lines:
        if line == delimiter:
            return "\n".join(value)
        value.append(line)
    raise ValueError(f"Matching delimiter not found '{delimiter}'")
