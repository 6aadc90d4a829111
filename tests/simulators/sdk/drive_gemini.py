"""Calls of google-genai, run in the environment of `make sdk-clients`: python drive_gemini.py CALL URLS KEY.

The last line printed is what the caller of the client got, as JSON. By itself the package asks for version
v1; our adapter uses v1beta, so all but ``own_version`` do.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

from google import genai
from google.genai import errors, types

CALL, URLS, KEY = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
CLIENT = genai.Client(api_key=KEY, http_options={"base_url": URLS["api"], "api_version": "v1beta"})
TEXT_MODEL, PICTURE_MODEL = "gemini-2.5-flash-lite", "gemini-3.1-flash-image"
PICTURE = Path(__file__).with_name("picture.png").read_bytes()
# What the analysis model gemini_describe asks by itself.
DESCRIBE = "Describe this image in two to four sentences: what it shows, where, and in what mood."


def _ask(*parts: Any, client: genai.Client = CLIENT, **config: Any) -> types.GenerateContentResponse:
    settings = types.GenerateContentConfig(**config) if config else None
    return client.models.generate_content(model=TEXT_MODEL, contents=list(parts), config=settings)


def _picture() -> types.Part:
    return types.Part.from_bytes(data=PICTURE, mime_type="image/png")


def description() -> Any:
    """The default question about a picture within the request."""
    return {"text": _ask(DESCRIBE, _picture()).text}


def question() -> Any:
    """A question of one's own, with settings."""
    answer = _ask("What is in this picture?", _picture(), temperature=0.2, seed=7, max_output_tokens=300)
    return {"text": answer.text, "tokens": answer.usage_metadata.total_token_count}


def structured() -> Any:
    """JSON that fits a schema."""
    schema = {"type": "OBJECT", "properties": {"label": {"type": "STRING"}}}
    answer = _ask("Name it.", _picture(), response_mime_type="application/json", response_schema=schema)
    return json.loads(answer.text)


def own_version() -> Any:
    """The client as it is by itself: version v1."""
    plain = genai.Client(api_key=KEY, http_options={"base_url": URLS["api"]})
    return {"text": _ask("What is in this picture?", _picture(), client=plain).text}


def generation() -> Any:
    """A picture from a prompt."""
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"], image_config=types.ImageConfig(aspect_ratio="16:9"), seed=7
    )
    answer = CLIENT.models.generate_content(model=PICTURE_MODEL, contents=["a paper boat"], config=config)
    blob = answer.candidates[0].content.parts[0].inline_data
    return {"type": blob.mime_type, "begins": blob.data[:4].hex()}


def stream() -> Any:
    """The answer in pieces."""
    pieces = [
        piece.text for piece in CLIENT.models.generate_content_stream(model=TEXT_MODEL, contents=["Hi"])
    ]
    return {"pieces": len(pieces), "text": "".join(pieces)}


def upload() -> Any:
    """A picture uploaded before, and asked about."""
    file = CLIENT.files.upload(
        file=io.BytesIO(PICTURE), config={"mime_type": "image/png", "display_name": "a 1"}
    )
    answer = _ask("What is in this picture?", file)
    return {"state": file.state.name, "size": file.size_bytes, "text": answer.text}


def poll() -> Any:
    """A video is uploaded, looked after until it is ready, and deleted."""
    config = {"mime_type": "video/mp4", "display_name": "b 1"}
    file = CLIENT.files.upload(file=io.BytesIO(b"bytes of a video" * 64), config=config)
    states = [file.state.name]
    while file.state.name == "PROCESSING":
        time.sleep(0.05)
        file = CLIENT.files.get(name=file.name)
        states.append(file.state.name)
    text = _ask("What happens?", file).text
    CLIENT.files.delete(name=file.name)
    return {"first": states[0], "last": states[-1], "text": text}


def models() -> Any:
    """What a key can be tried on for nothing."""
    return {"names": [model.name for model in CLIENT.models.list()]}


def blocked() -> Any:
    """What the client makes of a prompt that is blocked."""
    answer = _ask("something")
    return {"text": answer.text, "reason": answer.prompt_feedback.block_reason.name}


def throttled() -> Any:
    """What the client makes of a refusal."""
    try:
        _ask("something")
    except errors.ClientError as error:
        return {"code": error.code, "status": error.status, "details": error.details["error"]["details"]}
    return None


def bad_key() -> Any:
    """What the client makes of a key that is none."""
    try:
        _ask("something", client=genai.Client(api_key="wrong", http_options={"base_url": URLS["api"]}))
    except errors.ClientError as error:
        return {"code": error.code, "status": error.status, "message": error.message}
    return None


print(json.dumps(globals()[CALL](), default=str))
