"""The JSON of OpenAI's image API: what it is asked, and what it says."""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.simulators.answers import BadInputError, check_picture, tokens_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.simulators.forms import Part

_CREATED: Final = 1_790_000_000
MODELS: Final = (
    "gpt-image-1-mini",
    "gpt-image-1.5",
    "gpt-image-2",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst",
)
RETIRED: Final = words("dall-e-2 dall-e-3 gpt-image-1")
# Output tokens of a picture of 1024 x 1024, and USD a token.
_TOKENS: Final = {"low": 272, "medium": 1056, "high": 4160}
_PRICE: Final = 0.00003
_ENUMS: Final = {
    "quality": words("auto low medium high"),
    "background": words("auto transparent opaque"),
    "output_format": words("png jpeg webp"),
    "moderation": words("auto low"),
    "input_fidelity": words("low high"),
}
_GENERATE: Final = words("""
    model prompt n size quality background output_format output_compression moderation partial_images stream
    user safety_identifier""")
_EDIT: Final = _GENERATE - {"moderation"} | words("image mask input_fidelity")


@dataclass(frozen=True, slots=True)
class Order:
    """A request whose fields are all well."""

    model: str
    prompt: str
    count: int
    size: tuple[int, int]
    quality: str
    format: str
    background: str
    stream: bool = False
    pictures: int = 0

    @property
    def output_tokens(self) -> int:
        """Of one picture: by its area and quality."""
        return round(_TOKENS[self.quality] * self.size[0] * self.size[1] / 1024**2)

    @property
    def usage(self) -> dict[str, Any]:
        """Tokens of the whole answer."""
        text, pictures, out = tokens_of(self.prompt), self.pictures * 194, self.output_tokens * self.count
        return {
            "input_tokens": text + pictures,
            "output_tokens": out,
            "total_tokens": text + pictures + out,
            "input_tokens_details": {"text_tokens": text, "image_tokens": pictures},
        }

    @property
    def price(self) -> float:
        """USD."""
        return float(self.usage["total_tokens"] * _PRICE)


def ordered(body: Mapping[str, Any]) -> Order:
    """What is asked for, from JSON; raises BadInputError naming the field that is wrong."""
    return _order(body, _GENERATE, 0)


def edit_ordered(parts: Iterable[Part]) -> Order:
    """The same from a form: ``image``, or ``image[]`` for several, and a mask of the first's size."""
    given = list(parts)
    sizes: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for part in given:
        if part.file:
            sizes[part.name].append(check_picture(part.content, part.name))
    pictures = sizes["image"] + sizes["image[]"]
    if not pictures:
        raise BadInputError("Missing required parameter: 'image'.", "image")
    if sizes["mask"] not in ([], pictures[:1]):
        raise BadInputError("Invalid mask image format - mask size does not match image size", "mask")
    fields = {part.name.removesuffix("[]"): part.text for part in given if not part.file}
    return _order(fields, _EDIT, len(pictures))


def _order(body: Mapping[str, Any], known: frozenset[str], pictures: int) -> Order:
    for name in body:
        if name not in known:
            raise BadInputError(f"Unknown parameter: '{name}'.", name)
    for name, choices in _ENUMS.items():
        if body.get(name) is not None and body[name] not in choices:
            raise BadInputError(f"Invalid value: '{body[name]}'. Supported: {sorted(choices)}.", name)
    prompt, form = body.get("prompt") or "", str(body.get("output_format") or "png")
    if not 0 < len(prompt) <= 32_000:
        raise BadInputError("Invalid 'prompt': string of 1 to 32000 characters expected.", "prompt")
    count = int(body.get("n") or 1)
    if not 1 <= count <= 10:
        raise BadInputError(f"Invalid 'n': {count} is not between 1 and 10.", "n")
    if body.get("background") == "transparent" and form == "jpeg":
        raise BadInputError("Transparent background is not supported for JPEG.", "background")
    quality = str(body.get("quality") or "auto")
    return Order(
        model=str(body.get("model") or MODELS[0]),
        prompt=prompt,
        count=count,
        size=_size(str(body.get("size") or "auto")),
        quality="medium" if quality == "auto" else quality,
        format=form,
        background="transparent" if body.get("background") == "transparent" else "opaque",
        stream=str(body.get("stream")).lower() == "true",
        pictures=pictures,
    )


def _size(text: str) -> tuple[int, int]:
    """Pixels: any multiples of 16 up to 3840 x 2160 whose shape is between 1:3 and 3:1."""
    if text == "auto":
        return 1024, 1024
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    fits = max(width, height) <= 3840 and min(width, height) <= 2160
    if not (width and height and fits and width % 16 == height % 16 == 0 and 1 / 3 <= width / height <= 3):
        raise BadInputError(f"Invalid value: '{text}'. Supported: WIDTHxHEIGHT in steps of 16.", "size")
    return width, height


def made(order: Order, pictures: Iterable[bytes]) -> dict[str, Any]:
    """The answer."""
    return {
        "created": _CREATED,
        "background": order.background,
        "data": [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures],
        "output_format": order.format,
        "quality": order.quality,
        "size": f"{order.size[0]}x{order.size[1]}",
        "usage": order.usage,
    }


def streamed(content: Mapping[str, Any], kind: str, seconds: float) -> Iterator[tuple[float, bytes]]:
    """The same answer as events; ``kind``: image_generation or image_edit."""
    rest = {name: value for name, value in content.items() if name not in ("data", "created")}
    for number, item in enumerate(content["data"]):
        said = {"type": f"{kind}.completed", "created_at": content["created"], **item, **rest}
        text = f"event: {said['type']}\ndata: {json.dumps(said)}\n\n"
        yield 0.0 if number else seconds, text.encode()


def failure(message: str, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def model_facts(name: str) -> dict[str, Any]:
    """A model as the list of models shows it."""
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "system"}
