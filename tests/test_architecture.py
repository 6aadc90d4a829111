"""The shape of the house: who may import whom, who may print, wait or call out, and how long a thing may be.

Each rule walks the syntax trees of the whole package, so a new module is held to it from its first line.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

import acp_action

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

PACKAGE = Path(acp_action.__path__[0])

# From the ground up. A room may import the rooms below it, and a neighbour that does not import it back.
LEVELS = (
    ("errors", "events", "artifacts", "redaction"),
    ("config", "catalogue"),
    ("providers",),
    ("plan",),
    ("engine",),
    ("report", "store"),
    ("api", "progress", "github"),
    ("cli", "compat", "__init__", "__main__"),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

BANNED_WORDS = {"manager", "handler", "helper", "util", "service", "processor", "data", "info"}
PUBLIC_MANAGERS = {"AIPipelineManager", "AsyncAIPipelineManager"}
MAY_PRINT = {"cli", "progress", "__main__"}
MAY_CALL_OUT = {"providers/http.py", "github/artifacts.py"}
# What the connections of the first are made of: no requests, but sockets, and what TLS trusts.
MAY_OPEN_SOCKETS = MAY_CALL_OUT | {"providers/wire/sockets.py"}
NETWORK = {"requests", "urllib3", "httpx", "http", "socket", "ssl"}
MAY_READ_ENVIRONMENT = {"api", "cli", "progress", "github", "__main__"}
MODULE_LINES = 300
FUNCTION_LINES = 60


@dataclass(frozen=True)
class Module:
    """One file of the package: its place, the room it belongs to, its text and its syntax tree."""

    place: str
    room: str
    text: str
    tree: ast.Module


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, in order of place."""
    return tuple(read(path) for path in sorted(PACKAGE.rglob("*.py")))


def read(path: Path) -> Module:
    """One module, parsed."""
    inside = path.relative_to(PACKAGE)
    text = path.read_text(encoding="utf-8")
    return Module(inside.as_posix(), inside.parts[0].removesuffix(".py"), text, ast.parse(text))


def walk(node: ast.AST, *, types_too: bool) -> Iterator[ast.AST]:
    """Every node below one; without what only a type checker reads, unless ``types_too``."""
    for child in ast.iter_child_nodes(node):
        if not types_too and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from walk(child, types_too=types_too)


def imports(module: Module, *, types_too: bool = True) -> Iterator[str]:
    """The dotted names that a module imports, at its top or within functions."""
    for node in walk(module.tree, types_too=types_too):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def rooms_used(module: Module, *, types_too: bool = False) -> set[str]:
    """The other rooms of the package that a module imports from."""
    names = (name.split(".") for name in imports(module, types_too=types_too))
    rooms = {parts[1] if len(parts) > 1 else "__init__" for parts in names if parts[0] == "acp_action"}
    # What is no room is a name of the package's own front door.
    return {room if room in LEVEL else "__init__" for room in rooms} - {module.room}


