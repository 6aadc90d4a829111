"""Calls of fal-client, run in the environment of `make sdk-clients`.

python drive_fal.py CALL URLS KEY

The hosts come by FAL_RUN_HOST and FAL_QUEUE_RUN_HOST. For uploads the client knows no setting, so that its
two constants are set. The last line printed is what the caller of the client got, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import fal_client
import fal_client.client

CALL, URLS, KEY = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
fal_client.client.REST_URL = URLS["api"]
fal_client.client.CDN_URL = URLS["media"]
CLIENT = fal_client.SyncClient(key=KEY)
IMAGE = {"prompt": "a cat", "image_size": "landscape_4_3", "num_images": 1}
VIDEO = {"prompt": "a wave", "duration": "5", "image_url": "https://example.com/a.png"}
MODEL = "fal-ai/flux/schnell"
CLIP = "fal-ai/kling-video/v2.6/pro/image-to-video"


def generation() -> Any:
    """Submit, poll, and get, by the call that most people use."""
    states: list[str] = []
    result = CLIENT.subscribe(
        MODEL, IMAGE, with_logs=True, on_queue_update=lambda s: states.append(type(s).__name__)
    )
    return {"result": result, "states": states}


def video() -> Any:
    """The same of an endpoint with more than two parts."""
    return {"result": CLIENT.submit(CLIP, VIDEO).get()}


def poll() -> Any:
    """One question for the state, and what it says of the queue."""
    handle = CLIENT.submit(MODEL, IMAGE)
    state = handle.status(with_logs=True)
    return {"state": type(state).__name__, "id": handle.request_id}


def cancel() -> Any:
    """A job is cancelled while it is in the queue or runs; its result is refused then."""
    handle = CLIENT.submit(MODEL, IMAGE)
    handle.cancel()
    return {"error": refused(handle.get)}


def cancel_late() -> Any:
    """A cancel that comes after the end."""
    handle = CLIENT.submit(MODEL, IMAGE)
    handle.get()
    return {"error": refused(handle.cancel)}


def upload() -> Any:
    """The default way: a token, then the bytes."""
    return {"address": CLIENT.upload(b"bytes of a picture", "image/png", "a.png")}


def upload_initiate() -> Any:
    """The other way: an address to put the bytes to."""
    return {"address": CLIENT.upload(b"bytes of a picture", "image/png", "a.png", repository="fal")}


def direct() -> Any:
    """Without the queue."""
    return {"result": CLIENT.run(MODEL, IMAGE)}


def refusal() -> Any:
    """What the client makes of a job without a result."""
    return {"error": refused(CLIENT.submit(MODEL, IMAGE).get)}


def refused(call: Any) -> Any:
    """What the client raises."""
    try:
        call()
    except fal_client.FalClientHTTPError as error:
        return {"status": error.status_code, "message": error.message}
    return None


print(json.dumps(globals()[CALL](), default=str))
