"""From YAML events to plain values, with the place of every key and value.

The events come from PyYAML (its C parser where there is one); what they mean is settled here, because a
pipeline must not lose a duplicate key, a ``NO`` or a tag without a word. Places are indexes into the text: a
flat list of integers for each list (one an item) and each mapping (two a key: the key's and the value's).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml import events

from acp_action.config import yaml_faults as faults
from acp_action.config.scalars import plain_value
from acp_action.config.stumble import Stumble
from acp_action.config.syntax import explain
from acp_action.config.text import FORBIDDEN, Fault, Lines
from acp_action.config.yaml_anchors import Anchors
from acp_action.config.yaml_events import events_of, ignore, span_of, start_of
from acp_action.config.yaml_nodes import DROPPED, ITEM, MERGED, WANTED, Frame, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

_TEMPLATE: Final = re.compile(r"\{\{[^{}\r\n]*\}\}")


def parse_tree(text: str) -> Tree:
    """Read a text; never raises for what the text holds."""
    return _Builder(text).build()


class _Stopped(Exception):  # noqa: N818 - a signal within this module
    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


class _Builder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tree = Tree()
        self._faults = self._tree.faults
        self._frame = Frame([], ITEM, 0, None)
        self._stack: list[Frame] = []
        self._keys: dict[str, str] = {}
        self._plain: dict[str, Any] = {}
        self._anchors = Anchors()
        self._documents = 0
        self._last: events.Event | None = None
        self._closed: list[int] = []
        self._has_escapes = "\\" in text
        self._skipped = 0
        self._template = (0, 0)
        self._reading: dict[type, Callable[[Any], None]] = {
            events.ScalarEvent: self._scalar,
            events.MappingStartEvent: self._open_mapping,
            events.SequenceStartEvent: self._open_list,
            events.MappingEndEvent: self._close,
            events.SequenceEndEvent: self._close,
            events.AliasEvent: self._alias,
            events.DocumentStartEvent: self._document,
            events.DocumentEndEvent: ignore,
            events.StreamStartEvent: ignore,
            events.StreamEndEvent: ignore,
        }
        self._skipping: dict[type, Callable[[Any], None]] = {
            **dict.fromkeys(self._reading, ignore),
            events.MappingStartEvent: self._skip_deeper,
            events.MappingEndEvent: self._skip_out,
        }
        self._on = self._reading

    def build(self) -> Tree:
        try:
            for event in iter(events_of(self._text).get_event, None):
                self._on[type(event)](event)
        except _Stopped as stop:
            self._tree.error = stop.fault
        except yaml.MarkedYAMLError as error:
            self._tree.error = explain(self._stumble(error))
        return self._finished()

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    # --- values

    def _scalar(self, event: events.ScalarEvent) -> None:
        # Four of five events are scalars, so this does by itself what _key and _add do for the rare cases.
        frame = self._frame
        value: Any = event.value
        start = event.start_mark.index  # type: ignore[union-attr]
        self._last = event
        if event.tag is not None or event.anchor is not None:
            self._decorated(event, start)
        key = frame.key
        if key is WANTED:
            if not value or value == "<<" or value in frame.value:
                self._key(value, start, plain=event.implicit[0])
            else:
                frame.key = self._keys.setdefault(value, value)
                frame.key_start = start
            return
        if event.implicit[0]:
            value = self._plain[value] if value in self._plain else self._learn(value)
        elif self._has_escapes and FORBIDDEN.search(value):
            self._faults.append(faults.bad_escape(start))
        if key.__class__ is str:
            frame.value[key] = value
            frame.marks += (frame.key_start, start)
            frame.key = WANTED
        else:
            self._add(value, start)

    def _learn(self, text: str) -> Any:
        """Remember what an unquoted text means: most of them stand in every step."""
        value = self._plain[text] = plain_value(text)
        return value

    def _decorated(self, event: events.ScalarEvent, start: int) -> None:
        if event.tag is not None:
            self._faults.append(faults.bad_tag(start, event.tag))
        if event.anchor is not None:
            value = plain_value(event.value) if event.implicit[0] else event.value
            self._anchors.finish(event.anchor, value)

    def _add(self, value: Any, start: int) -> None:
        frame = self._frame
        key = frame.key
        if key is ITEM:
            frame.value.append(value)
            frame.marks.append(start)
            return
        if key is MERGED:
            frame.merged.append((value, start))
        elif key is not DROPPED:
            frame.value[key] = value
            frame.marks += (frame.key_start, start)
        frame.key = WANTED

    def _key(self, key: str, start: int, *, plain: bool) -> None:
        frame = self._frame
        frame.key_start = start
        frame.key = DROPPED
        if key in frame.value:
            first = self._lines.position(frame.marks[2 * list(frame.value).index(key)])
            self._faults.append(faults.duplicate_key(start, key, first))
        elif plain and not key:
            self._faults.append(faults.missing_key(start))
        elif plain and key == "<<":
            frame.key = MERGED
        else:
            frame.key = self._keys.setdefault(key, key)

    # --- lists and mappings

    def _open_mapping(self, event: events.MappingStartEvent) -> None:
        start = start_of(event)
        if self._text.startswith("{{", start) and (match := _TEMPLATE.match(self._text, start)):
            self._template = match.span()
            self._skipped = 1
            self._on = self._skipping
            return
        self._open(Frame({}, WANTED, start, event.anchor), event)

    def _open_list(self, event: events.SequenceStartEvent) -> None:
        self._open(Frame([], ITEM, start_of(event), event.anchor), event)

    def _open(self, frame: Frame, event: events.MappingStartEvent | events.SequenceStartEvent) -> None:
        if event.tag is not None:
            self._faults.append(faults.bad_tag(frame.start, event.tag))
        if event.anchor is not None:
            self._anchors.begin(event.anchor)
        if len(self._stack) >= faults.DEEPEST:
            raise _Stopped(faults.too_deep(frame.start))
        self._stack.append(self._frame)
        self._frame = frame

    def _close(self, event: events.MappingEndEvent | events.SequenceEndEvent) -> None:
        if not isinstance(self._last, events.CollectionEndEvent):
            self._closed = []
        self._closed.append(self._frame.start)
        self._last = event
        self._pop()

    def _pop(self) -> None:
        frame = self._frame
        self._frame = self._stack.pop()
        for value, start in frame.merged:
            self._merge(frame, value, start)
        self._tree.marks[id(frame.value)] = frame.marks
        if frame.anchor is not None:
            self._anchors.finish(frame.anchor, frame.value)
        if self._frame.key is WANTED:
            self._refuse_key(frame.start)
        else:
            self._add(frame.value, frame.start)

    # --- an unquoted template, which YAML takes for a mapping in a mapping

    def _skip_deeper(self, _event: events.MappingStartEvent) -> None:
        self._skipped += 1

    def _skip_out(self, _event: events.MappingEndEvent) -> None:
        self._skipped -= 1
        if self._skipped:
            return
        self._on = self._reading
        start, end = self._template
        text = self._text[start:end]
        self._faults.append(faults.bare_template(start, text))
        if self._frame.key is WANTED:
            self._key(text, start, plain=False)
        else:
            self._add(text, start)

    def _refuse_key(self, start: int) -> None:
        self._frame.key = DROPPED
        self._faults.append(faults.bad_key(start))

    # --- aliases

    def _alias(self, event: events.AliasEvent) -> None:
        start = start_of(event)
        name = str(event.anchor)
        value: Any = f"*{name}"
        if not self._anchors.is_known(name):
            self._faults.append(faults.unknown_alias(start, name))
        elif self._anchors.is_open(name):
            self._faults.append(faults.open_alias(start, name))
        else:
            value, height = self._anchors.use(name)
            self._check_alias(start, height)
        if self._frame.key is not WANTED:
            self._add(value, start)
        elif isinstance(value, str):
            self._key(value, start, plain=False)
        else:
            self._refuse_key(start)

    def _check_alias(self, start: int, height: int) -> None:
        if self._anchors.are_too_many:
            raise _Stopped(faults.too_many_aliases(start))
        if len(self._stack) + height > faults.DEEPEST:
            raise _Stopped(faults.too_deep(start))

    def _merge(self, frame: Frame, value: Any, start: int) -> None:
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                self._faults.append(faults.bad_merge(start))
                return
            frame.take_over(source, self._tree.marks[id(source)])

    def _document(self, event: events.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Stopped(faults.second_document(start_of(event)))

    # --- the end

    def _stumble(self, error: yaml.MarkedYAMLError) -> Stumble:
        index = error.problem_mark.index if error.problem_mark else 0
        last = span_of(self._last) if self._last else (0, 0)
        return Stumble(
            text=self._text,
            index=index,
            context=error.context_mark.index if error.context_mark else index,
            problem=error.problem or "",
            last=last,
            open_at=[frame.start for frame in [*self._stack, self._frame][1:]],
            closed_at=self._closed if isinstance(self._last, events.CollectionEndEvent) else (),
        )

    def _finished(self) -> Tree:
        # After an error the open lists and mappings are closed as they are, so that problems can be placed.
        # What is closed too early is no further fault.
        self._faults = []
        while self._stack:
            if self._frame.key is not WANTED and self._frame.key is not ITEM:
                self._add(None, self._frame.key_start)
            self._pop()
        root, tree = self._frame, self._tree
        if root.value:
            tree.value, tree.start = root.value[0], root.marks[0]
        return tree
