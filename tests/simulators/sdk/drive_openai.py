"""Calls of openai, run in the environment of `make sdk-clients`: python drive_openai.py CALL URLS KEY.

The last line printed is what the caller of the client got, as JSON. There is nothing to poll or to cancel.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from openai import APIStatusError, OpenAI

CALL, URLS, KEY = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
CLIENT = OpenAI(api_key=KEY, base_url=URLS["api"] + "/v1")
MODEL = "gpt-image-2.5-flare"
PICTURE = Path(__file__).with_name("picture.png").read_bytes()


def _seen(answer: Any) -> dict[str, Any]:
    pictures = [base64.b64decode(item.b64_json)[:4].hex() for item in answer.data]
    return {"begin": pictures, "size": answer.size, "tokens": answer.usage.total_tokens}


def generation() -> Any:
    """A picture from a prompt."""
    answer = CLIENT.images.generate(
        model=MODEL, prompt="a paper boat", n=1, size="1536x1024", quality="low", output_format="png"
    )
    return _seen(answer)


def several() -> Any:
    """Three pictures as JPEG."""
    return _seen(CLIENT.images.generate(model=MODEL, prompt="a paper boat", n=3, output_format="jpeg"))


def upload() -> Any:
    """A picture changed."""
    image = ("image_1.png", PICTURE, "image/png")
    return _seen(CLIENT.images.edit(model=MODEL, prompt="make it blue", image=image, n=1, size="1024x1024"))


def upload_several() -> Any:
    """Two pictures and a mask."""
    images = [(f"image_{number}.png", PICTURE, "image/png") for number in (1, 2)]
    mask = ("mask.png", PICTURE, "image/png")
    return _seen(CLIENT.images.edit(model=MODEL, prompt="put them together", image=images, mask=mask, n=1))


def stream() -> Any:
    """The picture as the last event of a stream."""
    events = list(CLIENT.images.generate(model=MODEL, prompt="a paper boat", stream=True, partial_images=0))
    return {
        "types": [event.type for event in events],
        "begins": base64.b64decode(events[-1].b64_json)[:4].hex(),
    }


def models() -> Any:
    """What a key can be tried on for nothing."""
    return {"names": [model.id for model in CLIENT.models.list()]}


def refused() -> Any:
    """What the client makes of an error, whichever it is; without its own repetitions."""
    try:
        CLIENT.with_options(max_retries=0).images.generate(model=MODEL, prompt="a paper boat")
    except APIStatusError as error:
        return {"status": error.status_code, "body": error.body, "request": error.request_id}
    return None


def repeated() -> Any:
    """A refusal that the client waits out, as the headers say."""
    return _seen(CLIENT.images.generate(model=MODEL, prompt="a paper boat"))


print(json.dumps(globals()[CALL](), default=str))
