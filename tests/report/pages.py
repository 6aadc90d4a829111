"""A page as a parser reads it: its tags, its attributes, and what a person sees."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = {"script", "style", "title"}
_VOID = {"meta", "link", "img", "input", "br"}
_INLINE = {"bdi", "b", "a", "span", "time", "i"}


class Page(HTMLParser):
    """``tags`` in order with their attributes; ``cards``: what is shown of each step, by its ``id``."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.within: dict[str, str] = {"script": "", "style": ""}
        self.unclosed: list[str] = []
        self.cards: dict[str, str] = {}
        self._shown: list[str] = []
        self._card = ("", 0)
        self.feed(source)
        self.close()

    @property
    def text(self) -> str:
        """What is shown, white space made one space."""
        return self._since(0)

    def _since(self, start: int) -> str:
        return re.sub(r"\s+", " ", "".join(self._shown[start:])).strip()

    def _apart(self, tag: str) -> None:
        if tag not in _INLINE:
            self._shown.append(" ")

    def of(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each tag of a name."""
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, *names: str) -> list[str]:
        """The values of these attributes, wherever they stand."""
        return [value for _, attributes in self.tags for name, value in attributes.items() if name in names]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._apart(tag)
        if tag == "article":
            self._card = (self.tags[-1][1]["id"], len(self._shown))
        if tag not in _VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Hold tags against each other: a page in which they cross was broken out of."""
        assert self.unclosed[-1] == tag, f"</{tag}> in {self.unclosed}"
        self.unclosed.pop()
        self._apart(tag)
        if tag == "article":
            self.cards[self._card[0]] = self._since(self._card[1])

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self.unclosed and self.unclosed[-1] in self.within:
            self.within[self.unclosed[-1]] += data
        elif not _UNSEEN & set(self.unclosed):
            self._shown.append(data)
