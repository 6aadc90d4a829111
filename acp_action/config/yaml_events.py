"""The event stream of a YAML text: from libyaml where PyYAML has it, else from PyYAML's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import yaml

if TYPE_CHECKING:
    from yaml.events import Event


class EventStream(Protocol):
    """Gives one event after the other; raises ``yaml.MarkedYAMLError`` where the text is no YAML."""

    def get_event(self) -> Event | None:
        """The next event, None after the last one."""
        ...


def events_of(text: str) -> EventStream:
    """The events of a text without forbidden characters; their marks hold indexes into the text."""
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return CParser(text)
    return PurePythonParser(text)


def start_of(event: Event) -> int:
    """Where an event begins, as an index into the text."""
    return event.start_mark.index  # type: ignore[union-attr]  # every event of a parser has its marks


def span_of(event: Event) -> tuple[int, int]:
    """Where an event begins and ends."""
    return start_of(event), event.end_mark.index  # type: ignore[union-attr]


def ignore(_event: Event) -> None:
    """Take no notice of an event."""


class PurePythonParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's parser in Python: the same events twenty times slower."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