def calls(module: Module) -> set[str]:
    """What a module calls, as written: ``print``, ``time.sleep``."""
    return {ast.unparse(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}


Definition: TypeAlias = "ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef"


def definitions(module: Module) -> list[Definition]:
    """Every class and function of a module, at any depth."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(module.tree) if isinstance(node, kinds)]


def public(body: Iterable[ast.stmt]) -> Iterator[Definition]:
    """The classes and functions that can be reached from outside: not private, not magic, not an overload."""
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        overload = any(ast.unparse(d).endswith(("overload", ".setter")) for d in node.decorator_list)
        if node.name.startswith("_") or overload:
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from public(node.body)


def words(name: str) -> set[str]:
    """The words of a name, in lower case and singular.

    >>> sorted(words("YamlLoader_utils"))
    ['loader', 'util', 'yaml']
    """
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {
        part.lower() if part.lower() in BANNED_WORDS else part.lower().removesuffix("s") for part in parts
    }


def offences(rule: Callable[[Module], Collection[str]]) -> dict[str, Collection[str]]:
    """What breaks a rule, by the module it stands in."""
    return {module.place: found for module in modules() if (found := rule(module))}


def test_every_room_stands_on_a_level() -> None:
    """Every room of the house is in the table above; a new one takes its place there first."""
    assert {m.room for m in modules()} - set(LEVEL) == set()


def test_imports_point_down() -> None:
    """A module imports its own room, its neighbours and what is below, never what is above."""
    assert offences(lambda m: {r for r in rooms_used(m) if LEVEL[r] > LEVEL.get(m.room, 0)}) == {}


def test_no_rooms_import_each_other() -> None:
    """Neighbours on one level may lean on each other in one direction only."""
    used = {(m.room, room) for m in modules() for room in rooms_used(m)}
    assert {pair for pair in used if (pair[1], pair[0]) in used} == set()


def test_imports_are_absolute() -> None:
    """An import says the whole path, so that a module can be read anywhere."""
    assert offences(lambda m: [name for name in imports(m) if name.startswith(".")]) == {}


def test_only_the_rim_prints() -> None:
    """What the program says leaves through the command line and the progress display."""
    assert {m.place for m in modules() if "print" in calls(m) and m.room not in MAY_PRINT} == set()


def test_only_the_rim_reads_the_environment() -> None:
    """Settings and keys are handed in; nothing deeper looks for them behind the caller's back."""
    reads = re.compile(r"\bos\.(?:environ|getenv)\b")
    assert offences(lambda m: [] if m.room in MAY_READ_ENVIRONMENT else reads.findall(m.text)) == {}


def test_only_few_modules_call_out() -> None:
    """The network is reached from one place for the providers, and from one for artifacts."""
    found = offences(lambda m: {n.partition(".")[0] for n in imports(m, types_too=False)} & NETWORK)
    assert {place for place, used in found.items() if {*used} - {"socket", "ssl"}} == MAY_CALL_OUT
    assert set(found) == MAY_OPEN_SOCKETS


def test_nothing_sleeps() -> None:
    """All waiting is on events, so that it can end early and tests need no time."""
    assert offences(lambda m: {"time.sleep"} & {*calls(m), *imports(m)}) == {}


def test_names_say_what_a_thing_is() -> None:
    """No class or module hides behind a word that fits anything."""

    def vague(module: Module) -> set[str]:
        names = {node.name for node in definitions(module) if isinstance(node, ast.ClassDef)}
        names |= {Path(part).stem for part in Path(module.place).parts}
        return {name for name in names - PUBLIC_MANAGERS if words(name) & BANNED_WORDS}

    assert offences(vague) == {}


def test_modules_are_short() -> None:
    """A module fits into the head."""
    assert {m.place for m in modules() if m.text.count("\n") > MODULE_LINES} == set()


def test_functions_are_short() -> None:
    """A function fits on the screen."""

    def long(module: Module) -> list[str]:
        functions = [node for node in definitions(module) if not isinstance(node, ast.ClassDef)]
        return [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= FUNCTION_LINES]

    assert offences(long) == {}


def test_what_is_public_is_documented() -> None:
    """Every module, public class and public function says what a caller gets."""

    def silent(module: Module) -> list[str]:
        bare = [node.name for node in public(module.tree.body) if not ast.get_docstring(node)]
        return bare if ast.get_docstring(module.tree) else ["the module", *bare]

    assert offences(silent) == {}


@pytest.mark.parametrize(
    ("name", "banned"),
    [
        ("RunManager", True),
        ("path_utils", True),
        ("MetaData", True),
        ("HTTPHandler", True),
        ("Datasheet", False),
        ("Information", False),
        ("step_types", False),
    ],
)
def test_banned_words_are_found_as_words(name: str, banned: bool) -> None:
    """A banned word counts where it stands as a word of the name, in either spelling and number."""
    assert bool(words(name) & BANNED_WORDS) == banned


@pytest.mark.parametrize(
    ("code", "rooms"),
    [
        ("from acp_action.engine import run", {"engine"}),
        ("import acp_action.cli", {"cli"}),
        ("from acp_action import AIPipelineManager", {"__init__"}),
        ("def f():\n    from acp_action.api import x", {"api"}),
        ("if TYPE_CHECKING:\n    from acp_action.api import x", set()),
        ("from acp_action.plan.model import Plan", set()),
    ],
)
def test_imports_are_seen(code: str, rooms: set[str]) -> None:
    """The rule on imports sees late ones and front-door ones, and leaves out those for types."""
    assert rooms_used(Module("plan/x.py", "plan", code, ast.parse(code))) == rooms
