"""Calls of the replicate client, run in the environment of `make sdk-clients`.

python drive_replicate.py CALL URLS KEY

The last line printed is what the caller of the client got, as JSON.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import replicate
from replicate.exceptions import ModelError, ReplicateError

CALL, URLS, KEY = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
CLIENT = replicate.Client(api_token=KEY, base_url=URLS["api"])
IMAGE = {"prompt": "a cat", "aspect_ratio": "16:9"}
MODEL = "bytedance/seedream-3"
VERSION = "owner/name:" + "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"


def generation() -> Any:
    """Create, wait with the answer held open, and poll on."""
    return {"result": CLIENT.run(MODEL, input=IMAGE)}


def brief_wait() -> Any:
    """The same with the answer held for a second at most."""
    return {"result": CLIENT.run(MODEL, input=IMAGE, wait=1)}


def version() -> Any:
    """By version; the client asks for its schema too."""
    return {"result": CLIENT.run(VERSION, input=IMAGE)}


def poll() -> Any:
    """Create without waiting, and ask until it has ended."""
    prediction = CLIENT.models.predictions.create(MODEL, input=IMAGE)
    first = prediction.status
    prediction.wait()
    return {"first": first, "status": prediction.status, "output": prediction.output}


def cancel() -> Any:
    """A prediction is cancelled while it runs."""
    prediction = CLIENT.models.predictions.create(MODEL, input=IMAGE)
    prediction.cancel()
    return {"status": CLIENT.predictions.get(prediction.id).status}


def deployment() -> Any:
    """A prediction of a deployment of one's own."""
    prediction = CLIENT.deployments.predictions.create("owner/name", input=IMAGE)
    return {"status": prediction.status}


def upload() -> Any:
    """A file object as input: uploaded first, then named by its address."""
    picture = io.BytesIO(b"bytes of a picture")
    picture.name = "a.png"
    return {"result": CLIENT.run(MODEL, input={**IMAGE, "image": picture})}


def inline() -> Any:
    """The same within the request."""
    picture = io.BytesIO(b"bytes of a picture")
    picture.name = "a.png"
    given = {**IMAGE, "image": picture}
    return {"result": CLIENT.run(MODEL, input=given, file_encoding_strategy="base64")}


def refusal() -> Any:
    """What the client makes of a prediction that failed."""
    try:
        CLIENT.run(MODEL, input=IMAGE)
    except ModelError as error:
        return {"error": str(error)}
    return None


def throttled() -> Any:
    """What the client makes of a refusal."""
    try:
        CLIENT.models.predictions.create(MODEL, input=IMAGE)
    except ReplicateError as error:
        return {"status": error.status, "detail": error.detail}
    return None


print(json.dumps(globals()[CALL](), default=str))
