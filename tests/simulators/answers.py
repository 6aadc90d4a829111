"""What simulated models say: the same words for the same question, JSON where a schema asks for it."""

from __future__ import annotations

import base64
import binascii
import io
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

# A token of text is about four characters, a picture costs a flat number; both as the vendors document it.
CHARACTERS_A_TOKEN: Final = 4
TOKENS_A_PICTURE: Final = 258


class BadInputError(Exception):
    """The input cannot be used; the text is the provider's message. ``param``: the field."""

    def __init__(self, message: str, param: str = "") -> None:
        super().__init__(message)
        self.param = param


def words(text: str) -> frozenset[str]:
    """The words of a text: a list of names that is easier to read than one in quotes."""
    return frozenset(text.split())


def tokens_of(text: str) -> int:
    """How many tokens a text counts as, at least one."""
    return max(1, len(text) // CHARACTERS_A_TOKEN)


class Question(NamedTuple):
    """What a model is asked: a text, how many pictures come along, the schema that the answer must fit."""

    text: str
    pictures: int = 0
    schema: Mapping[str, Any] | None = None

    @property
    def tokens(self) -> int:
        return tokens_of(self.text) + TOKENS_A_PICTURE * self.pictures


def answer_to(asked: Question) -> str:
    """What a model answers; it names the question, so that mixed-up answers show."""
    if asked.schema is not None:
        return json.dumps(_instance(asked.schema, asked.text))
    pictures = asked.pictures
    seen = f" It shows {pictures} picture{'s' * (pictures != 1)}." if pictures else ""
    return f"An answer to: {asked.text.rstrip('.?! ')}.{seen}"


def _instance(schema: Mapping[str, Any], text: str) -> Any:
    """A value that the schema allows: JSON schema or Gemini's, whose types are in capitals."""
    if choices := schema.get("enum"):
        return choices[0]
    kind = str(schema.get("type", "string")).lower()
    if kind == "object":
        return {name: _instance(part, text) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_instance(schema.get("items", {}), text)]
    return {"string": text, "integer": 1, "number": 0.5, "boolean": True}.get(kind)


def check_picture(content: bytes, param: str = "image") -> tuple[int, int]:
    """Width and height of a picture; raises BadInputError for what is none."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            return picture.size
    except (OSError, SyntaxError) as error:
        raise BadInputError("Unable to process input image.", param) from error


def from_base64(text: str, param: str) -> bytes:
    """The bytes behind a text, in either alphabet; raises BadInputError."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInputError("Base64 decoding failed.", param) from error


def picture_in(uri: str, param: str = "image") -> tuple[int, int]:
    """The size of the picture in a data URI; raises BadInputError."""
    head, _, text = uri.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise BadInputError(f"not a picture as data: {head[:40]}", param)
    return check_picture(from_base64(text, param), param)
