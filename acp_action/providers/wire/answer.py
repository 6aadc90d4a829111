"""An answer of a provider, and what its texts say."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST: Final = 300
_DEEPEST: Final = 6
# What is looked at of an error's body; it may be a whole page.
_HEAD: Final = 64 * 1024
_TAG: Final = re.compile(r"<[^<>]*>")
_TITLE: Final = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
# The keys under which providers say in words what is wrong, the most telling first.
_WORDS: Final = ("message", "msg", "detail", "error", "errors", "title", "description")


class Answer(NamedTuple):
    """A whole answer. ``headers``: names in lower case. ``url``: what was asked, without its query."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> Any:
        """The body as JSON. Raises ValueError for what is none."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("the JSON is nested too deeply") from error

    @property
    def text(self) -> str:
        """The beginning of the body as text, whatever its bytes are."""
        return self.body[:_HEAD].decode("utf-8", "replace")

    @property
    def tree(self) -> Any:
        """The body as JSON, None where it is none."""
        try:
            return self.json()
        except ValueError:
            return None

    @property
    def said(self) -> str:
        """What the provider says in words, at most 300 characters, without secrets; empty for nothing."""
        tree = self.tree
        if isinstance(tree, dict | list):
            words = "; ".join(dict.fromkeys(_sentences(tree))) or self.text
        else:
            words = _page(self.text)
        return excerpt(words)


def excerpt(text: str, longest: int = _LONGEST) -> str:
    r"""A text from elsewhere as one line for messages: without secrets and controls, and cut.

    >>> excerpt("a\n  b")
    'a b'
    """
    # Redacted before it is cut: half a key is found by nobody.
    line = " ".join("".join(c if c.isprintable() else " " for c in redact(text)).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _page(text: str) -> str:
    """What an HTML page is called, or the text itself."""
    if not re.match(r"\s*<(?:!doctype|html|head|body|\?xml)", text, re.IGNORECASE):
        return text
    title = _TITLE.search(text)
    return f"a page: {unescape(title[1] if title else _TAG.sub(' ', text[:2000])).strip()}"


def _sentences(value: Any, depth: int = 0) -> Iterator[str]:
    """The words in an error's body, with the field that they are about."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value[:5]:
            yield from _sentences(item, depth + 1)
    elif isinstance(value, dict):
        place = _field(value)
        for key in _WORDS:
            if value.get(key):
                for sentence in _sentences(value[key], depth + 1):
                    yield f"{place}: {sentence}" if place else sentence
                if key != "title":
                    return


def _field(value: Mapping[str, Any]) -> str:
    """The field of the request that an error names: fal's and FastAPI's ``loc``, OpenAI's ``param``."""
    place = value.get("loc")
    if isinstance(place, list):
        return ".".join(str(part)[:60] for part in place[:8] if part != "body")
    named = value.get("param")
    return named[:60] if isinstance(named, str) else ""
